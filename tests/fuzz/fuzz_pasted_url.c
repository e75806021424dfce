/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/callback_address.h"
#include "common/url.h"
#include "fuzz.h"

/* What a person pastes for `misskey-authctl callback`: a token that is taken is one, and is in it.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	char token[CALLBACK_TOKEN_BYTES];
	char again[CALLBACK_TOKEN_BYTES];

	if (text && !callback_pasted_token(text, token) &&
	    (!url_is_uuid(token) || !strstr(text, token) || callback_pasted_token(token, again) ||
	     strcmp(token, again) != 0))
		abort();
	free(text);
	return 0;
}
