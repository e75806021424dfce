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

/* Whether nothing in the SIZE bytes of QUERY is what a browser escapes there (WHATWG URL, the
 * special-query percent-encode set). */
static bool is_query(const char *query, size_t size)
{
	for (size_t n = 0; n < size; n++)
		if (query[n] <= ' ' || query[n] > '~' || strchr("\"#'<>", query[n]))
			return false;
	return true;
}

/* Whether PARAMETER, of SIZE bytes, is NAME, with or without a value. */
static bool is_named(const char *parameter, size_t size, const char *name)
{
	size_t name_size = strlen(name);

	return size >= name_size && memcmp(parameter, name, name_size) == 0 &&
	       (size == name_size || parameter[name_size] == '=');
}

static int uuid_copy(const char *text, size_t size, char ret_uuid[static CALLBACK_TOKEN_BYTES])
{
	char uuid[CALLBACK_TOKEN_BYTES] = "";

	if (size != CALLBACK_TOKEN_BYTES - 1)
		return ERR_SYNTAX;
	memcpy(uuid, text, size);
	if (!url_is_uuid(uuid))
		return ERR_SYNTAX;
	memcpy(ret_uuid, uuid, sizeof(uuid));
	return 0;
}

int callback_parameter(const char *query, size_t size, const char *name,
		       char ret_uuid[static CALLBACK_TOKEN_BYTES])
{
	const char *end = query + size;
	size_t name_size = strlen(name);
	const char *found = NULL;
	size_t found_size = 0;
	unsigned count = 0;

	if (size > CALLBACK_QUERY_BYTES || !is_query(query, size))
		return ERR_SYNTAX;
	while (query) {
		const char *next = memchr(query, '&', (size_t)(end - query));
		size_t one_size = (size_t)((next ? next : end) - query);
		bool is_it = is_named(query, one_size, name);

		if (++count > CALLBACK_PARAMETERS || (is_it && found))
			return ERR_SYNTAX;
		if (is_it) {
			found = query;
			found_size = one_size;
		}
		query = next ? next + 1 : NULL;
	}
	if (found_size <= name_size)
		return ERR_SYNTAX;
	return uuid_copy(found + name_size + 1, found_size - name_size - 1, ret_uuid);
}

int callback_token(const char *query, size_t size, char ret_token[static CALLBACK_TOKEN_BYTES])
{
	if (callback_parameter(query, size, CALLBACK_TOKEN, ret_token) == 0)
		return 0;
	return callback_parameter(query, size, CALLBACK_SESSION, ret_token);
}

int callback_pasted_token(const char *text, char ret_token[static CALLBACK_TOKEN_BYTES])
{
	static const char path[] = CALLBACK_PATH "?";
	const char *begin = text + strspn(text, WRAPPING);
	size_t size = strlen(begin);
	const char *query;

	while (size > 0 && strchr(WRAPPING, begin[size - 1]))
		size--;
	query = memmem(begin, size, path, strlen(path));
	if (!query)
		return uuid_copy(begin, size, ret_token);
	if (!is_loopback(begin, (size_t)(query - begin)))
		return ERR_SYNTAX;
	query += strlen(path);
	return callback_token(query, (size_t)(begin + size - query), ret_token);
}
