/* SPDX-License-Identifier: MIT */
/* Proves that hostile text is shown harmlessly, and that times and durations are read and written
 * exactly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BAD "\xEF\xBF\xBD"

static void terminals_are_protected(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{"", ""},
		{"plain ミスキー 🍣", "plain ミスキー 🍣"},
		{"\x1b[31m\a\n\t", "\\x1b[31m\\x07\\x0a\\x09"},
		{"\x7f", "\\x7f"},
		{"\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\\u{0080}\\u{009b}\\u{009f}\xc2\xa0"},
		{"\u200b\u200c\u200d\u200e\u200f", "\\u{200b}\\u{200c}\\u{200d}\\u{200e}\\u{200f}"},
		{"\u202a\u202b\u202c\u202d\u202e", "\\u{202a}\\u{202b}\\u{202c}\\u{202d}\\u{202e}"},
		{"\u2066\u2067\u2068\u2069", "\\u{2066}\\u{2067}\\u{2068}\\u{2069}"},
		{"\u2060\ufeff\u2028\u2029\u061c", "\\u{2060}\\u{feff}\\u{2028}\\u{2029}\\u{061c}"},
		{"\u200a\u2010\u2027\u202f\u205f\u2070", "\u200a\u2010\u2027\u202f\u205f\u2070"},
		{"a\xff\xfe", "a\\xff\\xfe"},
		{"\xc3", "\\xc3"},
		{"\xe3\x81", "\\xe3\\x81"},
		{"\xc0\x80\xc1\xbf", "\\xc0\\x80\\xc1\\xbf"},
		{"\xe0\x9f\xbf", "\\xe0\\x9f\\xbf"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
		{"\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf"},
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
		{"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		_cleanup_(buf_done) struct buf buf = {0};

		text_append_printable(&buf, cases[i].text, 100);
		assert_string_equal(buf_text(&buf), cases[i].shown);
	}
}

static void pages_are_protected(void **state)
{
	_cleanup_(buf_done) struct buf buf = {0};

	(void)state;
	text_append_html(&buf, "<a href=\"x\" id='y'>&amp;", 100);
	assert_string_equal(buf_text(&buf), "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;");
	buf_done(&buf);
	text_append_html(&buf, "é\x01\n\xff\u202e\u200b\xc2\x85z", 100);
	assert_string_equal(buf_text(&buf), "é" BAD BAD BAD BAD BAD BAD "z");
}

static void shells_are_protected(void **state)
{
	_cleanup_(buf_done) struct buf buf = {0};

	(void)state;
	text_append_quoted(&buf, "");
	text_append_quoted(&buf, "/a b/$HOME/`x`\\\"");
	text_append_quoted(&buf, "it's ''");
	assert_string_equal(buf_text(&buf), "'''/a b/$HOME/`x`\\\"''it'\\''s '\\'''\\'''");
}

static void long_texts_are_cut(void **state)
{
	_cleanup_(buf_done) struct buf buf = {0};

	(void)state;
	text_append_printable(&buf, "ああa", 3);
	assert_string_equal(buf_text(&buf), "ああa");
	text_append_printable(&buf, "|ああa", 3);
	assert_string_equal(buf_text(&buf), "ああa|ああ…");
	buf_done(&buf);
	text_append_html(&buf, "<<<", 2);
	assert_string_equal(buf_text(&buf), "&lt;&lt;…");
	buf_done(&buf);
	text_append_html(&buf, "x", 0);
	assert_string_equal(buf_text(&buf), "…");
}

static void errors_quote_harmlessly(void **state)
{
	struct err_detail detail;
	char found[200];

	(void)state;
	assert_int_equal(text_err(&detail, ERR_LIMIT, "a\x1b%s", "expected %d", 5), ERR_LIMIT);
	assert_string_equal(detail.text, "`a\\x1b%s`: expected 5");
	assert_int_equal(text_err(NULL, ERR_LIMIT, "a", "b"), ERR_LIMIT);
	memset(found, 'x', sizeof(found));
	found[sizeof(found) - 1] = '\0';
	(void)text_err(&detail, ERR_LIMIT, found, "expected less");
	assert_int_equal(strlen(detail.text), TEXT_FOUND_CHARS + strlen("`…`: expected less"));
}

static void plain_text_is_recognized(void **state)
{
	(void)state;
	assert_true(text_is_plain(""));
	assert_true(text_is_plain("é 🍣 👩\u200d💻"));
	assert_false(text_is_plain("a\nb"));
	assert_false(text_is_plain("a\tb"));
	assert_false(text_is_plain("a\x7f"));
	assert_false(text_is_plain("a\xc2\x80"));
	assert_false(text_is_plain("a\xff"));
	assert_false(text_is_plain("a\xe3\x81"));
}

static void durations_are_read(void **state)
{
	static const struct {
		const char *text;
		int code;
		int64_t seconds;
	} cases[] = {
		{"90", 0, 90},
		{"90s", 0, 90},
		{"15m", 0, 900},
		{"1h", 0, 3600},
		{"2d", 0, 172800},
		{"60", 0, 60},
		{"59", ERR_INVALID, 0},
		{"0", ERR_INVALID, 0},
		{"7d", 0, 604800},
		{"604801", ERR_INVALID, 0},
		{"99999999999999999999", ERR_INVALID, 0},
		{"18446744073709551676", ERR_INVALID, 0},
		{"9223372036854775807d", ERR_INVALID, 0},
		{"", ERR_SYNTAX, 0},
		{"m", ERR_SYNTAX, 0},
		{"-90", ERR_SYNTAX, 0},
		{"+90", ERR_SYNTAX, 0},
		{"1.5h", ERR_SYNTAX, 0},
		{"90 s", ERR_SYNTAX, 0},
		{" 90", ERR_SYNTAX, 0},
		{"90S", ERR_SYNTAX, 0},
		{"90sec", ERR_SYNTAX, 0},
		{"1w", ERR_SYNTAX, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err_detail detail = {0};
		int64_t seconds = -1;

		assert_int_equal(text_duration(cases[i].text, 60, 604800, &seconds, &detail),
				 cases[i].code);
		assert_int_equal(seconds, cases[i].code ? -1 : cases[i].seconds);
		if (cases[i].code)
			assert_non_null(strstr(detail.text, "expected a time from 1m to 7d"));
	}
}

static void times_are_written_and_read(void **state)
{
	static const struct {
		int64_t unix_s;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00Z"},
		{-1, "1969-12-31T23:59:59Z"},
		{1795348800, "2026-11-22T12:00:00Z"},
		{951782400, "2000-02-29T00:00:00Z"},
		{INT64_C(253402300799), "9999-12-31T23:59:59Z"},
		{INT64_C(-62167219200), "0000-01-01T00:00:00Z"},
	};
	char text[TEXT_TIME_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t unix_s = 1;

		text_time(cases[i].unix_s, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(text_time_parse(cases[i].text, &unix_s), 0);
		assert_int_equal(unix_s, cases[i].unix_s);
	}
	text_time(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
	text_time(INT64_MIN, text);
	assert_string_equal(text, "0000-01-01T00:00:00Z");
}

static void other_times_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"2026-11-22",
		"2026-11-22T12:00:00",
		"2026-11-22T12:00:00z",
		"2026-11-22 12:00:00Z",
		"2026-11-22T12:00:00Z ",
		"2026-11-22T12:00:00+00:00",
		"2026-11-22T12:00:00.0Z",
		"2026-02-29T12:00:00Z",
		"2026-13-01T12:00:00Z",
		"2026-00-01T12:00:00Z",
		"2026-11-00T12:00:00Z",
		"2026-11-22T24:00:00Z",
		"2026-11-22T12:60:00Z",
		"2026-12-31T23:59:60Z",
		"-026-11-22T12:00:00Z",
		"9999-99-99T99:99:99Z",
	};
	int64_t unix_s = 7;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (text_time_parse(bad[i], &unix_s) != ERR_SYNTAX)
			fail_msg("%s was taken", bad[i]);
	}
	assert_int_equal(unix_s, 7);
}

static void near_words_are_found(void **state)
{
	static const char *const words[] = {"server", "permission", "user", "name", "description"};
	static const struct {
		const char *word, *nearest;
	} cases[] = {
		{"sever", "server"},
		{"servre", "server"},
		{"Server", "server"},
		{"SERVER", "server"},
		{"usr", "user"},
		{"nmae", "name"},
		{"nam", "name"},
		{"nn", NULL},
		{"", NULL},
		{"permision", "permission"},
		{"permissions", "permission"},
		{"xyz", NULL},
		{"desc", NULL},
		{"discreption", "description"},
	};
	char longest[66];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *nearest = text_nearest(cases[i].word, words, COUNT(words));

		if (!cases[i].nearest)
			assert_null(nearest);
		else if (!nearest)
			fail_msg("nothing for %s", cases[i].word);
		else
			assert_string_equal(nearest, cases[i].nearest);
	}
	assert_null(text_nearest("server", words, 0));
	memset(longest, 'a', sizeof(longest));
	longest[65] = '\0';
	assert_null(text_nearest(longest, (const char *const[]){longest}, 1));
	assert_null(text_nearest("aaaa", (const char *const[]){longest}, 1));
	longest[64] = '\0';
	assert_non_null(text_nearest(longest, (const char *const[]){longest}, 1));
}

static void wide_characters_take_two_columns(void **state)
{
	static const struct {
		const char *text;
		size_t columns, chars;
	} cases[] = {
		{"", 5, 0},	 {"abc", 5, 3},	  {"abc", 2, 2},
		{"abc", 0, 0},	 {"ああa", 5, 3}, {"ああa", 4, 2},
		{"ああa", 3, 1}, {"aああ", 4, 2}, {"漢字。한글", 10, 5},
		{"ｱ…é", 3, 3},	 {"ＡＢ", 3, 1},  {"\xff\xfe", 2, 2},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(text_chars_that_fit(cases[i].text, cases[i].columns),
				 cases[i].chars);
}

static void clauses_become_sentences(void **state)
{
	static const struct {
		const char *clause, *sentence;
	} cases[] = {
		{"", ""},
		{"It failed", "It failed."},
		{"It failed (again)", "It failed (again)."},
		{"It failed.", "It failed."},
		{"Did you mean it?", "Did you mean it?"},
		{"Type: chmod 600 '/x'", "Type: chmod 600 '/x'"},
		{"a\nb", "a\\x0ab."},
		{"Log in with: misskey-authctl login me", "Log in with: misskey-authctl login me"},
		{"One: misskey-authctl a. Two: misskey-authctl login x --replace",
		 "One: misskey-authctl a. Two: misskey-authctl login x --replace"},
		{"To start it: systemctl --user start misskey-authd",
		 "To start it: systemctl --user start misskey-authd"},
		{"Run: misskey-authctl reload; then try again",
		 "Run: misskey-authctl reload; then try again."},
		{"See: misskey-authctl list. Then wait", "See: misskey-authctl list. Then wait."},
		{"Restart it: systemctl --user restart misskey-authd (without systemd: end it)",
		 "Restart it: systemctl --user restart misskey-authd (without systemd: end it)."},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		_cleanup_(buf_done) struct buf buf = {0};

		text_append_sentence(&buf, cases[i].clause);
		assert_string_equal(buf_text(&buf), cases[i].sentence);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terminals_are_protected),
		cmocka_unit_test(pages_are_protected),
		cmocka_unit_test(shells_are_protected),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(wide_characters_take_two_columns),
		cmocka_unit_test(clauses_become_sentences),
		cmocka_unit_test(errors_quote_harmlessly),
		cmocka_unit_test(plain_text_is_recognized),
		cmocka_unit_test(durations_are_read),
		cmocka_unit_test(times_are_written_and_read),
		cmocka_unit_test(other_times_are_refused),
		cmocka_unit_test(near_words_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
