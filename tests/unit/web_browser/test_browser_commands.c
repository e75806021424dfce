/* SPDX-License-Identifier: MIT */
/*
 * Proves which commands open a page: what BROWSER says and in which order, where the URL goes, and
 * that only programs count that execvp() would start.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "browser_commands.h"
#include "common/buf.h"
#include "common/cleanup.h"

#define URL "http://127.0.0.1:41987/start/6f1c"

/* A directory with what is said to be there, which is also the working directory. */
static char directory[] = "/tmp/misskey-test-XXXXXX";

static void make_file(const char *name, mode_t mode)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(name, mode), 0);
}

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(chdir(directory), 0);
	make_file("one", 0700);
	make_file("two", 0700);
	make_file("text", 0600);
	assert_int_equal(mkdir("folder", 0700), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_int_equal(unlink("one") + unlink("two") + unlink("text") + rmdir("folder"), 0);
	return chdir("/") + rmdir(directory);
}

/* The commands for URL, each in angle brackets, its words separated by bars; or the error. */
static char *commands_of(const char *browser, const char *path, const char *url)
{
	_cleanup_(browser_commands_done) struct browser_commands commands = {0};
	_cleanup_(buf_done) struct buf text = {0};
	int r;

	assert_int_equal(browser ? setenv("BROWSER", browser, 1) : unsetenv("BROWSER"), 0);
	assert_int_equal(path ? setenv("PATH", path, 1) : unsetenv("PATH"), 0);
	r = browser_commands_build(url, &commands);
	if (r)
		buf_append_text(&text, err_text(r));
	for (size_t n = 0; !r && n < commands.count; n++) {
		for (size_t i = 0; commands.words[n][i]; i++)
			buf_append_format(&text, "%c%s", i == 0 ? '<' : '|', commands.words[n][i]);
		buf_append_char(&text, '>');
	}
	return buf_take(&text);
}

static void expect(const char *browser, const char *path, const char *wanted)
{
	_cleanup_(freep) char *commands = commands_of(browser, path, URL);

	assert_string_equal(commands, wanted);
}

static void the_url_goes_where_the_command_wants_it(void **state)
{
	(void)state;
	expect("one", directory, "<one|" URL ">");
	expect("one --new-window", directory, "<one|--new-window|" URL ">");
	expect(" \t one\n", directory, "<one|" URL ">");
	expect("one %s --kiosk", directory, "<one|" URL "|--kiosk>");
	expect("one --app=%s", directory, "<one|--app=" URL ">");
	expect("one %s %s", directory, "<one|" URL "|" URL ">");
	expect("one %%s %", directory, "<one|%s|%|" URL ">");
	expect("one a%cb %x", directory, "<one|a:b|%x|" URL ">");
}

/* There is no shell, but quotes keep a word together. */
static void quotes_keep_blanks_and_colons(void **state)
{
	(void)state;
	expect("one $(two);two", directory, "<one|$(two);two|" URL ">");
	expect("one 'a b' \"c:d\"", directory, "<one|a b|c:d|" URL ">");
	expect("one a' 'b\"'\" ''", directory, "<one|a b'||" URL ">");
	expect("'one' \"--to=%s x\":two", directory, "<one|--to=" URL " x><two|" URL ">");
	expect("one 'never closed:two", directory, "<one|never closed:two|" URL ">");
}

static void a_path_may_have_blanks(void **state)
{
	_cleanup_(buf_done) struct buf browser = {0};
	_cleanup_(buf_done) struct buf wanted = {0};

	(void)state;
	make_file("fire fox", 0700);
	buf_append_format(&browser, " %s/fire fox :two", directory);
	buf_append_format(&wanted, "<%s/fire fox|" URL "><two|" URL ">", directory);
	expect(buf_text(&browser), directory, buf_text(&wanted));
	expect("'fire fox' -x", directory, "<fire fox|-x|" URL ">");
	expect("\"./fire fox\" %s -x", directory, "<./fire fox|" URL "|-x>");
	assert_int_equal(unlink("fire fox"), 0);
}

static void expect_missing(const char *browser, const char *wanted)
{
	_cleanup_(browser_commands_done) struct browser_commands commands = {0};
	int r;

	assert_int_equal(setenv("BROWSER", browser, 1) + setenv("PATH", directory, 1), 0);
	r = browser_commands_build(URL, &commands);
	assert_int_equal(r, commands.count > 0 ? 0 : ERR_NOT_FOUND);
	assert_string_equal(buf_text(&commands.missing), wanted);
}

