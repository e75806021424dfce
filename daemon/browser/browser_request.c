/* SPDX-License-Identifier: MIT */
#include "browser/browser_request.h"

#include <string.h>
#include <strings.h>

/* What follows PREFIX in TEXT, or NULL. */
static const char *after(const char *text, const char *prefix)
{
	size_t size = strlen(prefix);

	return strncmp(text, prefix, size) == 0 ? text + size : NULL;
}

static bool is_id(const char *text)
{
	return strlen(text) == RANDOM_ID_BYTES - 1 &&
	       strspn(text, "0123456789abcdef") == RANDOM_ID_BYTES - 1;
}

static struct browser_request with_id(enum browser_route route, const char *id)
{
	struct browser_request request = {.route = BROWSER_NOT_FOUND};

	if (!is_id(id))
		return request;
	request.route = route;
	memcpy(request.id, id, RANDOM_ID_BYTES);
	return request;
}

struct browser_request browser_request_parse(const char *target)
{
	struct browser_request request = {.route = BROWSER_NOT_FOUND};
	const char *rest;

	if (strcmp(target, "/") == 0) {
		request.route = BROWSER_ROOT;
	} else if (strcmp(target, "/favicon.ico") == 0) {
		request.route = BROWSER_ICON;
	} else if ((rest = after(target, "/start/"))) {
		return with_id(BROWSER_START, rest);
	} else if ((rest = after(target, "/result/"))) {
		return with_id(BROWSER_RESULT, rest);
	} else if (strcmp(target, CALLBACK_PATH) == 0) {
		request.route = BROWSER_INVALID;
	} else if ((rest = after(target, CALLBACK_PATH "?"))) {
		request.route = BROWSER_INVALID;
		if (callback_token(rest, strlen(rest), request.token) == 0)
			request.route = BROWSER_TOKEN;
	}
	return request;
}

bool browser_has_cookie(const char *cookies, const char *name, const char *value)
{
	size_t name_size = strlen(name);
	size_t value_size = value ? strlen(value) : 0;
	char brought[RANDOM_ID_BYTES];
	bool found = false;

	for (const char *pair = cookies; pair && *pair; pair = strchr(pair, ';')) {
		size_t size;

		pair += strspn(pair, "; ");
		size = strcspn(pair, "; ");
		if (strncmp(pair, name, name_size) != 0 || pair[name_size] != '=')
			continue;
		if (!value)
			return true;
		if (size != name_size + 1 + value_size || value_size >= sizeof(brought))
			continue;
		memcpy(brought, pair + name_size + 1, value_size);
		brought[value_size] = '\0';
		found |= digest_text_equal(brought, value);
	}
	return found;
}

bool browser_is_navigation(const char *mode, const char *dest, const char *purpose)
{
	if (mode && strcmp(mode, "navigate") != 0)
		return false;
	if (dest && strcmp(dest, "document") != 0)
		return false;
	return !purpose || !strstr(purpose, "prefetch");
}

bool browser_shows_pages(const char *mode, const char *accept, const char *agent)
{
	/* What they begin with; a graphical browser's begins with "Mozilla/". */
	static const char *const text_browsers[] = {"w3m",   "lynx",	  "elinks",
						    "links", "URL/Emacs", "edbrowse"};

	for (size_t i = 0; agent && i < sizeof(text_browsers) / sizeof(text_browsers[0]); i++)
		if (strncasecmp(agent, text_browsers[i], strlen(text_browsers[i])) == 0)
			return false;
	/* browser_is_navigation() has looked at its value. Old browsers send none. */
	return mode || (accept && strcasestr(accept, "text/html"));
}
