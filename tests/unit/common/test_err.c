/* SPDX-License-Identifier: MIT */

/* Proves: every code has a phrase of its own, no errno value stands for success, and a detail is
 * cut instead of overrun. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"

static void test_every_code_has_its_own_phrase(void **state)
{
	(void)state;
	for (int a = ERR_LIBRARY; a <= ERR_OK; a++) {
		assert_string_not_equal(err_text(a), err_text(1));
		for (int b = ERR_LIBRARY; b < a; b++)
			assert_string_not_equal(err_text(a), err_text(b));
	}
	assert_string_equal(err_text(-1000), "unknown error");
}

static void test_no_errno_is_success(void **state)
{
	(void)state;
	for (int errnum = -1; errnum < 200; errnum++)
		assert_true(err_from_errno(errnum) < 0);
	assert_int_equal(err_from_errno(ENOSPC), ERR_NOSPACE);
	assert_int_equal(err_from_errno(EDQUOT), ERR_NOSPACE);
	assert_int_equal(err_from_errno(EFBIG), ERR_NOSPACE);
	assert_int_equal(err_from_errno(EROFS), ERR_ACCESS);
	assert_int_equal(err_from_errno(EACCES), ERR_ACCESS);
	assert_int_equal(err_from_errno(ENOENT), ERR_NOT_FOUND);
	assert_int_equal(err_from_errno(EEXIST), ERR_EXISTS);
	assert_int_equal(err_from_errno(EADDRINUSE), ERR_BUSY);
	assert_int_equal(err_from_errno(ENOMEM), ERR_NOMEM);
	assert_int_equal(err_from_errno(EIO), ERR_IO);
}

static void test_set_writes_and_returns_the_code(void **state)
{
	struct err_detail detail;

	(void)state;
	assert_int_equal(err_set(&detail, ERR_IO, "reading %s: %d", "x", 7), ERR_IO);
	assert_string_equal(detail.text, "reading x: 7");
	assert_int_equal(err_set(NULL, ERR_LIMIT, "%s", "x"), ERR_LIMIT);
}

static void test_set_can_put_something_in_front(void **state)
{
	struct err_detail detail;

	(void)state;
	err_set(&detail, ERR_IO, "%s", "the disk is gone");
	err_set(&detail, ERR_IO, "credentials.json: %s", detail.text);
	assert_string_equal(detail.text, "credentials.json: the disk is gone");
}

static void test_set_cuts_a_long_text(void **state)
{
	char longer[2 * ERR_DETAIL_BYTES];
	struct err_detail detail;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err_set(&detail, ERR_IO, "%s", longer);
	assert_int_equal(strlen(detail.text), ERR_DETAIL_BYTES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code_has_its_own_phrase),
		cmocka_unit_test(test_no_errno_is_success),
		cmocka_unit_test(test_set_writes_and_returns_the_code),
		cmocka_unit_test(test_set_can_put_something_in_front),
		cmocka_unit_test(test_set_cuts_a_long_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
