/* SPDX-License-Identifier: MIT */
#include "common/callback_address.h"

#include <stdbool.h>
#include <string.h>

#include "common/url.h"

/* What may stand around an address that was copied. */
#define WRAPPING " \t\r\n'\"`<>"

/* Whether the SIZE bytes of TEXT are this machine's origin, with or without the scheme. */
static bool is_loopback(const char *text, size_t size)
{
	char origin[URL_ORIGIN_BYTES];
	struct url_server server;

	if (size >= sizeof(origin))
		return false;
	memcpy(origin, text, size);
	origin[size] = '\0';
	return url_server_parse(origin, &server, NULL) == 0 && server.loopback && !*server.user;
}

int callback_pasted_token(const char *text, char ret_token[static CALLBACK_TOKEN_BYTES])
{
	const char *begin = text + strspn(text, WRAPPING);
	const char *query = strstr(begin, CALLBACK_QUERY);
	char token[CALLBACK_TOKEN_BYTES];

	if (query) {
		if (!is_loopback(begin, (size_t)(query - begin)))
			return ERR_SYNTAX;
		begin = query + strlen(CALLBACK_QUERY);
	}
	if (strlen(begin) < CALLBACK_TOKEN_BYTES - 1)
		return ERR_SYNTAX;
	memcpy(token, begin, CALLBACK_TOKEN_BYTES - 1);
	token[CALLBACK_TOKEN_BYTES - 1] = '\0';
	begin += CALLBACK_TOKEN_BYTES - 1;
	if (begin[strspn(begin, WRAPPING)] != '\0' || !url_is_uuid(token))
		return ERR_SYNTAX;
	memcpy(ret_token, token, CALLBACK_TOKEN_BYTES);
	return 0;
}
