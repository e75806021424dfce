/* SPDX-License-Identifier: MIT */
#include "common/callback_address.h"

#include <string.h>

#include "common/url.h"

int callback_pasted_token(const char *text, char ret_token[static CALLBACK_TOKEN_BYTES])
{
	static const char blanks[] = " \t\r\n";
	static const char origin[] = "http://127.0.0.1";
	const char *begin = text + strspn(text, blanks);
	const char *query = strstr(begin, CALLBACK_QUERY);
	char token[CALLBACK_TOKEN_BYTES];

	if (query) {
		if (strncmp(begin, origin, strlen(origin)) != 0)
			return ERR_SYNTAX;
		begin = query + strlen(CALLBACK_QUERY);
	}
	if (strlen(begin) < CALLBACK_TOKEN_BYTES - 1)
		return ERR_SYNTAX;
	memcpy(token, begin, CALLBACK_TOKEN_BYTES - 1);
	token[CALLBACK_TOKEN_BYTES - 1] = '\0';
	begin += CALLBACK_TOKEN_BYTES - 1;
	if (begin[strspn(begin, blanks)] != '\0' || !url_is_uuid(token))
		return ERR_SYNTAX;
	memcpy(ret_token, token, CALLBACK_TOKEN_BYTES);
	return 0;
}
