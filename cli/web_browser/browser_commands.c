/* SPDX-License-Identifier: MIT */
#include "browser_commands.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"

static const char *const fallbacks[] = {"xdg-open", "sensible-browser", "x-www-browser"};
#define FALLBACK_COUNT (sizeof(fallbacks) / sizeof(fallbacks[0]))

void browser_commands_done(struct browser_commands *commands)
{
	for (size_t i = 0; i < BROWSER_COMMANDS_MAX; i++)
		for (size_t j = 0; j <= BROWSER_WORDS_MAX; j++)
			free(commands->words[i][j]);
}

/* WORD with %s replaced by URL; *ret_used is set if there was one. NULL without memory. */
static char *expand(const char *word, const char *url, bool *ret_used)
{
	_cleanup_(buf_done) struct buf text = {0};

	for (; *word; word++) {
		if (word[0] == '%' && word[1] == 's') {
			buf_append_text(&text, url);
			*ret_used = true;
		} else if (word[0] == '%' && (word[1] == 'c' || word[1] == '%')) {
			buf_append_char(&text, word[1] == 'c' ? ':' : '%');
		} else {
			buf_append_char(&text, word[0]);
			continue;
		}
		word++;
	}
	return buf_take(&text);
}

static bool is_program(const char *file)
{
	struct stat status;

	return stat(file, &status) == 0 && S_ISREG(status.st_mode) && access(file, X_OK) == 0;
}

/* As execvp() looks for it. */
static bool can_be_found(const char *command)
{
	const char *path = getenv("PATH");

	if (strchr(command, '/'))
		return is_program(command);
	for (const char *at = path ? path : "/bin:/usr/bin"; at;
	     at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
		_cleanup_(buf_done) struct buf file = {0};
		size_t size = strcspn(at, ":");

		/* An empty entry means the working directory. */
		buf_append(&file, size > 0 ? at : ".", size > 0 ? size : 1);
		buf_append_format(&file, "/%s", command);
		if (buf_error(&file) == 0 && is_program(buf_text(&file)))
			return true;
	}
	return false;
}

static void words_done(char **words)
{
	for (size_t i = 0; words[i]; i++) {
		free(words[i]);
		words[i] = NULL;
	}
}

/* Splits COMMAND (which is written to) at blanks and adds it, if there is such a program. */
static int add_command(struct browser_commands *commands, char *command, const char *url)
{
	char **words = commands->words[commands->count];
	bool used = false;
	char *rest = NULL;
	size_t count = 0;

	for (char *word = strtok_r(command, " \t\n", &rest); word;
	     word = strtok_r(NULL, " \t\n", &rest)) {
		if (count == BROWSER_WORDS_MAX - 1)
			return ERR_LIMIT;
		words[count] = expand(word, url, &used);
		if (!words[count++])
			return ERR_NOMEM;
	}
	if (count == 0)
		return 0;
	if (!used) {
		words[count] = strdup(url);
		if (!words[count])
			return ERR_NOMEM;
	}
	if (can_be_found(words[0]))
		commands->count++;
	else
		words_done(words);
	return 0;
}

int browser_commands_build(const char *url, struct browser_commands *ret_commands)
{
	const char *list = getenv("BROWSER");
	_cleanup_(freep) char *copy = strdup(list ? list : "");
	char *rest = copy;
	char *command;

	if (!copy)
		return ERR_NOMEM;
	while ((command = strsep(&rest, ":")) &&
	       ret_commands->count < BROWSER_COMMANDS_MAX - FALLBACK_COUNT) {
		int r = add_command(ret_commands, command, url);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < FALLBACK_COUNT; i++) {
		char name[32];
		int r;

		strcpy(name, fallbacks[i]);
		r = add_command(ret_commands, name, url);
		if (r < 0)
			return r;
	}
	return ret_commands->count > 0 ? 0 : ERR_NOT_FOUND;
}
