/* SPDX-License-Identifier: MIT */
/*
 * Proves that the control API's targets are read as docs/control-api.md says, and nothing else is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control_request.h"

static struct control_request parse(const char *target)
{
	struct control_request request = {0};
	struct err_detail detail;

	if (control_request_parse(target, &request, &detail))
		fail_msg("%s: %s", target, detail.text);
	return request;
}

static void routes_are_known(void **state)
{
	(void)state;
	assert_int_equal(parse("/v1/accounts/a").route, CONTROL_ACCOUNT);
	assert_int_equal(parse("/v1/status").route, CONTROL_STATUS);
	assert_int_equal(parse("/v1/accounts").route, CONTROL_ACCOUNTS);
	assert_string_equal(parse("/v1/accounts").query, "");
	assert_string_equal(parse("/v1/accounts?user=a").query, "user=a");
	assert_int_equal(parse("/v1/callback").route, CONTROL_CALLBACK);
	assert_int_equal(parse("/v1/accounts/a/token").route, CONTROL_TOKEN);
	assert_int_equal(parse("/v1/accounts/a/credential").route, CONTROL_CREDENTIAL);
	assert_false(parse("/v1/events").is_agent);
	assert_int_equal(parse("/v1/events?agent=1").route, CONTROL_EVENTS);
	assert_true(parse("/v1/events?agent=1").is_agent);
	assert_int_equal(parse("/v1/accounts/a/browser").route, CONTROL_BROWSER);
}

static void accounts_are_decoded(void **state)
{
	struct control_request request = parse("/v1/accounts/alice%40misskey.example%3a81/login");

	(void)state;
	assert_int_equal(request.route, CONTROL_LOGIN);
	assert_string_equal(request.account, "alice@misskey.example:81");
	assert_int_equal(request.wait_s, 0);
	assert_false(request.has_revision);
}

static void long_polls_are_read(void **state)
{
	struct control_request request = parse("/v1/accounts/a/login?wait=60&revision=4294967295");

	(void)state;
	assert_int_equal(request.wait_s, 60);
	assert_true(request.has_revision);
	assert_true(request.revision == UINT32_MAX);
}

static void other_paths_are_not_found(void **state)
{
	static const char *const targets[] = {"/",	     "/v1",
					      "/v1/status/", "/v2/status",
					      "/V1/status",  "/v1/accounts/a/other",
					      "v1/status",   "http://localhost/v1/status",
					      "/v1/statusx", "/v1/accounts/a/login/"};

	(void)state;
	for (size_t n = 0; n < sizeof(targets) / sizeof(targets[0]); n++)
		if (parse(targets[n]).route != CONTROL_NOT_FOUND)
			fail_msg("found: %s", targets[n]);
}

static void bad_names_and_queries_are_refused(void **state)
{
	static const char *const targets[] = {
		"/v1/accounts/",
		"/v1/accounts/..%2f",
		"/v1/accounts/.hidden/token",
		"/v1/accounts/a%00/token",
		"/v1/accounts/a%zz/token",
		"/v1/accounts/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"/v1/status?x=1",
		"/v1/accounts/a/login?wait=61",
		"/v1/accounts/a/login?wait=",
		"/v1/accounts/a/login?wait=-1",
		"/v1/accounts/a/login?wait=1&wait=1",
		"/v1/accounts/a/login?revision=4294967296",
		"/v1/accounts/a/login?other=1",
	};
	struct control_request request;

	(void)state;
	for (size_t n = 0; n < sizeof(targets) / sizeof(targets[0]); n++) {
		struct err_detail detail = {""};

		if (control_request_parse(targets[n], &request, &detail) != ERR_INVALID)
			fail_msg("taken: %s", targets[n]);
		assert_true(detail.text[0] != '\0');
	}
}

static void methods_are_told(void **state)
{
	(void)state;
	assert_string_equal(control_route_methods(CONTROL_LOGIN), "DELETE, GET, POST");
	assert_string_equal(control_route_methods(CONTROL_CALLBACK), "POST");
	assert_string_equal(control_route_methods(CONTROL_TOKEN), "GET");
	assert_string_equal(control_route_methods(CONTROL_ACCOUNT), "DELETE, GET");
	assert_string_equal(control_route_methods(CONTROL_VERIFY), "POST");
	assert_string_equal(control_route_methods(CONTROL_RELOAD), "POST");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_are_known),
		cmocka_unit_test(accounts_are_decoded),
		cmocka_unit_test(long_polls_are_read),
		cmocka_unit_test(other_paths_are_not_found),
		cmocka_unit_test(bad_names_and_queries_are_refused),
		cmocka_unit_test(methods_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
