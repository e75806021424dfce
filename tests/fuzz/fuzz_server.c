/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/url.h"
#include "fuzz.h"

/* What a person writes for a server: its origin means the same server, and is no way in the clear.
 */
static void check_server(const char *text)
{
	struct err_detail detail = {""};
	struct url_server server;
	struct url_server again;

	if (url_server_parse(text, &server, &detail)) {
		if (!detail.text[0])
			abort();
		return;
	}
	if (url_server_parse(server.origin, &again, NULL) ||
	    strcmp(server.origin, again.origin) != 0 || strcmp(server.host, again.host) != 0 ||
	    server.tls != again.tls || server.loopback != again.loopback ||
	    (!server.tls && !server.loopback))
		abort();
}

/* A URL of a server's: the origin that is found is one, and the path is the end of the text. */
static void check_url(const char *text)
{
	char origin[URL_ORIGIN_BYTES];
	char again[URL_ORIGIN_BYTES];
	const char *path;
	const char *rest;

	if (url_split(text, origin, &path, NULL))
		return;
	if (url_split(origin, again, &rest, NULL) || strcmp(origin, again) != 0 || *rest ||
	    strcmp(text + strlen(text) - strlen(path), path) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	char decoded[64];
	unsigned port = 0;

	if (!text)
		return 0;
	check_server(text);
	check_url(text);
	if (!url_decode(text, strlen(text), decoded, sizeof(decoded)) &&
	    strlen(decoded) > strlen(text))
		abort();
	if (!url_listen_parse(text, &port, NULL) && port > 65535)
		abort();
	free(text);
	return 0;
}
