/* SPDX-License-Identifier: MIT */
/* Proves what the environment of a started command is. */
#include "support/state_directory.h"

#include "common/cleanup.h"
#include "launch/launch_command.h"

static void assert_environment(char *const inherited[], const char *facts, size_t facts_size,
			       const char *const *expected)
{
	_cleanup_(buf_done) struct buf block = {0};
	_cleanup_(freep) char **environment = NULL;
	size_t n;

	buf_append(&block, facts, facts_size);
	assert_int_equal(launch_environment(inherited, &block, &environment), 0);
	for (n = 0; expected[n] && environment[n]; n++)
		assert_string_equal(environment[n], expected[n]);
	assert_true(!expected[n] && !environment[n]);
}

static void test_the_environment_has_the_facts_and_not_what_is_the_daemons(void **state)
{
	static char variables[][32] = {
		"HOME=/h",	     "NOTIFY_SOCKET=/n", "LISTEN_FDS=2",     "LISTEN_PID=1",
		"LISTEN_FDNAMES=a",  "WATCHDOG_USEC=1",	 "WATCHDOG_PID=1",   "MISSKEY_USER=mallory",
		"NOTIFY_SOCKETS=/n", "LISTENER=yes",	 "MISSKEY_TOKEN=no", "PATH=/bin",
	};
	char *inherited[sizeof(variables) / sizeof(variables[0]) + 1] = {0};
	char *none[] = {NULL};

	(void)state;
	for (size_t n = 0; n < sizeof(variables) / sizeof(variables[0]); n++)
		inherited[n] = variables[n];
	assert_environment(inherited, "A=b\0C=", 7,
			   (const char *[]){"HOME=/h", "NOTIFY_SOCKETS=/n", "LISTENER=yes",
					    "PATH=/bin", "A=b", "C=", NULL});
	assert_environment(none, "", 0, (const char *[]){NULL});
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_environment_has_the_facts_and_not_what_is_the_daemons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
