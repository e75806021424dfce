/* SPDX-License-Identifier: MIT */
#include "json_check.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "common/json.h"
#include "common/translate.h"
#include "utf8.h"

/* A key as it stands in the text, without its quotes. */
struct key {
	const unsigned char *begin;
	const unsigned char *end;
};

struct scan {
	const unsigned char *begin;
	const unsigned char *at;
	const unsigned char *end;
	unsigned depth;
	struct key *keys; /* of all objects that are still open, the outermost's first */
	size_t key_count;
	size_t key_capacity;
	struct err_detail *detail;
};

static int check_value(struct scan *scan);

static int refuse(const struct scan *scan, int code, const char *why)
{
	return err_set(scan->detail, code, _("not acceptable JSON: at byte %zu: %s"),
		       (size_t)(scan->at - scan->begin) + 1, _(why));
}

/* The next byte, or -1 at the end. */
static int peek(const struct scan *scan)
{
	return scan->at < scan->end ? *scan->at : -1;
}

static bool take_byte(struct scan *scan, int byte)
{
	if (peek(scan) != byte)
		return false;
	scan->at++;
	return true;
}

static void skip_blanks(struct scan *scan)
{
	while (take_byte(scan, ' ') || take_byte(scan, '\t') || take_byte(scan, '\n') ||
	       take_byte(scan, '\r'))
		;
}

/*
 * Characters of a string. Each function reads one character at *AT, moves *AT behind it, and
 * returns NULL, or why the character is refused.
 */

static bool read_hex4(const unsigned char **at, const unsigned char *end, uint32_t *ret_unit)
{
	uint32_t unit = 0;

	if (end - *at < 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		int digit = ascii_hex_value((char)(*at)[i]);

		if (digit < 0)
			return false;
		unit = unit << 4 | (uint32_t)digit;
	}
	*at += 4;
	*ret_unit = unit;
	return true;
}

/* *AT is behind "\u". */
static const char *read_utf16(const unsigned char **at, const unsigned char *end,
			      uint32_t *ret_char)
{
	static const char incomplete[] = N_("\\u without four hexadecimal digits");
	static const char lone[] = N_("half of a surrogate pair");
	const unsigned char *p = *at;
	uint32_t high, low;

	if (!read_hex4(&p, end, &high))
		return incomplete;
	if (high == 0)
		return N_("a NUL character (\\u0000)");
	if (high < 0xd800 || high > 0xdfff) {
		*at = p;
		*ret_char = high;
		return NULL;
	}
	if (high > 0xdbff || end - p < 2 || p[0] != '\\' || p[1] != 'u')
		return lone;
	p += 2;
	if (!read_hex4(&p, end, &low))
		return incomplete;
	if (low < 0xdc00 || low > 0xdfff)
		return lone;
	*at = p;
	*ret_char = 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));
	return NULL;
}

/* *AT is at the backslash. */
static const char *read_escape(const unsigned char **at, const unsigned char *end,
			       uint32_t *ret_char)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	const unsigned char *p = *at + 1;
	const char *letter;

	if (p == end)
		return N_("the text ends inside a string");
	if (*p == 'u') {
		const char *why;

		p++;
		why = read_utf16(&p, end, ret_char);
		if (!why)
			*at = p;
		return why;
	}
	letter = memchr(letters, *p, sizeof(letters) - 1);
	if (!letter)
		return N_("an unknown escape");
	*ret_char = (unsigned char)meanings[letter - letters];
	*at = p + 1;
	return NULL;
}

static const char *read_char(const unsigned char **at, const unsigned char *end, uint32_t *ret_char)
{
	size_t size;

	if (**at < 0x20)
		return N_("a control character in a string");
	if (**at == '\\')
		return read_escape(at, end, ret_char);
	size = utf8_read((const char *)*at, (size_t)(end - *at), ret_char);
	*at += size;
	return size > 0 ? NULL : N_("bytes that are not UTF-8");
}

/* RET_KEY may be NULL. */
static int check_string(struct scan *scan, struct key *ret_key)
{
	const unsigned char *begin;

	if (!take_byte(scan, '"'))
		return refuse(scan, ERR_SYNTAX, N_("expected a string"));
	begin = scan->at;
	while (scan->at < scan->end && *scan->at != '"') {
		uint32_t c;
		const char *why = read_char(&scan->at, scan->end, &c);

		if (why)
			return refuse(scan, ERR_SYNTAX, why);
	}
	if (ret_key)
		*ret_key = (struct key){begin, scan->at};
	if (!take_byte(scan, '"'))
		return refuse(scan, ERR_SYNTAX, N_("the text ends inside a string"));
	return 0;
}

/*
 * Keys. "a" and "\u0061" are the same key, so they are compared as characters; sorted, so that an
 * object of 10,000 accounts does not take 50 million comparisons.
 */

/* Both keys passed check_string(), so that reading them cannot fail. */
static int compare_keys(const void *left, const void *right)
{
	const struct key *keys[] = {left, right};
	const unsigned char *a = keys[0]->begin;
	const unsigned char *b = keys[1]->begin;

	while (a < keys[0]->end && b < keys[1]->end) {
		uint32_t char_a = 0, char_b = 0;

		if (read_char(&a, keys[0]->end, &char_a) || read_char(&b, keys[1]->end, &char_b))
			return 0;
		if (char_a != char_b)
			return char_a < char_b ? -1 : 1;
	}
	return (a < keys[0]->end) - (b < keys[1]->end);
}

static int remember_key(struct scan *scan, struct key key)
{
	if (scan->key_count == scan->key_capacity) {
		size_t capacity = scan->key_capacity ? scan->key_capacity * 2 : 64;
		struct key *keys = reallocarray(scan->keys, capacity, sizeof(*keys));

		if (!keys)
			return refuse(scan, ERR_NOMEM, N_("no memory to go on"));
		scan->keys = keys;
		scan->key_capacity = capacity;
	}
	scan->keys[scan->key_count++] = key;
	return 0;
}

