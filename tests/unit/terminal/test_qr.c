/* SPDX-License-Identifier: MIT */
/*
 * Proves how a QR code is drawn: the same modules in every style, surrounded by a quiet zone, no
 * wider than the terminal. That a camera can read it is shown by tests/e2e/test_qr.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/url.h"
#include "terminal/qr.h"

#define URL "https://misskey.example/auth/5b75ffe5-b877-4810-990f-01e1194ef33c"
#define VERSION_4 33 /* modules a side; level L has room for 78 bytes in it, 62 in level M */

#define SGR_BLACK_ON_WHITE "\033[38;5;16;48;5;231m"
#define SGR_ON_BLACK "\033[48;5;16m"
#define SGR_ON_WHITE "\033[48;5;231m"
#define SGR_RESET "\033[0m"

/* The drawing as modules: '#' is dark, '.' is light. */
#define SIDE_MAX (VERSION_4 + 2 * 4 + 1)
struct modules {
	char dark[SIDE_MAX][SIDE_MAX + 1];
	size_t rows;
	size_t columns;
};

static bool take(const char **text, const char *word)
{
	size_t size = strlen(word);

	if (strncmp(*text, word, size) != 0)
		return false;
	*text += size;
	return true;
}

static void add(struct modules *modules, size_t row, size_t column, bool dark)
{
	assert_true(row < SIDE_MAX && column < SIDE_MAX);
	modules->dark[row][column] = dark ? '#' : '.';
}

/* One line of half blocks; INK is what is dark, the blocks or what is left free. */
static size_t read_half_blocks(struct modules *modules, const char **text, bool ink)
{
	size_t column = 0;

	for (;; column++) {
		bool upper = false;
		bool lower = false;

		if (take(text, "█"))
			upper = lower = true;
		else if (take(text, "▀"))
			upper = true;
		else if (take(text, "▄"))
			lower = true;
		else if (!take(text, " "))
			return column;
		add(modules, modules->rows, column, upper == ink);
		add(modules, modules->rows + 1, column, lower == ink);
	}
}

static size_t read_blanks(struct modules *modules, const char **text)
{
	size_t column = 0;
	bool dark = false;

	for (;;) {
		if (take(text, SGR_ON_BLACK))
			dark = true;
		else if (take(text, SGR_ON_WHITE))
			dark = false;
		else if (take(text, "  "))
			add(modules, modules->rows, column++, dark);
		else
			return column;
	}
}

static struct modules read_drawing(const char *text, enum qr_style style)
{
	struct modules modules = {0};

	while (*text) {
		size_t columns;

		if (style == QR_STYLE_COLORS)
			assert_true(take(&text, SGR_BLACK_ON_WHITE));
		columns = style == QR_STYLE_BLANKS
				  ? read_blanks(&modules, &text)
				  : read_half_blocks(&modules, &text, style == QR_STYLE_COLORS);
		if (style != QR_STYLE_PLAIN)
			assert_true(take(&text, SGR_RESET));
		assert_true(take(&text, "\n"));
		assert_true(modules.columns == 0 || columns == modules.columns);
		modules.columns = columns;
		modules.rows += style == QR_STYLE_BLANKS ? 1 : 2;
	}
	return modules;
}

static struct modules draw(const char *text, enum qr_style style, unsigned columns)
{
	_cleanup_(buf_done) struct buf buf = {0};
	struct err_detail detail = {0};

	if (qr_append(&buf, text, style, columns, &detail) != 0)
		fail_msg("%s", detail.text);
	return read_drawing(buf_text(&buf), style);
}

/* The finder pattern with its upper left corner there (ISO/IEC 18004, 6.3.3). */
static void assert_finder(const struct modules *modules, size_t row, size_t column)
{
	static const char *const finder[] = {"#######", "#.....#", "#.###.#", "#.###.#",
					     "#.###.#", "#.....#", "#######"};

	for (size_t n = 0; n < 7; n++)
		assert_memory_equal(modules->dark[row + n] + column, finder[n], 7);
}

/* Nothing dark in the SIZE modules around; beyond the lower one is one light row with half blocks.
 */
static void assert_quiet(const struct modules *modules, size_t size)
{
	for (size_t row = 0; row < modules->rows; row++) {
		for (size_t column = 0; column < modules->columns; column++) {
			bool inside = row >= size && row < size + VERSION_4 && column >= size &&
				      column < size + VERSION_4;

			assert_true(inside || modules->dark[row][column] == '.');
		}
	}
}

