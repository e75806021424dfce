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
		{"/callback?token=" UUID "&code=" UUID "&state=", BROWSER_TOKEN},
		{"/callback?x=1&token=" UUID, BROWSER_TOKEN},
		{"/callback?session=" UUID, BROWSER_TOKEN},
		{"/callback?session=" UUID "&session=" UUID, BROWSER_INVALID},
		{"/callback?session=1", BROWSER_INVALID},
		{"/callback?Session=" UUID, BROWSER_INVALID},
		{"/callback?token&token=" UUID, BROWSER_INVALID},
		{"/callback?code=" UUID "&state=", BROWSER_INVALID},
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
	assert_true(browser_has_cookie("a=b; n=", "n", NULL));
	assert_true(browser_has_cookie("n=" ID ID, "n", NULL));
	assert_false(browser_has_cookie("n; xn=" ID "; nn=a", "n", NULL));
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

static void text_browsers_and_programs_show_no_pages(void **state)
{
	static const char page[] = "text/html,application/xhtml+xml,*/*;q=0.8";
	static const char *const text_browsers[] = {
		"w3m/0.5.3+git20230121",
		"Lynx/2.9.0dev.12 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.7.8",
		"ELinks/0.13.2 (textmode; Debian; Linux 6.1.0 x86_64; 80x24-2)",
		"Links (2.28; Linux 6.1.0 x86_64; GNU C 12.2; text)",
		"URL/Emacs Emacs/28.2 (TTY; x86_64-pc-linux-gnu)",
		"edbrowse/3.8.8",
	};

	(void)state;
	assert_true(browser_shows_pages("navigate", page, "Mozilla/5.0 (X11) Firefox/140.0"));
	assert_true(browser_shows_pages("navigate", NULL, NULL));
	assert_true(browser_shows_pages(NULL, page, "Mozilla/5.0 (X11) Firefox/60.0"));
	assert_true(browser_shows_pages(NULL, "Text/HTML", NULL));
	assert_false(browser_shows_pages(NULL, "*/*", "curl/8.14.1"));
	assert_false(browser_shows_pages(NULL, NULL, "Mozilla/5.0"));
	assert_false(browser_shows_pages(NULL, NULL, NULL));
	for (size_t n = 0; n < sizeof(text_browsers) / sizeof(text_browsers[0]); n++)
		assert_false(browser_shows_pages(NULL, page, text_browsers[n]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_are_exact),
		cmocka_unit_test(cookies_match_whole),
		cmocka_unit_test(only_navigations_pass),
		cmocka_unit_test(text_browsers_and_programs_show_no_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