/* Looks for duplicates among the keys from FIRST on, and forgets them. */
static int check_keys(struct scan *scan, size_t first)
{
	struct key *keys = scan->keys + first;
	size_t count = scan->key_count - first;

	scan->key_count = first;
	if (count < 2)
		return 0;
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < count; i++) {
		if (compare_keys(&keys[i - 1], &keys[i]) != 0)
			continue;
		scan->at = keys[i - 1].begin > keys[i].begin ? keys[i - 1].begin : keys[i].begin;
		return refuse(scan, ERR_SYNTAX, N_("a key that this object has already"));
	}
	return 0;
}

static int check_member(struct scan *scan)
{
	struct key key;
	int r;

	skip_blanks(scan);
	r = check_string(scan, &key);
	if (r < 0)
		return r;
	r = remember_key(scan, key);
	if (r < 0)
		return r;
	skip_blanks(scan);
	if (!take_byte(scan, ':'))
		return refuse(scan, ERR_SYNTAX, N_("expected ':'"));
	return check_value(scan);
}

static int check_object(struct scan *scan)
{
	size_t first_key = scan->key_count;

	skip_blanks(scan);
	if (take_byte(scan, '}'))
		return 0;
	do {
		int r = check_member(scan);

		if (r < 0)
			return r;
		skip_blanks(scan);
	} while (take_byte(scan, ','));
	if (!take_byte(scan, '}'))
		return refuse(scan, ERR_SYNTAX, N_("expected ',' or '}'"));
	return check_keys(scan, first_key);
}

static int check_array(struct scan *scan)
{
	skip_blanks(scan);
	if (take_byte(scan, ']'))
		return 0;
	do {
		int r = check_value(scan);

		if (r < 0)
			return r;
		skip_blanks(scan);
	} while (take_byte(scan, ','));
	if (!take_byte(scan, ']'))
		return refuse(scan, ERR_SYNTAX, N_("expected ',' or ']'"));
	return 0;
}

static int check_container(struct scan *scan)
{
	bool object = peek(scan) == '{';
	int r;

	if (scan->depth == JSON_MAX_DEPTH)
		return refuse(scan, ERR_LIMIT, N_("nested too deeply"));
	scan->at++;
	scan->depth++;
	r = object ? check_object(scan) : check_array(scan);
	scan->depth--;
	return r;
}

static bool skip_digits(struct scan *scan)
{
	const unsigned char *begin = scan->at;

	while (peek(scan) >= '0' && peek(scan) <= '9')
		scan->at++;
	return scan->at > begin;
}

/* The size of what was read of a number, and whether a double can hold it (1e999 cannot). */
static int check_magnitude(struct scan *scan, const unsigned char *begin)
{
	char number[JSON_NUMBER_MAX_BYTES + 1];
	size_t size = (size_t)(scan->at - begin);

	scan->at = begin; /* where a refusal points to */
	if (size > JSON_NUMBER_MAX_BYTES)
		return refuse(scan, ERR_LIMIT, N_("a number with too many digits"));
	memcpy(number, begin, size);
	number[size] = '\0';
	if (!isfinite(strtod(number, NULL)))
		return refuse(scan, ERR_SYNTAX, N_("a number that is too large"));
	scan->at += size;
	return 0;
}

/* RFC 8259, section 6. */
static int check_number(struct scan *scan)
{
	const unsigned char *begin = scan->at;

	take_byte(scan, '-');
	if (!take_byte(scan, '0') && !skip_digits(scan))
		return refuse(scan, ERR_SYNTAX, N_("expected a digit"));
	if (take_byte(scan, '.') && !skip_digits(scan))
		return refuse(scan, ERR_SYNTAX, N_("expected a digit"));
	if (take_byte(scan, 'e') || take_byte(scan, 'E')) {
		if (!take_byte(scan, '+'))
			take_byte(scan, '-');
		if (!skip_digits(scan))
			return refuse(scan, ERR_SYNTAX, N_("expected a digit"));
	}
	return check_magnitude(scan, begin);
}

static int check_word(struct scan *scan, const char *word)
{
	size_t size = strlen(word);

	if ((size_t)(scan->end - scan->at) < size || memcmp(scan->at, word, size) != 0)
		return refuse(scan, ERR_SYNTAX, N_("expected a value"));
	scan->at += size;
	return 0;
}

static int check_value(struct scan *scan)
{
	skip_blanks(scan);
	switch (peek(scan)) {
	case '{':
	case '[':
		return check_container(scan);
	case '"':
		return check_string(scan, NULL);
	case 't':
		return check_word(scan, "true");
	case 'f':
		return check_word(scan, "false");
	case 'n':
		return check_word(scan, "null");
	case -1:
		return refuse(scan, ERR_SYNTAX, N_("the text ends where a value should be"));
	default:
		if (peek(scan) == '-' || (peek(scan) >= '0' && peek(scan) <= '9'))
			return check_number(scan);
		return refuse(scan, ERR_SYNTAX, N_("expected a value"));
	}
}

int json_check(const char *text, size_t size, struct err_detail *detail)
{
	const unsigned char *begin = (const unsigned char *)(text ? text : "");
	struct scan scan = {
		.begin = begin,
		.at = begin,
		.end = begin + size,
		.detail = detail,
	};
	int r = check_value(&scan);

	if (r == 0) {
		skip_blanks(&scan);
		if (scan.at < scan.end)
			r = refuse(&scan, ERR_SYNTAX, N_("something follows the value"));
	}
	free(scan.keys);
	return r;
}
