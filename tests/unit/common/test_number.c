/* SPDX-License-Identifier: MIT */
/*
 * Proves that text from outside is a number only if it is digits alone and within its bounds, up to
 * the greatest number that there is, whatever size a long has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "common/number.h"

static void bounds_hold(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		uint64_t number;
		bool is_read;
	} cases[] = {
		{"0", 0, 0, true},
		{"1", 0, 0, false},
		{"000", 5, 0, true},
		{"00000000000000000000000000000007", 9, 7, true},
		{"60", 60, 60, true},
		{"61", 60, 0, false},
		{"65535", UINT16_MAX, UINT16_MAX, true},
		{"65536", UINT16_MAX, 0, false},
		{"2147483647", INT32_MAX, INT32_MAX, true},
		{"2147483648", INT32_MAX, 0, false},
		{"4294967295", UINT32_MAX, UINT32_MAX, true},
		{"4294967296", UINT32_MAX, 0, false},
		{"9223372036854775807", INT64_MAX, INT64_MAX, true},
		{"9223372036854775808", INT64_MAX, 0, false},
		{"18446744073709551615", UINT64_MAX, UINT64_MAX, true},
		{"18446744073709551616", UINT64_MAX, 0, false},
		{"18446744073709551620", UINT64_MAX, 0, false},
		{"184467440737095516150", UINT64_MAX, 0, false},
		{"99999999999999999999999999999999", UINT64_MAX, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t number = 77;

		assert_true(number_read(cases[i].text, strlen(cases[i].text), cases[i].max,
					&number) == cases[i].is_read);
		assert_true(number == (cases[i].is_read ? cases[i].number : 77));
	}
}

static void only_digits_are_numbers(void **state)
{
	static const char *const wrong[] = {"",	   " 1",  "1 ", "+1",  "-1",  "-0",	     "0x1",
					    "1e1", "1.0", "a",	"1\n", "1,0", "\xef\xbc\x91"};
	uint64_t number = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(number_read(wrong[i], strlen(wrong[i]), UINT64_MAX, &number));
	assert_false(number_read("1\0002", 3, UINT64_MAX, &number));
	assert_true(number == 77);
	/* What is beyond SIZE is not looked at. */
	assert_true(number_read("12x", 2, UINT64_MAX, &number));
	assert_true(number == 12);
	assert_int_equal(number_length("41987 (Stream)"), 5);
	assert_int_equal(number_length("x1"), 0);
}

static void the_own_process_is_known(void **state)
{
	char text[64];

	(void)state;
	(void)snprintf(text, sizeof(text), "%ld", (long)getpid());
	assert_true(number_is_own_pid(text));
	(void)snprintf(text, sizeof(text), "%ldx", (long)getpid());
	assert_false(number_is_own_pid(text));
	/* The same in 32 bits. */
	(void)snprintf(text, sizeof(text), "%lld", (1LL << 32) + (long long)getpid());
	assert_false(number_is_own_pid(text));
	assert_false(number_is_own_pid(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_hold),
		cmocka_unit_test(only_digits_are_numbers),
		cmocka_unit_test(the_own_process_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
