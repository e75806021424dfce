/* SPDX-License-Identifier: MIT */
#include "credential_request.h"

#include <string.h>
#include <strings.h>

#include "common/translate.h"

bool credential_request_is_whole(const char *text, size_t size)
{
	return (size > 0 && text[0] == '\n') || memmem(text, size, "\n\n", 2);
}

static bool take(const char *line, const char *key, const char **ret_value)
{
	size_t size = strlen(key);

	if (strncmp(line, key, size) != 0 || line[size] != '=')
		return false;
	*ret_value = line + size + 1;
	return true;
}

int credential_request_parse(char *text, size_t size, struct credential_request *ret_request,
			     struct err_detail *detail)
{
	struct credential_request request = {0};

	if (memchr(text, '\0', size))
		return err_set(detail, ERR_SYNTAX, _("Standard input has a NUL byte."));
	while (*text && *text != '\n') {
		char *line = text;

		text += strcspn(text, "\n");
		if (*text)
			*text++ = '\0';
		if (!strchr(line, '='))
			return err_set(detail, ERR_SYNTAX,
				       _("A line of standard input is not KEY=VALUE."));
		(void)(take(line, "protocol", &request.protocol) ||
		       take(line, "host", &request.host) ||
		       take(line, "username", &request.username));
	}
	*ret_request = request;
	return 0;
}

static const char *default_port(const char *protocol)
{
	return strcasecmp(protocol, "https") == 0 ? ":443" : ":80";
}

bool credential_request_origin(const struct credential_request *request, struct buf *origin)
{
	const char *port;
	size_t size;

	if (!request->protocol || !request->host || !*request->host)
		return false;
	port = default_port(request->protocol);
	size = strlen(request->host);
	if (size > strlen(port) && strcmp(request->host + size - strlen(port), port) == 0)
		size -= strlen(port);
	buf_append_text(origin, request->protocol);
	buf_append_text(origin, "://");
	buf_append(origin, request->host, size);
	return true;
}
