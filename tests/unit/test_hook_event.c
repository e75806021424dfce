/* SPDX-License-Identifier: MIT */
/* Proves what hooks are told where no server is needed for it, and what their environment is. */
#include "tests/unit/state_directory.h"

#include "daemon/hook_event.h"

static struct service *open_service(struct config **ret_config)
{
	struct service *service = NULL;
	struct service_options options = {.state_directory = root};

	assert_int_equal(config_new(ret_config), 0);
	options.config = *ret_config;
	assert_int_equal(service_new(&options, &service, &detail), 0);
	return service;
}

/* FACTS joined by blanks. */
static void assert_event(struct hook_event *event, const char *json, const char *facts)
{
	for (size_t n = 0; n < event->facts.size; n++)
		if (event->facts.bytes[n] == '\0')
			event->facts.bytes[n] = ' ';
	assert_string_equal(buf_text(&event->json), json);
	assert_string_equal(buf_text(&event->facts), facts);
	hook_event_done(event);
}

static void test_an_account_that_is_gone_is_absent(void **state)
{
	struct config *config = NULL; /* the service's */
	_cleanup_(service_freep) struct service *service = open_service(&config);
	struct hook_event event;

	(void)state;
	assert_int_equal(
		hook_event_credential_changed(service, "gone", "https://misskey.example", &event),
		0);
	assert_string_equal(event.account, "gone");
	assert_event(&event,
		     "{\"event\":\"credential_changed\",\"account\":\"gone\","
		     "\"server\":\"https://misskey.example\",\"i\":null,\"state\":\"absent\"}\n",
		     "MISSKEY_EVENT=credential_changed MISSKEY_ACCOUNT=gone "
		     "MISSKEY_SERVER=https://misskey.example MISSKEY_STATE=absent ");
}

static void test_no_consent_is_needed_where_no_login_is(void **state)
{
	struct config *config = NULL; /* the service's */
	_cleanup_(service_freep) struct service *service = open_service(&config);
	struct hook_event event;

	(void)state;
	assert_int_equal(hook_event_consent_needed(service, "gone", &event), ERR_NOT_FOUND);
}

static void test_an_error_may_be_no_account_s(void **state)
{
	struct config *config = NULL; /* the service's */
	_cleanup_(service_freep) struct service *service = open_service(&config);
	struct hook_event event;

	(void)state;
	assert_int_equal(hook_event_error(service, NULL, "PORT_TAKEN", "x \"y\"\n\xff", &event), 0);
	assert_string_equal(event.account, "");
	assert_event(&event,
		     "{\"event\":\"error\",\"account\":null,\"server\":null,"
		     "\"code\":\"PORT_TAKEN\",\"message\":\"x \\\"y\\\"\\\\x0a\\\\xff\"}\n",
		     "MISSKEY_EVENT=error MISSKEY_CODE=PORT_TAKEN ");
}

static void assert_environment(char *const inherited[], const char *facts, size_t facts_size,
			       const char *const *expected)
{
	_cleanup_(buf_done) struct buf block = {0};
	_cleanup_(freep) char **environment = NULL;
	size_t n;

	buf_append(&block, facts, facts_size);
	assert_int_equal(hook_environment(inherited, &block, &environment), 0);
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
#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	static const struct CMUnitTest tests[] = {
		WITH_DIRECTORY(test_an_account_that_is_gone_is_absent),
		WITH_DIRECTORY(test_no_consent_is_needed_where_no_login_is),
		WITH_DIRECTORY(test_an_error_may_be_no_account_s),
		cmocka_unit_test(test_the_environment_has_the_facts_and_not_what_is_the_daemons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
