/* SPDX-License-Identifier: MIT */
/* Proves which names are names of accounts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/account_name.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void names_are_safe_file_names(void **state)
{
	static const char *const good[] = {"a", "Z9", "misskey.example:8443", "alice@h.example",
					   "a-b_c.d"};
	static const char *const bad[] = {"",	 ".",	 "..", "-a", ".a",   "@a@h", "a/b",
					  "a b", "a\nb", "é",  "aé", "a\\b", "a*",   "_a"};
	char name[67];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(account_name_valid(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (account_name_valid(bad[i]))
			fail_msg("%s was taken", bad[i]);
	}
	memset(name, 'a', sizeof(name));
	name[64] = '\0';
	assert_true(account_name_valid(name));
	name[64] = 'a';
	name[65] = '\0';
	assert_false(account_name_valid(name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_safe_file_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
