/* SPDX-License-Identifier: MIT */
/* Proves that a command line is split at blanks and double quotes and by nothing else, and that
 * what cannot be meant is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/command_line.h"

static void assert_words(const char *text, const char *const *expected)
{
	_cleanup_(freep) char **words = NULL;
	struct err_detail detail = {0};
	size_t n;

	if (command_line_parse(text, &words, &detail))
		fail_msg("%s: %s", text, detail.text);
	for (n = 0; words[n] && expected[n]; n++)
		assert_string_equal(words[n], expected[n]);
	assert_ptr_equal(words[n], expected[n]); /* both NULL */
}

static void blanks_and_quotes_make_words(void **state)
{
	(void)state;
	assert_words("/a", (const char *[]){"/a", NULL});
	assert_words("  /a\tb   c ", (const char *[]){"/a", "b", "c", NULL});
	assert_words("/a \"b  c\" d", (const char *[]){"/a", "b  c", "d", NULL});
	assert_words("\"/a b\" \"\"", (const char *[]){"/a b", "", NULL});
	assert_words("/a \"\" \"\"", (const char *[]){"/a", "", "", NULL});
	assert_words("/a \"x\ty\"", (const char *[]){"/a", "x\ty", NULL});
}

static void nothing_else_means_anything(void **state)
{
	(void)state;
	assert_words("/a $HOME ~ *.c `id` $(id) 'b c' d\\ e; | > & # %h",
		     (const char *[]){"/a", "$HOME", "~", "*.c", "`id`", "$(id)", "'b", "c'", "d\\",
				      "e;", "|", ">", "&", "#", "%h", NULL});
	assert_words("/a \"$HOME\\\" あ", (const char *[]){"/a", "$HOME\\", "あ", NULL});
}

static void assert_refused(const char *text, int code, const char *said)
{
	struct err_detail detail = {0};
	char **words = NULL;
	int r = command_line_parse(text, &words, &detail);

	if (r != code || !strstr(detail.text, said))
		fail_msg("%.60s: %d, %s", text, r, detail.text);
	assert_null(words);
}

static void mistakes_are_named(void **state)
{
	(void)state;
	assert_refused("", ERR_INVALID, "``: expected a command");
	assert_refused("   ", ERR_INVALID, "absolute path");
	assert_refused("\"\"", ERR_INVALID, "absolute path");
	assert_refused("ls /", ERR_INVALID, "`ls`: expected a command that begins with");
	assert_refused("./ls", ERR_INVALID, "absolute path");
	assert_refused("~/ls", ERR_INVALID, "neither ~ nor PATH");
	assert_refused("A=b /bin/ls", ERR_INVALID, "absolute path");
	assert_refused("/a \"b", ERR_SYNTAX, "`\"b`: expected a closing \"");
	assert_refused("/a \"", ERR_SYNTAX, "a ; after a blank begins a comment");
	assert_refused("/a b\"c\"", ERR_SYNTAX, "`b\"c\"`: expected quotes around a whole word");
	assert_refused("/a \"b\"c", ERR_SYNTAX, "there is no shell");
	assert_refused("/a \"b\"\"c\"", ERR_SYNTAX, "there is no shell");
	assert_refused("/a b\"", ERR_SYNTAX, "there is no shell");
}

static void lengths_are_limited(void **state)
{
	_cleanup_(buf_done) struct buf text = {0};
	_cleanup_(freep) char **words = NULL;

	(void)state;
	buf_append_text(&text, "/a");
	for (size_t n = 1; n < COMMAND_LINE_MAX_WORDS; n++)
		buf_append_text(&text, " b");
	assert_int_equal(command_line_parse(buf_text(&text), &words, NULL), 0);
	assert_string_equal(words[COMMAND_LINE_MAX_WORDS - 1], "b");
	assert_null(words[COMMAND_LINE_MAX_WORDS]);
	buf_append_text(&text, " ");
	free(TAKE_PTR(words));
	assert_int_equal(command_line_parse(buf_text(&text), &words, NULL), 0);
	buf_append_text(&text, "c");
	assert_refused(buf_text(&text), ERR_LIMIT, "`c`: expected at most 32 words");

	buf_done(&text);
	buf_append_char(&text, '/');
	while (text.size < COMMAND_LINE_MAX_BYTES)
		buf_append_char(&text, 'a');
	free(TAKE_PTR(words));
	assert_int_equal(command_line_parse(buf_text(&text), &words, NULL), 0);
	assert_string_equal(words[0], buf_text(&text));
	buf_append_char(&text, 'a');
	assert_refused(buf_text(&text), ERR_LIMIT, "at most 4096 bytes");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(blanks_and_quotes_make_words),
		cmocka_unit_test(nothing_else_means_anything),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(lengths_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
