/* SPDX-License-Identifier: MIT */
#include "visitor.h"

#include <stdio.h>

#include "browser/browser_request.h"

void visitor_cookie_name(const char *result, char ret_name[static VISITOR_COOKIE_NAME_BYTES])
{
	snprintf(ret_name, VISITOR_COOKIE_NAME_BYTES, "misskey-authd-%.12s", result);
}

bool visitor_has_cookie(const struct http_request *request, const char *result, const char *value)
{
	char name[VISITOR_COOKIE_NAME_BYTES];
	const char *cookies;

	visitor_cookie_name(result, name);
	/* RFC 6265, 5.4: a browser sends one Cookie header. */
	return http_request_header(request, "Cookie", &cookies) == 1 &&
	       browser_has_cookie(cookies, name, value);
}

/* Of a request with several of that name the first. */
static const char *first_header(const struct http_request *request, const char *name)
{
	const char *value;

	return http_request_header(request, name, &value) > 0 ? value : NULL;
}

bool visitor_shows_pages(const struct http_request *request)
{
	return browser_shows_pages(first_header(request, "Sec-Fetch-Mode"),
				   first_header(request, "Accept"),
				   first_header(request, "User-Agent"));
}
