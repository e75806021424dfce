/* SPDX-License-Identifier: MIT */

/* Proves: a secret is bounded, comparable only when set, unchanged by a failure, and erased. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/secret.h"
#include "support/alloc_fault.h"

static int setup(void **state)
{
	(void)state;
	alloc_fail_at = 0;
	alloc_unerased = 0;
	return 0;
}

static void test_not_set(void **state)
{
	_cleanup_(secret_done) struct secret a = {0};
	_cleanup_(secret_done) struct secret b = {0};

	(void)state;
	assert_false(secret_is_set(&a));
	assert_string_equal(secret_reveal(&a), "");
	/* Two tokens that are not there must never match. */
	assert_false(secret_equal_text(&a, ""));
	assert_int_equal(secret_set_text(&a, ""), 0);
	assert_false(secret_is_set(&a));
	assert_int_equal(secret_set_text(&a, "x"), 0);
	assert_int_equal(secret_copy(&a, &b), 0);
	assert_false(secret_is_set(&a));
}

static void test_set_and_compare(void **state)
{
	_cleanup_(secret_done) struct secret a = {0};
	_cleanup_(secret_done) struct secret b = {0};

	(void)state;
	assert_int_equal(secret_set_text(&a, "token"), 0);
	assert_string_equal(secret_reveal(&a), "token");
	assert_true(secret_equal_text(&a, "token"));
	assert_false(secret_equal_text(&a, "tokem"));
	assert_false(secret_equal_text(&a, "Token"));
	assert_false(secret_equal_text(&a, "toke"));
	assert_false(secret_equal_text(&a, "tokens"));
	assert_false(secret_equal_text(&a, NULL));
	assert_int_equal(secret_copy(&b, &a), 0);
	assert_ptr_not_equal(secret_reveal(&a), secret_reveal(&b));
	assert_true(secret_equal_text(&b, "token"));
}

static void test_a_refused_value_changes_nothing(void **state)
{
	_cleanup_(secret_done) struct secret secret = {0};
	char longer[SECRET_MAX_BYTES + 2];

	(void)state;
	memset(longer, 'x', sizeof(longer));
	longer[SECRET_MAX_BYTES + 1] = '\0';
	assert_int_equal(secret_set_text(&secret, "old"), 0);
	assert_int_equal(secret_set_text(&secret, longer), ERR_LIMIT);
	assert_int_equal(secret_set_text(&secret, NULL), ERR_INVALID);
	assert_string_equal(secret_reveal(&secret), "old");
	longer[SECRET_MAX_BYTES] = '\0';
	assert_int_equal(secret_set_text(&secret, longer), 0);
	assert_int_equal(secret.size, SECRET_MAX_BYTES);
}

static void test_can_be_set_from_itself(void **state)
{
	_cleanup_(secret_done) struct secret secret = {0};

	(void)state;
	assert_int_equal(secret_set_text(&secret, "?token=abc"), 0);
	assert_int_equal(secret_set_text(&secret, secret_reveal(&secret) + 7), 0);
	assert_string_equal(secret_reveal(&secret), "abc");
	assert_int_equal(secret_copy(&secret, &secret), 0);
	assert_string_equal(secret_reveal(&secret), "abc");
}

static void test_erased_when_replaced_and_done(void **state)
{
	struct secret secret = {0};

	(void)state;
	assert_int_equal(secret_set_text(&secret, ALLOC_MARKER), 0);
	assert_int_equal(secret_set_text(&secret, ALLOC_MARKER "2"), 0);
	secret_done(&secret);
	assert_int_equal(alloc_unerased, 0);
	assert_false(secret_is_set(&secret));
	secret_done(&secret);
}

static void test_no_memory(void **state)
{
	_cleanup_(secret_done) struct secret secret = {0};

	(void)state;
	assert_int_equal(secret_set_text(&secret, "old"), 0);
	alloc_fail_at = 1;
	assert_int_equal(secret_set_text(&secret, "new"), ERR_NOMEM);
	assert_string_equal(secret_reveal(&secret), "old");
}

static void test_erase(void **state)
{
	char bytes[] = "abcdef";

	(void)state;
	secret_erase(bytes + 1, 3);
	assert_memory_equal(bytes, "a\0\0\0ef", 7);
	secret_erase(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_not_set, setup),
		cmocka_unit_test_setup(test_set_and_compare, setup),
		cmocka_unit_test_setup(test_a_refused_value_changes_nothing, setup),
		cmocka_unit_test_setup(test_can_be_set_from_itself, setup),
		cmocka_unit_test_setup(test_erased_when_replaced_and_done, setup),
		cmocka_unit_test_setup(test_no_memory, setup),
		cmocka_unit_test_setup(test_erase, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