static void every_style_shows_the_same_code(void **state)
{
	struct modules colors = draw(URL, QR_STYLE_COLORS, 80);
	struct modules plain = draw(URL, QR_STYLE_PLAIN, 80);
	struct modules blanks = draw(URL, QR_STYLE_BLANKS, 82);

	(void)state;
	assert_int_equal(colors.columns, VERSION_4 + 8);
	assert_int_equal(colors.rows, VERSION_4 + 8 + 1);
	assert_memory_equal(&plain, &colors, sizeof(plain));
	assert_int_equal(blanks.columns, VERSION_4 + 8);
	assert_int_equal(blanks.rows, VERSION_4 + 8);
	for (size_t row = 0; row < blanks.rows; row++)
		assert_string_equal(blanks.dark[row], colors.dark[row]);
	assert_finder(&colors, 4, 4);
	assert_finder(&colors, 4, 4 + VERSION_4 - 7);
	assert_finder(&colors, 4 + VERSION_4 - 7, 4);
	assert_quiet(&colors, 4);
}

static void a_narrow_terminal_gets_a_narrower_quiet_zone(void **state)
{
	static const struct {
		enum qr_style style;
		unsigned columns;
		size_t quiet;
	} cases[] = {
		{QR_STYLE_COLORS, VERSION_4 + 8, 4},	  {QR_STYLE_COLORS, VERSION_4 + 7, 3},
		{QR_STYLE_PLAIN, VERSION_4 + 6, 3},	  {QR_STYLE_PLAIN, VERSION_4 + 5, 2},
		{QR_STYLE_PLAIN, VERSION_4 + 4, 2},	  {QR_STYLE_BLANKS, 2 * (VERSION_4 + 8), 4},
		{QR_STYLE_BLANKS, 2 * VERSION_4 + 15, 3}, {QR_STYLE_BLANKS, 2 * (VERSION_4 + 4), 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct modules modules = draw(URL, cases[i].style, cases[i].columns);

		assert_int_equal(modules.columns, VERSION_4 + 2 * cases[i].quiet);
		assert_finder(&modules, cases[i].quiet, cases[i].quiet);
		assert_quiet(&modules, cases[i].quiet);
	}
}

static void assert_refused(const char *text, enum qr_style style, unsigned columns, int code,
			   const char *said)
{
	_cleanup_(buf_done) struct buf buf = {0};
	struct err_detail detail = {0};

	assert_int_equal(qr_append(&buf, text, style, columns, &detail), code);
	assert_int_equal(buf.size, 0);
	assert_non_null(strstr(detail.text, said));
}

static void a_terminal_that_is_too_narrow_gets_none(void **state)
{
	(void)state;
	assert_refused(URL, QR_STYLE_COLORS, 36, ERR_LIMIT, "has 36 columns, and 37 are needed");
	assert_refused(URL, QR_STYLE_PLAIN, 0, ERR_LIMIT, "has 0 columns, and 37 are needed");
	assert_refused(URL, QR_STYLE_BLANKS, 73, ERR_LIMIT, "has 73 columns, and 74 are needed");
}

static void a_text_has_a_bound(void **state)
{
	_cleanup_(buf_done) struct buf buf = {0};
	char text[URL_MAX_BYTES + 1] = "";
	struct err_detail detail;

	(void)state;
	assert_refused("", QR_STYLE_PLAIN, 80, ERR_INVALID, "empty");
	memset(text, 'x', URL_MAX_BYTES);
	assert_refused(text, QR_STYLE_PLAIN, 1000, ERR_LIMIT, "too long");
	text[URL_MAX_BYTES - 1] = '\0';
	assert_int_equal(qr_append(&buf, text, QR_STYLE_PLAIN, 1000, &detail), 0);
	assert_true(buf.size > 0);
}

static void a_failed_buffer_is_said(void **state)
{
	struct buf buf = {.error = ERR_NOMEM};
	struct err_detail detail;

	(void)state;
	assert_int_equal(qr_append(&buf, URL, QR_STYLE_PLAIN, 80, &detail), ERR_NOMEM);
}

static void the_style_fits_the_terminal(void **state)
{
	enum qr_style style = QR_STYLE_BLANKS;

	(void)state;
	assert_true(qr_style_choose(true, true, &style));
	assert_int_equal(style, QR_STYLE_COLORS);
	assert_true(qr_style_choose(true, false, &style));
	assert_int_equal(style, QR_STYLE_PLAIN);
	assert_true(qr_style_choose(false, true, &style));
	assert_int_equal(style, QR_STYLE_BLANKS);
	assert_false(qr_style_choose(false, false, &style));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_style_shows_the_same_code),
		cmocka_unit_test(a_narrow_terminal_gets_a_narrower_quiet_zone),
		cmocka_unit_test(a_terminal_that_is_too_narrow_gets_none),
		cmocka_unit_test(a_text_has_a_bound),
		cmocka_unit_test(a_failed_buffer_is_said),
		cmocka_unit_test(the_style_fits_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
