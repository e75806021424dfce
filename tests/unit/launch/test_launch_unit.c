/* SPDX-License-Identifier: MIT */
/* Proves what a unit that runs a command is called: a name that systemd takes, whatever the
 * account's is. */
#include "support/state_directory.h"

#include "launch_unit.h"

static const char random_digits[] = "0123456789abcdef0123456789abcdef";

static void assert_name(const char *purpose, const char *account, const char *expected)
{
	char name[LAUNCH_UNIT_NAME_BYTES];

	launch_unit_name(purpose, account, random_digits, name);
	assert_string_equal(name, expected);
}

static void test_the_name_has_purpose_account_and_random_digits(void **state)
{
	(void)state;
	assert_name("on_error", "", "misskey-authd-on_error-0123456789abcdef.service");
	assert_name("login", "misskey.example",
		    "misskey-authd-login-misskey.example-0123456789abcdef.service");
	assert_name("login", "a-B_c.d:3", "misskey-authd-login-a-B_c.d:3-0123456789abcdef.service");
}

static void test_what_a_unit_may_not_be_called_is_escaped(void **state)
{
	(void)state;
	/* An @ would make it an instance of a template. */
	assert_name("login", "me@misskey.example",
		    "misskey-authd-login-me\\x40misskey.example-0123456789abcdef.service");
	assert_name("x", "a/b\x80%", "misskey-authd-x-a\\x2fb\\x80\\x25-0123456789abcdef.service");
}

static void test_the_longest_account_is_cut_between_characters(void **state)
{
	char account[ACCOUNT_NAME_BYTES];
	char purpose[200];
	char name[LAUNCH_UNIT_NAME_BYTES];
	size_t size;

	(void)state;
	memset(account, '@', sizeof(account) - 1);
	account[sizeof(account) - 1] = '\0';
	memset(purpose, 'p', sizeof(purpose) - 1);
	purpose[sizeof(purpose) - 1] = '\0';
	launch_unit_name(purpose, account, random_digits, name);
	size = strlen(name);
	assert_true(size < LAUNCH_UNIT_NAME_BYTES);
	assert_non_null(strstr(name, "\\x40\\x40-0123456789abcdef.service"));
	assert_null(strchr(name, '@'));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_name_has_purpose_account_and_random_digits),
		cmocka_unit_test(test_what_a_unit_may_not_be_called_is_escaped),
		cmocka_unit_test(test_the_longest_account_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
