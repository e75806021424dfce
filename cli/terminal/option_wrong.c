/* SPDX-License-Identifier: MIT */
#include "terminal/option_wrong.h"

#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "common/translate.h"
#include "terminal/terminal.h"

/* No program has more. */
#define OPTIONS_MAX 32

/* WORD is the argument at which getopt_long() stopped. */
static void say_unknown(const char *program, const struct option *options, const char *word)
{
	_cleanup_(freep) char *name = strndup(word, strcspn(word, "="));
	const char *names[OPTIONS_MAX];
	const char *nearest = NULL;
	size_t count = 0;

	for (; count < OPTIONS_MAX && options[count].name; count++)
		names[count] = options[count].name;
	if (name && strncmp(name, "--", 2) == 0)
		nearest = text_nearest(name + 2, names, count);
	if (nearest)
		terminal_message(_("%s: There is no option %s; did you mean --%s?"), program, name,
				 nearest);
	else
		terminal_message(_("%s: There is no option %s."), program, name ? name : word);
}

void option_wrong(const char *program, const struct option *options, int found, char *const *argv)
{
	/* optopt tells which option it was, if it is one. */
	char letter[] = {'-', (char)optopt, '\0'};

	for (const struct option *option = options; option->name; option++) {
		if (option->val != optopt)
			continue;
		terminal_message(found == ':' ? _("%s: --%s needs a value.")
					      : _("%s: --%s takes no value."),
				 program, option->name);
		return;
	}
	say_unknown(program, options, optopt ? letter : argv[optind - 1]);
}
