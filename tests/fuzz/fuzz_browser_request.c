/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "browser/browser_request.h"
#include "common/url.h"
#include "fuzz.h"

/* The input is a target, a cookie and the values of the Sec-Fetch headers at once. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct browser_request request;

	if (!text)
		return 0;
	request = browser_request_parse(text);
	if (request.route == BROWSER_TOKEN && !url_is_uuid(request.token))
		abort();
	(void)browser_has_cookie(text, "misskey-authd-0123456789ab",
				 "0123456789abcdef0123456789abcdef");
	(void)browser_is_navigation(text, text, text);
	free(text);
	return 0;
}
