/* SPDX-License-Identifier: MIT */

/* Proves: everything that RFC 8259 or json.h forbids is refused with a place and without a
 * quotation; what is accepted is read and printed without loss; big objects are not slow; nothing
 * is left in freed memory; no allocation's failure leaks or crashes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/json.h"
#include "support/alloc_fault.h"

#define MANY 100000

static int setup(void **state)
{
	(void)state;
	alloc_fail_at = 0;
	alloc_unerased = 0;
	return 0;
}

/* From memory that ends where the text ends, so that a byte read beyond it is seen. */
static int parse(const char *text, size_t size, struct json **ret_value, struct err_detail *detail)
{
	char *exact = malloc(size ? size : 1);
	int r;

	if (!exact)
		return ERR_NOMEM;
	memcpy(exact, text, size);
	r = json_parse(exact, size, BUF_MAX_BYTES, ret_value, detail);
	explicit_bzero(exact, size);
	free(exact);
	return r;
}

static void assert_refused_as(const char *text, size_t size, int code, size_t byte)
{
	struct err_detail detail = {""};
	struct json *value = NULL;
	char place[32];
	int r = parse(text, size, &value, &detail);

	if (r != code)
		print_error("%.*s\n%s\n", (int)size, text, detail.text);
	assert_int_equal(r, code);
	assert_null(value);
	snprintf(place, sizeof(place), "at byte %zu: ", byte);
	if (!strstr(detail.text, place))
		print_error("%.*s: %s, expected %s\n", (int)size, text, detail.text, place);
	assert_non_null(strstr(detail.text, place));
}

static void assert_refused(const char *text, size_t byte)
{
	assert_refused_as(text, strlen(text), ERR_SYNTAX, byte);
}

static void assert_round_trip(const char *text, const char *expected)
{
	_cleanup_(buf_done) struct buf buf = {0};
	_cleanup_(json_freep) struct json *value = NULL;
	struct err_detail detail = {""};
	int r = parse(text, strlen(text), &value, &detail);

	if (r < 0)
		print_error("%s: %s\n", text, detail.text);
	assert_int_equal(r, 0);
	assert_int_equal(json_print(value, false, &buf), 0);
	assert_string_equal(buf_text(&buf), expected);
}

static void test_accepts(void **state)
{
	(void)state;
	assert_round_trip("null", "null");
	assert_round_trip(" \t\r\ntrue\n", "true");
	assert_round_trip("false", "false");
	assert_round_trip("\"\"", "\"\"");
	assert_round_trip("[]", "[]");
	assert_round_trip("{ }", "{}");
	assert_round_trip("[ 1 , [ ] , { } ]", "[1,[],{}]");
	assert_round_trip("{ \"a\" : 1 , \"\" : [ null ] }", "{\"a\":1,\"\":[null]}");
	assert_round_trip("{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}");
	assert_round_trip("[{\"a\":1},{\"a\":2}]", "[{\"a\":1},{\"a\":2}]");
	assert_round_trip("{\"a\":{\"a\":1},\"b\":{\"a\":1}}", "{\"a\":{\"a\":1},\"b\":{\"a\":1}}");
}

