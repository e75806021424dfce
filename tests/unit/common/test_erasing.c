/* SPDX-License-Identifier: MIT */

/* Proves: what is freed or moved is erased, and what is to be kept is kept. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/erasing.h"
#include "support/alloc_fault.h"

static int setup(void **state)
{
	(void)state;
	alloc_fail_at = 0;
	alloc_unerased = 0;
	return 0;
}

static char *with_marker(void)
{
	char *memory = malloc(sizeof(ALLOC_MARKER));

	assert_non_null(memory);
	memcpy(memory, ALLOC_MARKER, sizeof(ALLOC_MARKER));
	return memory;
}

static void test_what_is_freed(void **state)
{
	(void)state;
	erasing_free(with_marker());
	erasing_free(NULL);
	assert_int_equal(alloc_unerased, 0);
}

static void test_what_is_moved(void **state)
{
	char *memory;

	(void)state;
	memory = erasing_realloc(with_marker(), 4096);
	assert_non_null(memory);
	assert_string_equal(memory, ALLOC_MARKER);
	memory = erasing_realloc(memory, 4);
	assert_non_null(memory);
	assert_memory_equal(memory, ALLOC_MARKER, 4);
	assert_null(erasing_realloc(memory, 0));
	assert_int_equal(alloc_unerased, 0);

	memory = erasing_realloc(NULL, 4);
	assert_non_null(memory);
	erasing_free(memory);
}

static void test_without_memory_nothing_changes(void **state)
{
	char *memory = with_marker();

	(void)state;
	alloc_fail_at = 1;
	assert_null(erasing_realloc(memory, 4096));
	assert_string_equal(memory, ALLOC_MARKER);
	erasing_free(memory);
	assert_int_equal(alloc_unerased, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_what_is_freed, setup),
		cmocka_unit_test_setup(test_what_is_moved, setup),
		cmocka_unit_test_setup(test_without_memory_nothing_changes, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
