/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "browser/browser_request.h"
#include "common/url.h"
#include "fuzz.h"

/* The token is the value of the target's one parameter "token". */
static void check_token(const char *target, const char *token)
{
	static const char path[] = CALLBACK_PATH "?";
	char parameter[16 + CALLBACK_TOKEN_BYTES];
	const char *query = target + strlen(path);
	unsigned count = strncmp(query, "token=", 6) == 0;

	for (const char *next = query; (next = strstr(next, "&token=")); next++)
		count++;
	snprintf(parameter, sizeof(parameter), "token=%s", token);
	if (strncmp(target, path, strlen(path)) != 0 || count != 1 || !strstr(query, parameter) ||
	    !url_is_uuid(token))
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