static void test_strings(void **state)
{
	(void)state;
	assert_round_trip("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"");
	assert_round_trip("\"\\u0001\\u001f\\u007f\"", "\"\\u0001\\u001f\x7f\"");
	assert_round_trip("\"\\u00e9\\u3042\\ud83d\\uDE00\"",
			  "\"\xc3\xa9\xe3\x81\x82\xf0\x9f\x98\x80\"");
	/* The first and last of every length of UTF-8, and the neighbours of the surrogates. */
	assert_round_trip("\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\"",
			  "\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\"");
	assert_round_trip("\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80\"",
			  "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80\"");
}

static void test_numbers(void **state)
{
	(void)state;
	assert_round_trip("[0,-0,10,-7]", "[0,-0,10,-7]");
	assert_round_trip("[9007199254740991,-9007199254740991]",
			  "[9007199254740991,-9007199254740991]");
	assert_round_trip("[0.5,-0.25,1e3,1E+3,1e-2]", "[0.5,-0.25,1000,1000,0.01]");
	assert_round_trip("[0.1,3.141592653589793,1e308,5e-324]",
			  "[0.1,3.141592653589793,1e+308,4.94065645841247e-324]");
	assert_round_trip("123456789012345678901234567890123456789012345678901234567890123",
			  "1.2345678901234569e+62");
	assert_round_trip("1e-999", "0");
}

static void test_refuses_syntax(void **state)
{
	static const struct {
		const char *text;
		size_t byte;
	} cases[] = {
		{"", 1},	   {"  ", 3},	     {"\xef\xbb\xbf{}", 1}, /* byte order mark */
		{"nul", 1},	   {"nullx", 5},     {"True", 1},
		{"1 2", 3},	   {"{}{}", 3},	     {"\v1", 1},
		{"\xa0 1", 1},	   {"[", 2},	     {"[1", 3},
		{"[1,]", 4},	   {"[,1]", 2},	     {"[1 2]", 4},
		{"[1}", 3},	   {"]", 1},	     {"{", 2},
		{"{\"a\"", 5},	   {"{\"a\" 1}", 6}, {"{\"a\":}", 6},
		{"{\"a\":1,}", 8}, {"{\"a\":1", 7},  {"{a:1}", 2},
		{"{1:1}", 2},	   {"{'a':1}", 2},   {"/* */1", 1},
		{"NaN", 1},	   {"-Infinity", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(cases[i].text, cases[i].byte);
}

static void test_refuses_numbers(void **state)
{
	char longest[66];

	(void)state;
	assert_refused("0123", 2);
	assert_refused("-012", 3);
	assert_refused("-", 2);
	assert_refused("+1", 1);
	assert_refused("-.5", 2);
	assert_refused(".5", 1);
	assert_refused("1.", 3);
	assert_refused("[1.]", 4);
	assert_refused("1.e3", 3);
	assert_refused("1e", 3);
	assert_refused("1e+", 4);
	assert_refused("0x10", 2);
	assert_refused("1e999", 1);
	assert_refused("[-1e999]", 2);
	memset(longest, '1', sizeof(longest));
	assert_refused_as(longest, 64, ERR_LIMIT, 1);
}

static void test_refuses_strings(void **state)
{
	(void)state;
	assert_refused("\"", 2);
	assert_refused("\"a", 3);
	assert_refused("\"a\\", 3);
	assert_refused("\"a\\\"", 5);
	assert_refused("\"\\x\"", 2);
	assert_refused("\"\\u12\"", 2);
	assert_refused("\"\\u12g4\"", 2);
	assert_refused("\"\\u0000\"", 2);
	assert_refused("\"ab\\ud800\"", 4);
	assert_refused("\"\\udc00\"", 2);
	assert_refused("\"\\ud800\\ud800\"", 2);
	assert_refused("\"\\ud800\\u0041\"", 2);
	assert_refused("\"\\ud800\\n\"", 2);
	assert_refused("\"\\ud800x\"", 2);
	assert_refused("{\"\\u0000\":1}", 3);
	for (char c = 1; c < 0x20; c++) {
		const char text[] = {'"', 'a', c, '"', '\0'};

		assert_refused(text, 3);
	}
	assert_refused_as("\"a\0b\"", 5, ERR_SYNTAX, 3);
	assert_refused_as("1\0", 2, ERR_SYNTAX, 2);
}

static void test_refuses_what_is_not_utf8(void **state)
{
	static const char *const cases[] = {
		"\"\x80\"",
		"\"\xbf\"",
		"\"\xc0\x80\"",
		"\"\xc1\xbf\"",
		"\"\xc2\"",
		"\"\xc2x\"",
		"\"\xe0\x80\x80\"",
		"\"\xe0\x9f\xbf\"",
		"\"\xe3\x81\"",
		"\"\xed\xa0\x80\"",
		"\"\xed\xbf\xbf\"",
		"\"\xf0\x8f\xbf\xbf\"",
		"\"\xf0\x9f\x98\"",
		"\"\xf4\x90\x80\x80\"",
		"\"\xf5\x80\x80\x80\"",
		"\"\xfe\"",
		"\"\xff\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(cases[i], 2);
	assert_refused("\"\xe3\x81", 2);
}

static void test_refuses_duplicate_keys(void **state)
{
	(void)state;
	assert_refused("{\"a\":1,\"a\":2}", 9);
	assert_refused("{\"a\":1,\"b\":2,\"a\":3}", 15);
	assert_refused("{\"a\":1,\"\\u0061\":2}", 9);
	assert_refused("{\"\xe3\x81\x82\":1,\"\\u3042\":2}", 11);
	assert_refused("{\"\":1,\"\":2}", 8);
	assert_refused("{\"x\":[{\"a\":1,\"b\":{\"a\":1},\"b\":2}]}", 27);
	/* The keys of what is inside must not hide those outside. */
	assert_refused("{\"a\":{\"b\":1},\"a\":2}", 15);
	assert_round_trip("{\"a\":1,\"ab\":2,\"aa\":3}", "{\"a\":1,\"ab\":2,\"aa\":3}");
}

static void nest(char *text, size_t levels, const char *open, const char *close)
{
	text[0] = '\0';
	for (size_t i = 0; i < levels; i++)
		strcat(text, open);
	strcat(text, "0");
	for (size_t i = 0; i < levels; i++)
		strcat(text, close);
}

static void test_depth(void **state)
{
	char text[1024];

	(void)state;
	nest(text, JSON_MAX_DEPTH, "[", "]");
	assert_round_trip(text, text);
	nest(text, JSON_MAX_DEPTH, "{\"a\":", "}");
	assert_round_trip(text, text);
	nest(text, JSON_MAX_DEPTH + 1, "[", "]");
	assert_refused_as(text, strlen(text), ERR_LIMIT, JSON_MAX_DEPTH + 1);
	nest(text, JSON_MAX_DEPTH + 1, "{\"a\":", "}");
	assert_refused_as(text, strlen(text), ERR_LIMIT, JSON_MAX_DEPTH * 5 + 1);
	memset(text, '[', sizeof(text));
	assert_refused_as(text, sizeof(text), ERR_LIMIT, JSON_MAX_DEPTH + 1);
}

static void test_size(void **state)
{
	_cleanup_(json_freep) struct json *value = NULL;
	struct err_detail detail;

	(void)state;
	assert_int_equal(json_parse("[1]", 3, 2, &value, &detail), ERR_LIMIT);
	assert_null(value);
	assert_int_equal(json_parse("[1]abc", 3, 3, &value, &detail), 0);
	assert_non_null(value);
}

static void test_detail_never_quotes(void **state)
{
	static const char *const cases[] = {
		"{\"i\":\"" ALLOC_MARKER "}",
		"{\"i\":\"" ALLOC_MARKER "\" x",
		"{\"" ALLOC_MARKER "\":1,\"" ALLOC_MARKER "\":2}",
		ALLOC_MARKER,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err_detail detail;
		struct json *value = NULL;

		assert_true(parse(cases[i], strlen(cases[i]), &value, &detail) < 0);
		assert_null(strstr(detail.text, "xGRP"));
		assert_int_equal(parse(cases[i], strlen(cases[i]), &value, NULL), ERR_SYNTAX);
	}
}

/* Every prefix of a text with one of everything must be refused, and none read beyond its end. */
static void test_every_prefix_is_refused(void **state)
{
	static const char text[] =
		"{\"a\":[1,-2.5e+3,true,false,null,\"\\u00e9\\ud83d\\ude00\\n\xe3\x81\x82\"]}";

	(void)state;
	for (size_t size = 0; size < sizeof(text) - 1; size++) {
		struct json *value = NULL;

		assert_int_equal(parse(text, size, &value, NULL), ERR_SYNTAX);
		assert_null(value);
	}
}

/* What the check lets through, cJSON must take: whatever byte is changed. */
static void test_every_changed_byte_is_decided(void **state)
{
	static const char text[] =
		"{\"a\":[1,-2.5e+3,true,null,\"\\u00e9\\n\xe3\x81\x82\"],\"b\":0}";
	size_t accepted = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		for (int byte = 0; byte < 256; byte++) {
			_cleanup_(json_freep) struct json *value = NULL;
			char changed[sizeof(text)];
			int r;

			memcpy(changed, text, sizeof(text));
			changed[i] = (char)byte;
			r = parse(changed, sizeof(text) - 1, &value, NULL);
			assert_true(r == 0 || r == ERR_SYNTAX);
			accepted += r == 0;
		}
	}
	assert_true(accepted > sizeof(text));
}

static const char example[] =
	"{\"text\":\"x\",\"number\":7,\"yes\":true,\"no\":false,\"null\":null,"
	"\"list\":[\"a\",\"b\"],\"object\":{\"k\":\"v\"}}";

static void test_reading(void **state)
{
	_cleanup_(json_freep) struct json *value = NULL;
	int64_t number = 99;
	bool is = false;

	(void)state;
	assert_int_equal(parse(example, strlen(example), &value, NULL), 0);
	assert_true(json_is_object(value));
	assert_false(json_is_array(value));
	assert_true(json_is_array(json_get(value, "list")));
	assert_true(json_is_null(json_get(value, "null")));
	assert_false(json_is_null(json_get(value, "none")));
	assert_string_equal(json_get_string(value, "text"), "x");
	assert_null(json_get_string(value, "Text"));
	assert_null(json_get_string(value, "number"));
	assert_null(json_get(json_get(value, "list"), "a"));
	assert_true(json_get_integer(value, "number", &number));
	assert_int_equal(number, 7);
	assert_true(json_get_bool(value, "yes", &is));
	assert_true(is);
	assert_true(json_get_bool(value, "no", &is));
	assert_false(is);
	assert_false(json_get_bool(value, "number", &is));
	assert_false(json_get_bool(value, "null", &is));
	assert_false(json_get_integer(value, "yes", &number));
	assert_false(json_get_integer(value, "text", &number));
	assert_int_equal(number, 7);
}

static void test_reading_nothing(void **state)
{
	int64_t number;
	bool is;

	(void)state;
	assert_false(json_is_object(NULL) || json_is_array(NULL) || json_is_null(NULL));
	assert_null(json_get(NULL, "a"));
	assert_null(json_string(NULL));
	assert_null(json_get_string(NULL, "a"));
	assert_false(json_get_integer(NULL, "a", &number));
	assert_false(json_get_bool(NULL, "a", &is));
	assert_null(json_first(NULL));
	assert_null(json_next(NULL));
	assert_null(json_key(NULL));
	json_free(NULL);
}

static void test_iterating(void **state)
{
	static const char *const keys[] = {"text", "number", "yes", "no", "null", "list", "object"};
	_cleanup_(json_freep) struct json *value = NULL;
	const struct json *child;
	size_t count = 0;

	(void)state;
	assert_int_equal(parse(example, strlen(example), &value, NULL), 0);
	for (child = json_first(value); child; child = json_next(child))
		assert_string_equal(json_key(child), keys[count++]);
	assert_int_equal(count, 7);
	child = json_first(json_get(value, "list"));
	assert_string_equal(json_string(child), "a");
	assert_null(json_key(child));
	assert_string_equal(json_string(json_next(child)), "b");
	assert_null(json_next(json_next(child)));
	assert_null(json_first(json_get(value, "text")));
	assert_null(json_key(value));
}

static void assert_integer(const char *text, bool is, int64_t expected)
{
	_cleanup_(json_freep) struct json *value = NULL;
	char object[64];
	int64_t number = 0;

	(void)snprintf(object, sizeof(object), "{\"a\":%s}", text);
	assert_int_equal(parse(object, strlen(object), &value, NULL), 0);
	assert_int_equal(json_get_integer(value, "a", &number), is);
	assert_int_equal(number, expected);
}

static void test_integers(void **state)
{
	(void)state;
	assert_integer("0", true, 0);
	assert_integer("-0", true, 0);
	assert_integer("1e3", true, 1000);
	assert_integer("-9007199254740991", true, -JSON_INTEGER_MAX);
	assert_integer("9007199254740991", true, JSON_INTEGER_MAX);
	assert_integer("9007199254740992", false, 0);
	assert_integer("9007199254740993", false, 0);
	assert_integer("-9007199254740992", false, 0);
	assert_integer("1.5", false, 0);
	assert_integer("1e300", false, 0);
	assert_integer("\"1\"", false, 0);
}

static struct json *build(void)
{
	_cleanup_(json_freep) struct json *object = json_new_object();
	struct json *list = json_new_array();

	if (json_append(list, json_new_string("x\"\n")) < 0) {
		json_free(list);
		return NULL;
	}
	if (json_append(list, json_new_object()) < 0) {
		json_free(list);
		return NULL;
	}
	if (json_add(object, "list", list) < 0 || json_add_string(object, "i", ALLOC_MARKER) < 0 ||
	    json_add_string(object, "none", NULL) < 0 ||
	    json_add_integer(object, "max", JSON_INTEGER_MAX) < 0 ||
	    json_add_integer(object, "time", INT64_C(1763812800000)) < 0 ||
	    json_add_bool(object, "yes", true) < 0 || json_add_null(object, "null") < 0)
		return NULL;
	return TAKE_PTR(object);
}

static void test_building_and_printing(void **state)
{
	_cleanup_(json_freep) struct json *value = build();
	_cleanup_(buf_done) struct buf buf = {0};

	(void)state;
	buf_append_text(&buf, ">");
	assert_int_equal(json_print(value, false, &buf), 0);
	assert_string_equal(buf_text(&buf), ">{\"list\":[\"x\\\"\\n\",{}],\"i\":\"" ALLOC_MARKER
					    "\",\"none\":null,\"max\":9007199254740991,"
					    "\"time\":1763812800000,\"yes\":true,\"null\":null}");
	buf_done(&buf);
	assert_int_equal(json_print(value, true, &buf), 0);
	assert_string_equal(buf_text(&buf), "{\n"
					    "  \"list\": [\n"
					    "    \"x\\\"\\n\",\n"
					    "    {}\n"
					    "  ],\n"
					    "  \"i\": \"" ALLOC_MARKER "\",\n"
					    "  \"none\": null,\n"
					    "  \"max\": 9007199254740991,\n"
					    "  \"time\": 1763812800000,\n"
					    "  \"yes\": true,\n"
					    "  \"null\": null\n"
					    "}");
}

static void test_building_refuses(void **state)
{
	_cleanup_(json_freep) struct json *object = json_new_object();

	(void)state;
	assert_int_equal(json_add_integer(object, "a", JSON_INTEGER_MAX + 1), ERR_INVALID);
	assert_int_equal(json_add_integer(object, "a", INT64_MIN), ERR_INVALID);
	assert_int_equal(json_add(object, "a", NULL), ERR_NOMEM);
	assert_int_equal(json_add(NULL, "a", json_new_array()), ERR_NOMEM);
	assert_int_equal(json_append(NULL, json_new_array()), ERR_NOMEM);
	assert_null(json_first(object));
}

static void test_printing_too_deep(void **state)
{
	_cleanup_(buf_done) struct buf buf = {0};
	_cleanup_(json_freep) struct json *value = json_new_array();

	(void)state;
	for (int i = 0; i < JSON_MAX_DEPTH; i++) {
		struct json *outer = json_new_array();

		assert_int_equal(json_append(outer, TAKE_PTR(value)), 0);
		value = outer;
	}
	assert_int_equal(json_print(value, false, &buf), ERR_LIMIT);
}

static double seconds_since(const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)(now.tv_sec - begin->tv_sec) + (double)(now.tv_nsec - begin->tv_nsec) / 1e9;
}

/* 100,000 members and elements; anything quadratic takes minutes here. */
static void test_many_members_are_not_slow(void **state)
{
	_cleanup_(json_freep) struct json *object = json_new_object();
	_cleanup_(json_freep) struct json *again = NULL;
	_cleanup_(buf_done) struct buf buf = {0};
	struct json *list = json_new_array();
	const struct json *child;
	struct timespec begin;
	int count = 0;

	(void)state;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	for (int i = 0; i < MANY; i++) {
		char key[32];

		snprintf(key, sizeof(key), "account-%d", (i * 7919) % MANY);
		assert_int_equal(json_append(list, json_new_string(key)), 0);
		assert_int_equal(json_add_integer(object, key, i), 0);
	}
	assert_int_equal(json_add(object, "list", list), 0);
	assert_int_equal(json_print(object, true, &buf), 0);
	assert_int_equal(json_parse(buf_text(&buf), buf.size, buf.size, &again, NULL), 0);
	for (child = json_first(again); child; child = json_next(child))
		count++;
	assert_int_equal(count, MANY + 1);
	assert_true(seconds_since(&begin) < 20);
}

static void test_freed_memory_is_erased(void **state)
{
	static const char text[] =
		"{\"i\":\"" ALLOC_MARKER "\",\"" ALLOC_MARKER "\":[\"" ALLOC_MARKER "\"]}";
	struct json *value = NULL;

	(void)state;
	assert_int_equal(parse(text, strlen(text), &value, NULL), 0);
	json_free(value);
	value = build();
	assert_non_null(value);
	json_free(value);
	assert_int_equal(alloc_unerased, 0);
}

static void test_no_memory_for_parsing(void **state)
{
	unsigned long n;

	(void)state;
	for (n = 1;; n++) {
		_cleanup_(json_freep) struct json *value = NULL;
		struct err_detail detail = {""};
		int r;

		alloc_fail_at = n;
		r = json_parse(example, strlen(example), sizeof(example), &value, &detail);
		if (r == 0)
			break;
		assert_int_equal(r, ERR_NOMEM);
		assert_null(value);
		assert_string_not_equal(detail.text, "");
	}
	alloc_fail_at = 0;
	assert_true(n > 20);
}

static void test_no_memory_for_building_and_printing(void **state)
{
	unsigned long n;

	(void)state;
	for (n = 1;; n++) {
		_cleanup_(json_freep) struct json *value = NULL;
		_cleanup_(buf_done) struct buf buf = {0};

		alloc_fail_at = n;
		value = build();
		if (!value)
			continue;
		if (json_print(value, true, &buf) == 0)
			break;
		assert_int_equal(buf_error(&buf), ERR_NOMEM);
	}
	alloc_fail_at = 0;
	assert_true(n > 15);
	assert_int_equal(alloc_unerased, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_accepts, setup),
		cmocka_unit_test_setup(test_strings, setup),
		cmocka_unit_test_setup(test_numbers, setup),
		cmocka_unit_test_setup(test_refuses_syntax, setup),
		cmocka_unit_test_setup(test_refuses_numbers, setup),
		cmocka_unit_test_setup(test_refuses_strings, setup),
		cmocka_unit_test_setup(test_refuses_what_is_not_utf8, setup),
		cmocka_unit_test_setup(test_refuses_duplicate_keys, setup),
		cmocka_unit_test_setup(test_depth, setup),
		cmocka_unit_test_setup(test_size, setup),
		cmocka_unit_test_setup(test_detail_never_quotes, setup),
		cmocka_unit_test_setup(test_every_prefix_is_refused, setup),
		cmocka_unit_test_setup(test_every_changed_byte_is_decided, setup),
		cmocka_unit_test_setup(test_reading, setup),
		cmocka_unit_test_setup(test_reading_nothing, setup),
		cmocka_unit_test_setup(test_iterating, setup),
		cmocka_unit_test_setup(test_integers, setup),
		cmocka_unit_test_setup(test_building_and_printing, setup),
		cmocka_unit_test_setup(test_building_refuses, setup),
		cmocka_unit_test_setup(test_printing_too_deep, setup),
		cmocka_unit_test_setup(test_many_members_are_not_slow, setup),
		cmocka_unit_test_setup(test_freed_memory_is_erased, setup),
		cmocka_unit_test_setup(test_no_memory_for_parsing, setup),
		cmocka_unit_test_setup(test_no_memory_for_building_and_printing, setup),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
