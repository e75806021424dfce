/* SPDX-License-Identifier: MIT */
#include "common/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ascii.h"
#include "common/cleanup.h"
#include "common/number.h"
#include "common/translate.h"
#include "utf8.h"

#define MINUTE_S 60
#define HOUR_S (60 * MINUTE_S)
#define DAY_S (24 * HOUR_S)

/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z */
#define TIME_FIRST_S INT64_C(-62167219200)
#define TIME_LAST_S INT64_C(253402300799)

/* A longer word than any of ours cannot be a misspelt one. */
#define NEAREST_WORD_BYTES 64
#define NEAREST_MAX_EDITS 3

size_t utf8_read(const char *text, size_t size, uint32_t *ret_char)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = (unsigned char)text[0];
	uint32_t value;
	size_t bytes;

	if (first < 0x80) {
		*ret_char = first;
		return 1;
	}
	if (first < 0xC2 || first > 0xF4)
		return 0;
	bytes = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
	value = first & (0x7FU >> bytes);
	for (size_t i = 1; i < bytes; i++) {
		if (i == size || ((unsigned char)text[i] & 0xC0) != 0x80)
			return 0;
		value = value << 6 | ((unsigned char)text[i] & 0x3F);
	}
	if (value < smallest[bytes] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
		return 0;
	*ret_char = value;
	return bytes;
}

static bool char_is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

/* Characters that cannot be seen, or that change the order in which others are seen (Unicode
 * TR 36), so that a text could pass for another. */
static bool char_is_deceptive(uint32_t c)
{
	return c == 0x061C || /* Arabic letter mark */
	       (c >= 0x200B &&
		c <= 0x200F) || /* zero width, left-to-right and right-to-left marks */
	       (c >= 0x2028 && c <= 0x202E) || /* separators, embeddings and overrides */
	       (c >= 0x2060 && c <= 0x206F) || /* word joiner, isolates, invisible operators */
	       c == 0xFEFF;		       /* byte order mark */
}

/* How one character is shown: C is what it is, BYTES of SIZE how it is written. A byte that is not
 * UTF-8 comes with C as the byte and VALID false. */
typedef void (*show_function)(struct buf *buf, const char *bytes, size_t size, uint32_t c,
			      bool valid);

static void show_printable(struct buf *buf, const char *bytes, size_t size, uint32_t c, bool valid)
{
	if (!valid || (c < 0x80 && char_is_control(c)))
		buf_append_format(buf, "\\x%02x", (unsigned)c);
	else if (char_is_control(c) || char_is_deceptive(c))
		buf_append_format(buf, "\\u{%04x}", (unsigned)c);
	else
		buf_append(buf, bytes, size);
}

static void show_html(struct buf *buf, const char *bytes, size_t size, uint32_t c, bool valid)
{
	if (!valid || char_is_control(c) || char_is_deceptive(c))
		buf_append_text(buf, "\xEF\xBF\xBD"); /* U+FFFD */
	else if (c == '&')
		buf_append_text(buf, "&amp;");
	else if (c == '<')
		buf_append_text(buf, "&lt;");
	else if (c == '>')
		buf_append_text(buf, "&gt;");
	else if (c == '"')
		buf_append_text(buf, "&quot;");
	else if (c == '\'')
		buf_append_text(buf, "&#39;");
	else
		buf_append(buf, bytes, size);
}

static void append_shown(struct buf *buf, const char *text, size_t max_chars, show_function show)
{
	for (size_t chars = 0; *text; chars++) {
		uint32_t c = (unsigned char)*text;
		size_t size = utf8_read(text, SIZE_MAX, &c);

		if (chars == max_chars) {
			buf_append_text(buf, "…");
			return;
		}
		show(buf, text, size, c, size > 0);
		text += size > 0 ? size : 1;
	}
}

/* East Asian Width W and F (UAX #11), by their large blocks. */
static bool char_is_wide(uint32_t c)
{
	return (c >= 0x1100 && c <= 0x115F) ||	 /* Hangul Jamo */
	       (c >= 0x2E80 && c <= 0xA4CF) ||	 /* CJK, kana, Yi */
	       (c >= 0xAC00 && c <= 0xD7A3) ||	 /* Hangul */
	       (c >= 0xF900 && c <= 0xFAFF) ||	 /* CJK compatibility */
	       (c >= 0xFE30 && c <= 0xFE6F) ||	 /* their forms */
	       (c >= 0xFF01 && c <= 0xFF60) ||	 /* fullwidth */
	       (c >= 0xFFE0 && c <= 0xFFE6) ||	 /* fullwidth signs */
	       (c >= 0x1F300 && c <= 0x1FAFF) || /* pictures */
	       (c >= 0x20000 && c <= 0x3FFFD);	 /* CJK */
}

