/* SPDX-License-Identifier: MIT */
/*
 * Proves that only exact targets, tokens and cookies are taken, and only navigations of a person.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "browser/browser_request.h"

#define UUID "8ea47f67-4929-4a7c-b204-54b73bafbf4e"
#define ID "0123456789abcdef0123456789abcdef"

static void routes_are_exact(void **state)
{
	static const struct {
		const char *target;
		enum browser_route route;
	} cases[] = {
		{"/", BROWSER_ROOT},
		{"/favicon.ico", BROWSER_ICON},
		{"/start/" ID, BROWSER_START},
		{"/result/" ID, BROWSER_RESULT},
		{"/callback?token=" UUID, BROWSER_TOKEN},
		{"/callback", BROWSER_INVALID},
		{"/callback?", BROWSER_INVALID},
		{"/callback?token", BROWSER_INVALID},
		{"/callback?token=", BROWSER_INVALID},
		{"/callback?token=" UUID "&token=" UUID, BROWSER_INVALID},
		{"/callback?token=" UUID "&x=1", BROWSER_INVALID},
		{"/callback?x=1&token=" UUID, BROWSER_INVALID},
		{"/callback?x=1?token=" UUID, BROWSER_INVALID},
		{"/callback?Token=" UUID, BROWSER_INVALID},
		{"/callback?token=" UUID "%00", BROWSER_INVALID},
		{"/callback?token=8ea47f67", BROWSER_INVALID},
		{"/Callback?token=" UUID, BROWSER_NOT_FOUND},
		{"/callback/?token=" UUID, BROWSER_NOT_FOUND},
		{"/callback%3ftoken=" UUID, BROWSER_NOT_FOUND},
		{"//callback?token=" UUID, BROWSER_NOT_FOUND},
		{"http://127.0.0.1:41987/callback?token=" UUID, BROWSER_NOT_FOUND},
		{"callback?token=" UUID, BROWSER_NOT_FOUND},
		{"/start/", BROWSER_NOT_FOUND},
		{"/start/" ID "0", BROWSER_NOT_FOUND},
		{"/start/0123456789ABCDEF0123456789ABCDEF", BROWSER_NOT_FOUND},
		{"/start/" ID "?x", BROWSER_NOT_FOUND},
		{"/result/../callback", BROWSER_NOT_FOUND},
		{"/favicon.ico?x", BROWSER_NOT_FOUND},
		{"", BROWSER_NOT_FOUND},
		{"*", BROWSER_NOT_FOUND},
	};

	(void)state;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		struct browser_request request = browser_request_parse(cases[n].target);

		if (request.route != cases[n].route)
			fail_msg("%s: %d", cases[n].target, (int)request.route);
	}
	assert_string_equal(browser_request_parse("/callback?token=" UUID).token, UUID);
	assert_string_equal(browser_request_parse("/start/" ID).id, ID);
	assert_string_equal(browser_request_parse("/result/" ID).id, ID);
}

static void cookies_match_whole(void **state)
{
	(void)state;
	assert_true(browser_has_cookie("n=" ID, "n", ID));
	assert_true(browser_has_cookie("a=b; n=" ID "; c=d", "n", ID));
	assert_true(browser_has_cookie("n=x; n=" ID, "n", ID));
	assert_false(browser_has_cookie(NULL, "n", ID));
	assert_false(browser_has_cookie("", "n", ID));
	assert_false(browser_has_cookie("xn=" ID, "n", ID));
	assert_false(browser_has_cookie("n=" ID "0", "n", ID));
	assert_false(browser_has_cookie("n=0123456789abcdef0123456789abcdee", "n", ID));
	assert_false(browser_has_cookie("n", "n", ID));
	assert_false(browser_has_cookie(";;; ;", "n", ID));
}

static void only_navigations_pass(void **state)
{
	(void)state;
	assert_true(browser_is_navigation(NULL, NULL, NULL));
	assert_true(browser_is_navigation("navigate", "document", NULL));
	assert_false(browser_is_navigation("navigate", "iframe", NULL));
	assert_false(browser_is_navigation("no-cors", "image", NULL));
	assert_false(browser_is_navigation("no-cors", "empty", NULL));
	assert_false(browser_is_navigation("cors", NULL, NULL));
	assert_false(browser_is_navigation("navigate", "document", "prefetch"));
	assert_false(browser_is_navigation("navigate", "document", "prefetch;prerender"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_are_exact),
		cmocka_unit_test(cookies_match_whole),
		cmocka_unit_test(only_navigations_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
