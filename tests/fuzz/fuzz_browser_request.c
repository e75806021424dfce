/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "browser/browser_request.h"
#include "common/url.h"
#include "fuzz.h"

/* Whether QUERY has one parameter NAME, and its value is TOKEN. */
static bool has_once(const char *query, const char *name, const char *token)
{
	char parameter[32 + CALLBACK_TOKEN_BYTES];
	size_t size = (size_t)snprintf(parameter, sizeof(parameter), "&%s=", name);
	unsigned count = strncmp(query, parameter + 1, size - 1) == 0;

	for (const char *next = query; (next = strstr(next, parameter)); next++)
		count++;
	snprintf(parameter, sizeof(parameter), "%s=%s", name, token);
	return count == 1 && strstr(query, parameter);
}

/* The token is the value of the target's one parameter "token" or "session". */
static void check_token(const char *target, const char *token)
{
	static const char path[] = CALLBACK_PATH "?";
	const char *query = target + strlen(path);

	if (strncmp(target, path, strlen(path)) != 0 || !url_is_uuid(token) ||
	    (!has_once(query, CALLBACK_TOKEN, token) && !has_once(query, CALLBACK_SESSION, token)))
		abort();
}

/* The input is a target, a cookie and the values of the Sec-Fetch headers at once. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct browser_request request;

	if (!text)
		return 0;
	request = browser_request_parse(text);
	if (request.route == BROWSER_TOKEN)
		check_token(text, request.token);
	(void)browser_has_cookie(text, "misskey-authd-0123456789ab",
				 "0123456789abcdef0123456789abcdef");
	(void)browser_is_navigation(text, text, text);
	free(text);
	return 0;
}