/* Goes on to the next character of *TEXT; returns the columns that this one takes. */
static size_t pass_char(const char **text)
{
	uint32_t c = (unsigned char)**text;
	size_t size = utf8_read(*text, SIZE_MAX, &c);

	*text += size > 0 ? size : 1;
	return size > 0 && char_is_wide(c) ? 2 : 1;
}

size_t text_chars(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xC0) != 0x80;
	return count;
}

size_t text_columns(const char *text)
{
	size_t columns = 0;

	while (*text)
		columns += pass_char(&text);
	return columns;
}

size_t text_chars_that_fit(const char *text, size_t columns)
{
	size_t chars = 0;

	for (; *text; chars++) {
		size_t width = pass_char(&text);

		if (width > columns)
			break;
		columns -= width;
	}
	return chars;
}

void text_append_printable(struct buf *buf, const char *text, size_t max_chars)
{
	append_shown(buf, text, max_chars, show_printable);
}

void text_append_html(struct buf *buf, const char *text, size_t max_chars)
{
	append_shown(buf, text, max_chars, show_html);
}

void text_append_quoted(struct buf *buf, const char *text)
{
	buf_append_char(buf, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			buf_append_text(buf, "'\\''");
		else
			buf_append_char(buf, *text);
	}
	buf_append_char(buf, '\'');
}

/* Whether CLAUSE ends with a command to copy, which a full stop would be taken for a part of. */
static bool ends_with_command(const char *clause)
{
	static const char *const begins[] = {": misskey-", ": systemctl "};

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		const char *last = NULL;

		for (const char *c = clause; (c = strstr(c, begins[i])); c++)
			last = c;
		if (last && !strpbrk(last, ";,()") && !strstr(last, ". "))
			return true;
	}
	return false;
}

void text_append_sentence(struct buf *buf, const char *clause)
{
	size_t size = strlen(clause);

	text_append_printable(buf, clause, ERR_DETAIL_BYTES);
	if (size > 0 && !strchr(".?!'", clause[size - 1]) && !ends_with_command(clause))
		buf_append_char(buf, '.');
}

int text_err(struct err_detail *detail, int code, const char *found, const char *format, ...)
{
	_cleanup_(buf_done) struct buf shown = {0};
	char expected[ERR_DETAIL_BYTES];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(expected, sizeof(expected), format, arguments);
	va_end(arguments);

	text_append_printable(&shown, found, TEXT_FOUND_CHARS);
	/* Without memory, the expectation alone is still of use. */
	if (buf_error(&shown))
		return err_set(detail, code, "%s", expected);
	return err_set(detail, code, "`%s`: %s", buf_text(&shown), expected);
}

bool text_is_plain(const char *text)
{
	while (*text) {
		uint32_t c;
		size_t size = utf8_read(text, SIZE_MAX, &c);

		if (size == 0 || char_is_control(c))
			return false;
		text += size;
	}
	return true;
}

/* The seconds of one unit, 0 for an unknown one. */
static int64_t unit_seconds(const char *unit)
{
	if (!*unit || strcmp(unit, "s") == 0)
		return 1;
	if (strcmp(unit, "m") == 0)
		return MINUTE_S;
	if (strcmp(unit, "h") == 0)
		return HOUR_S;
	if (strcmp(unit, "d") == 0)
		return DAY_S;
	return 0;
}

/* Writes SECONDS in the largest unit that needs no fraction. */
static void duration_write(int64_t seconds, char *ret_text, size_t capacity)
{
	static const struct {
		int64_t seconds;
		char letter;
	} units[] = {{DAY_S, 'd'}, {HOUR_S, 'h'}, {MINUTE_S, 'm'}, {1, 's'}};
	size_t i = 0;

	while (seconds == 0 ? units[i].seconds != 1 : seconds % units[i].seconds != 0)
		i++;
	(void)snprintf(ret_text, capacity, "%lld%c", (long long)(seconds / units[i].seconds),
		       units[i].letter);
}

static int duration_refuse(struct err_detail *detail, int code, const char *text, int64_t min_s,
			   int64_t max_s)
{
	char min[32];
	char max[32];

	duration_write(min_s, min, sizeof(min));
	duration_write(max_s, max, sizeof(max));
	return text_err(detail, code, text,
			_("expected a time from %s to %s, written like 90s, 15m, 1h or 2d"), min,
			max);
}

