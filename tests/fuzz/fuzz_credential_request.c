/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "credential_request.h"
#include "fuzz.h"

static void check_value(const char *value, const char *text, size_t size)
{
	if (value && (value < text || value + strlen(value) > text + size || strchr(value, '\n')))
		abort();
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* What git, or something else in its place, asks the credential helper: values are lines of the
 * request, and what is behind its empty line changes nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct credential_request request = {0};
	struct credential_request first = {0};
	_cleanup_(buf_done) struct buf origin = {0};
	char *text = strndup((const char *)data, size);
	char *again = text ? strdup(text) : NULL;
	char *end = again ? strstr(again, "\n\n") : NULL;

	if (!again)
		abort();
	size = strlen(text);
	if (end)
		end[1] = '\0';
	if (end && !credential_request_is_whole(text, size))
		abort();
	if (credential_request_parse(text, size, &request, NULL) == 0) {
		check_value(request.protocol, text, size);
		check_value(request.host, text, size);
		check_value(request.username, text, size);
		if (credential_request_origin(&request, &origin) &&
		    strncmp(buf_text(&origin), request.protocol, strlen(request.protocol)) != 0)
			abort();
		if (credential_request_parse(again, strlen(again), &first, NULL) != 0 ||
		    !is_same(first.protocol, request.protocol) ||
		    !is_same(first.host, request.host) ||
		    !is_same(first.username, request.username))
			abort();
	}
	free(again);
	free(text);
	return 0;
}
