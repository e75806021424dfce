/* SPDX-License-Identifier: MIT */

/* Proves: what is appended is there and NUL-terminated, growth and release leave nothing readable
 * behind, and the first failure sticks. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "support/alloc_fault.h"

static int setup(void **state)
{
	(void)state;
	alloc_fail_at = 0;
	alloc_unerased = 0;
	return 0;
}

static void test_empty_is_a_text(void **state)
{
	_cleanup_(buf_done) struct buf buf = {0};
	_cleanup_(freep) char *taken = NULL;

	(void)state;
	assert_string_equal(buf_text(&buf), "");
	buf_append(&buf, NULL, 0);
	buf_append_text(&buf, "");
	buf_append_format(&buf, "%s", "");
	assert_int_equal(buf.size, 0);
	assert_int_equal(buf_error(&buf), 0);
	taken = buf_take(&buf);
	assert_non_null(taken);
	assert_string_equal(taken, "");
}

static void test_appends(void **state)
{
	_cleanup_(buf_done) struct buf buf = {0};

	(void)state;
	buf_append(&buf, "ab\0c", 4);
	buf_append_char(&buf, 'd');
	buf_append_text(&buf, "ef");
	buf_append_format(&buf, "%d-%s", 42, "g");
	assert_int_equal(buf.size, 11);
	assert_memory_equal(buf_text(&buf), "ab\0cdef42-g", 12);
}

static void test_grows_at_every_size(void **state)
{
	_cleanup_(buf_done) struct buf buf = {0};

	(void)state;
	for (size_t i = 0; i < 5000; i++) {
		buf_append_char(&buf, (char)('a' + i % 26));
		assert_int_equal(buf_text(&buf)[i + 1], '\0');
	}
	assert_int_equal(strlen(buf_text(&buf)), 5000);
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal(buf_text(&buf)[i], 'a' + i % 26);
}

static void test_format_of_every_size(void **state)
{
	(void)state;
	for (int width = 1; width < 600; width++) {
		_cleanup_(buf_done) struct buf buf = {0};

		buf_append_format(&buf, "%*d", width, 7);
		assert_int_equal(buf.size, width);
		assert_int_equal(buf_text(&buf)[width - 1], '7');
		assert_int_equal(strlen(buf_text(&buf)), width);
	}
}

static void test_limit_sticks_until_done(void **state)
{
	_cleanup_(buf_done) struct buf buf = {0};

	(void)state;
	buf_append_text(&buf, "x");
	/* Refused before a byte is read, so that the size may lie. */
	buf_append(&buf, "y", BUF_MAX_BYTES);
	assert_int_equal(buf_error(&buf), ERR_LIMIT);
	buf_append_text(&buf, "y");
	assert_int_equal(buf_error(&buf), ERR_LIMIT);
	assert_string_equal(buf_text(&buf), "x");
	buf_done(&buf);
	assert_int_equal(buf_error(&buf), 0);
	buf_append_text(&buf, "x");
	buf_append(&buf, "y", SIZE_MAX); /* must not wrap around */
	assert_int_equal(buf_error(&buf), ERR_LIMIT);
	buf_done(&buf);
	buf_append_text(&buf, "z");
	assert_string_equal(buf_text(&buf), "z");
}

static void test_takes_exactly_the_maximum(void **state)
{
	_cleanup_(buf_done) struct buf buf = {0};
	_cleanup_(freep) char *block = calloc(1, BUF_MAX_BYTES);

	(void)state;
	assert_non_null(block);
	buf_append(&buf, block, BUF_MAX_BYTES);
	assert_int_equal(buf_error(&buf), 0);
	assert_int_equal(buf.size, BUF_MAX_BYTES);
	buf_append_char(&buf, 'x');
	assert_int_equal(buf_error(&buf), ERR_LIMIT);
}

