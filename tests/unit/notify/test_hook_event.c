/* SPDX-License-Identifier: MIT */
/* Proves what hooks are told where no server is needed for it. */
#include "support/state_directory.h"

#include "hook_event.h"

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

int main(void)
{
#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	static const struct CMUnitTest tests[] = {
		WITH_DIRECTORY(test_an_account_that_is_gone_is_absent),
		WITH_DIRECTORY(test_no_consent_is_needed_where_no_login_is),
		WITH_DIRECTORY(test_an_error_may_be_no_account_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
