/* SPDX-License-Identifier: MIT */
#include "control_request.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "common/number.h"
#include "common/url.h"

#define ACCOUNTS_PREFIX "/v1/accounts/"

static const char *const methods[] = {
	[CONTROL_NOT_FOUND] = "",
	[CONTROL_STATUS] = "GET",
	[CONTROL_ACCOUNTS] = "GET",
	[CONTROL_ACCOUNT] = "DELETE, GET",
	[CONTROL_LOGIN] = "DELETE, GET, POST",
	[CONTROL_TOKEN] = "GET",
	[CONTROL_CREDENTIAL] = "GET",
	[CONTROL_VERIFY] = "POST",
	[CONTROL_BROWSER] = "POST",
	[CONTROL_CALLBACK] = "POST",
	[CONTROL_EVENTS] = "GET",
	[CONTROL_RELOAD] = "POST",
	[CONTROL_RENAME] = "POST",
};

const char *control_route_methods(enum control_route route)
{
	return methods[route];
}

static bool is_path(const char *path, size_t size, const char *text)
{
	return size == strlen(text) && memcmp(path, text, size) == 0;
}

struct path {
	const char *text;
	enum control_route route;
};

static const struct path paths[] = {
	{"/v1/status", CONTROL_STATUS},	    {"/v1/accounts", CONTROL_ACCOUNTS},
	{"/v1/callback", CONTROL_CALLBACK}, {"/v1/events", CONTROL_EVENTS},
	{"/v1/reload", CONTROL_RELOAD},
};

/* What follows an account's name. */
static const struct path account_paths[] = {
	{"", CONTROL_ACCOUNT},	       {"/login", CONTROL_LOGIN},
	{"/token", CONTROL_TOKEN},     {"/verify", CONTROL_VERIFY},
	{"/browser", CONTROL_BROWSER}, {"/credential", CONTROL_CREDENTIAL},
	{"/rename", CONTROL_RENAME},
};

static enum control_route find_route(const struct path *table, size_t count, const char *path,
				     size_t size)
{
	for (size_t n = 0; n < count; n++)
		if (is_path(path, size, table[n].text))
			return table[n].route;
	return CONTROL_NOT_FOUND;
}

/* "NAME", or "NAME/" and what is asked of it, SIZE bytes. */
static int parse_account(const char *rest, size_t size, struct control_request *request,
			 struct err_detail *detail)
{
	const char *slash = memchr(rest, '/', size);
	size_t name_size = slash ? (size_t)(slash - rest) : size;

	request->route = find_route(account_paths, sizeof(account_paths) / sizeof(account_paths[0]),
				    rest + name_size, size - name_size);
	if (request->route == CONTROL_NOT_FOUND)
		return 0;
	if (url_decode(rest, name_size, request->account, sizeof(request->account)))
		request->account[0] = '\0';
	return account_name_check(request->account, detail);
}

static int parse_number(const char *text, size_t size, unsigned max, unsigned *ret_number)
{
	uint64_t number;

	if (!number_read(text, size, max, &number))
		return ERR_INVALID;
	*ret_number = (unsigned)number;
	return 0;
}

/* "wait=20&revision=3" */
static int parse_query(const char *query, struct control_request *request,
		       struct err_detail *detail)
{
	bool has_wait = false;

	while (*query) {
		size_t size = strcspn(query, "&");
		int r = ERR_INVALID;

		if (strncmp(query, "wait=", 5) == 0 && !has_wait) {
			r = parse_number(query + 5, size - 5, CONTROL_MAX_WAIT_S, &request->wait_s);
			has_wait = true;
		} else if (strncmp(query, "revision=", 9) == 0 && !request->has_revision) {
			r = parse_number(query + 9, size - 9, UINT_MAX, &request->revision);
			request->has_revision = true;
		}
		if (r)
			return err_set(
				detail, ERR_INVALID,
				"The query may have wait=SECONDS (0 to %d) and revision=NUMBER, "
				"each once",
				CONTROL_MAX_WAIT_S);
		query += size;
		query += *query == '&';
	}
	return 0;
}

int control_request_parse(const char *target, struct control_request *ret_request,
			  struct err_detail *detail)
{
	struct control_request request = {.query = ""};
	size_t size = strcspn(target, "?");
	const char *query = target[size] ? target + size + 1 : "";
	int r = 0;

	request.route = find_route(paths, sizeof(paths) / sizeof(paths[0]), target, size);
	if (strncmp(target, ACCOUNTS_PREFIX, strlen(ACCOUNTS_PREFIX)) == 0)
		r = parse_account(target + strlen(ACCOUNTS_PREFIX), size - strlen(ACCOUNTS_PREFIX),
				  &request, detail);
	if (!r && request.route != CONTROL_NOT_FOUND && *query) {
		if (request.route == CONTROL_LOGIN)
			r = parse_query(query, &request, detail);
		else if (request.route == CONTROL_ACCOUNTS)
			request.query = query;
		else if (request.route == CONTROL_EVENTS && strcmp(query, "agent=1") == 0)
			request.is_agent = true;
		else
			r = err_set(detail, ERR_INVALID, "This path takes no query");
	}
	if (r)
		return r;
	*ret_request = request;
	return 0;
}