static void test_take_empties(void **state)
{
	_cleanup_(buf_done) struct buf buf = {0};
	_cleanup_(freep) char *taken = NULL;

	(void)state;
	buf_append_text(&buf, "text");
	taken = buf_take(&buf);
	assert_string_equal(taken, "text");
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf.size, 0);
	buf_append_text(&buf, "again");
	assert_string_equal(buf_text(&buf), "again");
}

static void test_erases_on_growth_and_done(void **state)
{
	struct buf buf = {0};

	(void)state;
	buf_append_text(&buf, ALLOC_MARKER);
	for (int i = 0; i < 10000; i++)
		buf_append_text(&buf, ALLOC_MARKER);
	buf_done(&buf);
	assert_int_equal(alloc_unerased, 0);
	assert_null(buf.bytes);
	buf_append_text(&buf, ALLOC_MARKER);
	assert_string_equal(buf_text(&buf), ALLOC_MARKER);
	buf_done(&buf);
	assert_int_equal(alloc_unerased, 0);
}

static void test_removes_from_the_front(void **state)
{
	_cleanup_(buf_done) struct buf buf = {0};

	(void)state;
	buf_remove_front(&buf, 0);
	buf_append_text(&buf, "abc" ALLOC_MARKER);
	buf_remove_front(&buf, 2);
	assert_string_equal(buf_text(&buf), "c" ALLOC_MARKER);
	buf_append_text(&buf, "d");
	buf_remove_front(&buf, 0);
	assert_int_equal(buf.size, 1 + strlen(ALLOC_MARKER) + 1);
	buf_remove_front(&buf, 1 + strlen(ALLOC_MARKER));
	assert_string_equal(buf_text(&buf), "d");
	assert_null(memmem(buf.bytes, buf.capacity, ALLOC_MARKER, strlen(ALLOC_MARKER)));
	buf_remove_front(&buf, 1);
	assert_int_equal(buf.size, 0);
	assert_string_equal(buf_text(&buf), "");
}

static void test_the_check_for_erasing_can_fail(void **state)
{
	char *volatile text = strdup(ALLOC_MARKER); /* or clang leaves both calls out */

	(void)state;
	free(text);
	assert_int_equal(alloc_unerased, 1);
}

static void test_no_memory_at_every_allocation(void **state)
{
	unsigned long failures = 0;

	(void)state;
	for (unsigned long n = 1;; n++) {
		_cleanup_(buf_done) struct buf buf = {0};
		char *taken;

		alloc_fail_at = n;
		for (int i = 0; i < 500; i++)
			buf_append_text(&buf, ALLOC_MARKER);
		taken = buf_take(&buf);
		if (taken) {
			assert_true(alloc_fail_at > 0);
			assert_int_equal(strlen(taken), 500 * strlen(ALLOC_MARKER));
			alloc_fail_at = 0;
			explicit_bzero(taken, strlen(taken));
			free(taken);
			break;
		}
		failures++;
		assert_int_equal(buf_error(&buf), ERR_NOMEM);
		assert_string_equal(buf_text(&buf), "");
	}
	assert_true(failures >= 5);
	assert_int_equal(alloc_unerased, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_empty_is_a_text, setup),
		cmocka_unit_test_setup(test_appends, setup),
		cmocka_unit_test_setup(test_grows_at_every_size, setup),
		cmocka_unit_test_setup(test_format_of_every_size, setup),
		cmocka_unit_test_setup(test_limit_sticks_until_done, setup),
		cmocka_unit_test_setup(test_takes_exactly_the_maximum, setup),
		cmocka_unit_test_setup(test_take_empties, setup),
		cmocka_unit_test_setup(test_erases_on_growth_and_done, setup),
		cmocka_unit_test_setup(test_removes_from_the_front, setup),
		cmocka_unit_test_setup(test_the_check_for_erasing_can_fail, setup),
		cmocka_unit_test_setup(test_no_memory_at_every_allocation, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