static void what_names_no_program_is_known(void **state)
{
	(void)state;
	expect_missing("one:none", "");
	expect_missing("none --new %s:./text::'no ne':one:last", "none, ./text, no ne");
	expect_missing("%s", "%s");
	expect_missing("", "");
}

static void a_text_browser_is_no_wish(void **state)
{
	(void)state;
	assert_int_equal(setenv("PATH", directory, 1), 0);
	make_file("w3m", 0700);
	assert_int_equal(setenv("BROWSER", "one", 1), 0);
	assert_true(browser_commands_are_wished());
	assert_int_equal(setenv("BROWSER", "none:w3m %s", 1), 0);
	assert_false(browser_commands_are_wished());
	assert_int_equal(setenv("BROWSER", "./w3m", 1), 0);
	assert_false(browser_commands_are_wished());
	assert_int_equal(setenv("BROWSER", "none", 1), 0);
	assert_false(browser_commands_are_wished());
	assert_int_equal(unsetenv("BROWSER"), 0);
	assert_false(browser_commands_are_wished());
	assert_int_equal(unlink("w3m"), 0);
}

static void commands_are_tried_in_order(void **state)
{
	(void)state;
	expect("two:one:two %s x", directory, "<two|" URL "><one|" URL "><two|" URL "|x>");
	expect(":: one::", directory, "<one|" URL ">");
	make_file("sensible-browser", 0700);
	make_file("xdg-open", 0700);
	make_file("wslview", 0700);
	expect("one", directory,
	       "<one|" URL "><xdg-open|" URL "><wslview|" URL "><sensible-browser|" URL ">");
	expect(NULL, directory, "<xdg-open|" URL "><wslview|" URL "><sensible-browser|" URL ">");
	assert_int_equal(unlink("sensible-browser") + unlink("xdg-open") + unlink("wslview"), 0);
	expect(NULL, directory, err_text(ERR_NOT_FOUND));
}

static void what_cannot_be_started_is_left_out(void **state)
{
	_cleanup_(freep) char *commands = NULL;

	(void)state;
	expect("none:text:folder:one", directory, "<one|" URL ">");
	expect("./none:./text:./folder:/:./one", directory, "<./one|" URL ">");
	expect("%s", directory, err_text(ERR_NOT_FOUND));
	expect("one", "/nonexistent", err_text(ERR_NOT_FOUND));
	/* As execvp() has it: the working directory, and what there is without PATH. */
	expect("one", "/nonexistent::/", "<one|" URL ">");
	commands = commands_of("sh -x", NULL, URL);
	assert_non_null(strstr(commands, "<sh|-x|" URL ">"));
}

static void there_are_bounds(void **state)
{
	char words[2 * BROWSER_WORDS_MAX + 1] = "";
	_cleanup_(freep) char *commands = NULL;
	_cleanup_(buf_done) struct buf list = {0};
	size_t count = 0;

	(void)state;
	memset(words, ' ', sizeof(words) - 1);
	for (size_t n = 0; n < BROWSER_WORDS_MAX - 1; n++)
		words[2 * n] = 'a';
	expect(words, directory, err_text(ERR_NOT_FOUND));
	words[2 * (BROWSER_WORDS_MAX - 1)] = 'a';
	expect(words, directory, err_text(ERR_LIMIT));

	make_file("xdg-open", 0700);
	for (size_t n = 0; n < 2 * BROWSER_COMMANDS_MAX; n++)
		buf_append_text(&list, "one:");
	commands = commands_of(buf_text(&list), directory, URL);
	for (const char *at = commands; (at = strchr(at, '<')); at++)
		count++;
	/* There is always room for the four that are tried at last. */
	assert_int_equal(count, BROWSER_COMMANDS_MAX - 4 + 1);
	assert_non_null(strstr(commands, "><xdg-open|"));
	assert_int_equal(unlink("xdg-open"), 0);
}

/* As `doctor` asks which command it would be. */
static void the_url_may_be_empty(void **state)
{
	_cleanup_(freep) char *commands = commands_of("one %s -n", directory, "");

	(void)state;
	assert_string_equal(commands, "<one||-n>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_url_goes_where_the_command_wants_it),
		cmocka_unit_test(quotes_keep_blanks_and_colons),
		cmocka_unit_test(a_path_may_have_blanks),
		cmocka_unit_test(what_names_no_program_is_known),
		cmocka_unit_test(a_text_browser_is_no_wish),
		cmocka_unit_test(commands_are_tried_in_order),
		cmocka_unit_test(what_cannot_be_started_is_left_out),
		cmocka_unit_test(there_are_bounds),
		cmocka_unit_test(the_url_may_be_empty),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