int text_duration(const char *text, int64_t min_s, int64_t max_s, int64_t *ret_s,
		  struct err_detail *detail)
{
	size_t digits = number_length(text);
	int64_t factor = unit_seconds(text + digits);
	uint64_t number;
	int64_t seconds;

	if (digits == 0 || factor == 0)
		return duration_refuse(detail, ERR_SYNTAX, text, min_s, max_s);
	if (!number_read(text, digits, INT64_MAX, &number) ||
	    __builtin_mul_overflow((int64_t)number, factor, &seconds) || seconds < min_s ||
	    seconds > max_s)
		return duration_refuse(detail, ERR_INVALID, text, min_s, max_s);
	*ret_s = seconds;
	return 0;
}

void text_time(int64_t unix_s, char ret_text[static TEXT_TIME_BYTES])
{
	time_t seconds;
	struct tm utc;

	if (unix_s < TIME_FIRST_S)
		unix_s = TIME_FIRST_S;
	if (unix_s > TIME_LAST_S)
		unix_s = TIME_LAST_S;
	seconds = (time_t)unix_s;
	(void)gmtime_r(&seconds, &utc);
	/* The remainders tell the compiler what the clamping above ensures: it all fits. */
	(void)snprintf(ret_text, TEXT_TIME_BYTES, "%04u-%02u-%02uT%02u:%02u:%02uZ",
		       (unsigned)(utc.tm_year + 1900) % 10000, (unsigned)(utc.tm_mon + 1) % 100,
		       (unsigned)utc.tm_mday % 100, (unsigned)utc.tm_hour % 100,
		       (unsigned)utc.tm_min % 100, (unsigned)utc.tm_sec % 100);
}

/* Whether TEXT has the shape of a time: 0 stands for any digit. */
static bool time_has_shape(const char *text)
{
	static const char shape[] = "0000-00-00T00:00:00Z";

	for (size_t i = 0; i < sizeof(shape); i++) {
		bool fits =
			shape[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == shape[i];

		if (!fits)
			return false;
	}
	return true;
}

static int digits_value(const char *digits, size_t count)
{
	int value = 0;

	for (size_t i = 0; i < count; i++)
		value = value * 10 + (digits[i] - '0');
	return value;
}

int text_time_parse(const char *text, int64_t *ret_unix_s)
{
	char again[TEXT_TIME_BYTES];
	struct tm utc = {0};
	int64_t seconds;

	if (!time_has_shape(text))
		return ERR_SYNTAX;
	utc.tm_year = digits_value(text, 4) - 1900;
	utc.tm_mon = digits_value(text + 5, 2) - 1;
	utc.tm_mday = digits_value(text + 8, 2);
	utc.tm_hour = digits_value(text + 11, 2);
	utc.tm_min = digits_value(text + 14, 2);
	utc.tm_sec = digits_value(text + 17, 2);
	seconds = (int64_t)timegm(&utc);
	/* timegm() takes 30 February for 1 or 2 March; only a real time comes back as it was. */
	text_time(seconds, again);
	if (strcmp(text, again) != 0)
		return ERR_SYNTAX;
	*ret_unix_s = seconds;
	return 0;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The number of edits (insert, delete, replace, swap two neighbours) between A and B, both
 * NEAREST_WORD_BYTES at most: the rows of the optimal string alignment's table, three at a time. */
static size_t edit_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t rows[3][NEAREST_WORD_BYTES + 1] = {{0}};

	for (size_t j = 0; j <= b_size; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			char x = ascii_lower(a[i - 1]);
			char y = ascii_lower(b[j - 1]);

			row[j] = smaller(above[j], row[j - 1]) + 1;
			row[j] = smaller(row[j], above[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == ascii_lower(b[j - 2]) &&
			    y == ascii_lower(a[i - 2]))
				row[j] = smaller(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[a_size % 3][b_size];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count)
{
	size_t size = strlen(word);
	size_t best = NEAREST_MAX_EDITS + 1;
	const char *nearest = NULL;

	if (size > NEAREST_WORD_BYTES)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t candidate_size = strlen(candidates[i]);
		size_t edits;

		if (candidate_size > NEAREST_WORD_BYTES)
			continue;
		edits = edit_distance(word, size, candidates[i], candidate_size);
		if (edits < best && 2 * edits < size) {
			best = edits;
			nearest = candidates[i];
		}
	}
	return nearest;
}
