/* SPDX-License-Identifier: MIT */
#include "common/command_line.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "common/translate.h"

#define BLANKS " \t"

/* One piece of memory: the pointers, and behind them the words. The words take no more bytes than
 * TEXT: each word's NUL replaces a blank, a quote or the final NUL. */
static char **words_new(const char *text, char **ret_bytes)
{
	size_t table_bytes = (COMMAND_LINE_MAX_WORDS + 1) * sizeof(char *);
	char **words = calloc(1, table_bytes + strlen(text) + 1);

	if (words)
		*ret_bytes = (char *)words + table_bytes;
	return words;
}

/* Finds the word that begins at *TEXT, without its quotes, and moves *TEXT behind it. */
static int find_word(const char **text, const char **ret_word, size_t *ret_size,
		     struct err_detail *detail)
{
	bool quoted = **text == '"';
	const char *word = *text + quoted;
	size_t size = strcspn(word, quoted ? "\"" : "\"" BLANKS);
	const char *end = word + size;

	if (quoted && !*end)
		return text_err(detail, ERR_SYNTAX, *text,
				_("expected a closing \"; a ; after a blank begins a comment, also "
				  "between quotes"));
	end += quoted;
	if (*end && !strchr(BLANKS, *end))
		return text_err(
			detail, ERR_SYNTAX, *text,
			_("expected quotes around a whole word only, as in \"--title=a b\"; "
			  "nothing else is quoted or expanded, for there is no shell"));
	*text = end;
	*ret_word = word;
	*ret_size = size;
	return 0;
}

static int check_program(const char *program, struct err_detail *detail)
{
	if (program && program[0] == '/')
		return 0;
	return text_err(detail, ERR_INVALID, program ? program : "",
			_("expected a command that begins with an absolute path, such as "
			  "/usr/bin/env; there is no shell, so neither ~ nor PATH is looked at"));
}

int command_line_parse(const char *text, char ***ret_words, struct err_detail *detail)
{
	_cleanup_(freep) char **words = NULL;
	char *bytes = NULL;
	size_t count = 0;
	int r;

	if (strlen(text) > COMMAND_LINE_MAX_BYTES)
		return text_err(detail, ERR_LIMIT, text, _("expected at most %d bytes"),
				COMMAND_LINE_MAX_BYTES);
	words = words_new(text, &bytes);
	if (!words)
		return err_set(detail, ERR_NOMEM, _("no memory"));
	for (text += strspn(text, BLANKS); *text; text += strspn(text, BLANKS)) {
		const char *word = "";
		size_t size = 0;

		if (count == COMMAND_LINE_MAX_WORDS)
			return text_err(detail, ERR_LIMIT, text, _("expected at most %d words"),
					COMMAND_LINE_MAX_WORDS);
		r = find_word(&text, &word, &size, detail);
		if (r)
			return r;
		words[count++] = memcpy(bytes, word, size);
		bytes += size + 1;
	}
	r = check_program(words[0], detail);
	if (r)
		return r;
	*ret_words = TAKE_PTR(words);
	return 0;
}
