/* SPDX-License-Identifier: MIT */
/* Proves that files are looked for where the XDG Base Directory Specification says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/paths.h"

static void variables_are_used(void **state)
{
	const struct paths_environment environment = {
		.home = "/home/alice",
		.config_home = "/c",
		.state_home = "/s/",
		.runtime_dir = "/run/user/1000",
	};
	struct paths paths;

	(void)state;
	assert_int_equal(paths_resolve(&environment, &paths, NULL), 0);
	assert_string_equal(paths.config, "/c/misskey-authd/config.ini");
	assert_string_equal(paths.system_config, "/etc/xdg/misskey-authd/config.ini");
	assert_string_equal(paths.state, "/s/misskey-authd");
	assert_string_equal(paths.runtime, "/run/user/1000/misskey-authd");
	assert_string_equal(paths.control, "/run/user/1000/misskey-authd/control.sock");
}

static void home_stands_in(void **state)
{
	static const struct paths_environment environments[] = {
		{.home = "/home/alice/"},
		{.home = "/home/alice", .config_home = "", .state_home = "", .runtime_dir = ""},
		{.home = "/home/alice",
		 .config_home = "c",
		 .state_home = "./s",
		 .runtime_dir = "r"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(environments) / sizeof(environments[0]); i++) {
		struct paths paths;

		assert_int_equal(paths_resolve(&environments[i], &paths, NULL), 0);
		assert_string_equal(paths.config, "/home/alice/.config/misskey-authd/config.ini");
		assert_string_equal(paths.state, "/home/alice/.local/state/misskey-authd");
		assert_string_equal(paths.runtime, "");
		assert_string_equal(paths.control, "");
	}
}

static void no_home_is_an_error(void **state)
{
	const struct paths_environment nothing = {0};
	const struct paths_environment relative = {.home = "alice", .config_home = "/c"};
	const struct paths_environment enough = {.config_home = "/c", .state_home = "/s"};
	struct err_detail detail;
	struct paths paths;

	(void)state;
	assert_int_equal(paths_resolve(&nothing, &paths, &detail), ERR_NOT_FOUND);
	assert_non_null(strstr(detail.text, "HOME"));
	assert_int_equal(paths_resolve(&relative, &paths, &detail), ERR_NOT_FOUND);
	assert_int_equal(paths_resolve(&enough, &paths, &detail), 0);
}

static void long_paths_are_refused(void **state)
{
	char longest[PATH_MAX + 2];
	struct paths_environment environment = {.home = "/h", .state_home = longest};
	const size_t rest = strlen("/misskey-authd");
	struct paths paths;

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[PATH_MAX - 1 - rest] = '\0';
	assert_int_equal(paths_resolve(&environment, &paths, NULL), 0);
	assert_int_equal(strlen(paths.state), PATH_MAX - 1);
	longest[PATH_MAX - 1 - rest] = 'a';
	longest[PATH_MAX - rest] = '\0';
	assert_int_equal(paths_resolve(&environment, &paths, NULL), ERR_LIMIT);
	longest[PATH_MAX - rest] = 'a';
	longest[PATH_MAX + 1] = '\0';
	assert_int_equal(paths_resolve(&environment, &paths, NULL), ERR_LIMIT);
}

static void environment_is_read(void **state)
{
	struct paths_environment environment;

	(void)state;
	assert_int_equal(setenv("HOME", "/home/alice", 1), 0);
	assert_int_equal(setenv("XDG_CONFIG_HOME", "/c", 1), 0);
	assert_int_equal(setenv("XDG_STATE_HOME", "/s", 1), 0);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "/r", 1), 0);
	paths_environment_read(&environment);
	assert_string_equal(environment.home, "/home/alice");
	assert_string_equal(environment.config_home, "/c");
	assert_string_equal(environment.state_home, "/s");
	assert_string_equal(environment.runtime_dir, "/r");

	assert_int_equal(unsetenv("XDG_STATE_HOME"), 0);
	assert_int_equal(setenv("HOME", "relative", 1), 0);
	paths_environment_read(&environment);
	assert_null(environment.state_home);
	/* The user data base has a home or none for this user, but never "relative". */
	assert_true(!environment.home || environment.home[0] == '/');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_are_used),  cmocka_unit_test(home_stands_in),
		cmocka_unit_test(no_home_is_an_error), cmocka_unit_test(long_paths_are_refused),
		cmocka_unit_test(environment_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
