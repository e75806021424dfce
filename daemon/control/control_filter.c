/* SPDX-License-Identifier: MIT */
#include "control_filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "common/permission.h"

/* ---- Reading ---- */

static int set_server(struct control_filter *filter, const char *value, struct err_detail *detail)
{
	struct url_server server;
	int r = url_server_parse(value, &server, detail);

	if (r)
		return r;
	memcpy(filter->server, server.origin, sizeof(filter->server));
	/* A `user` that came before stays. */
	if (!filter->user[0])
		memcpy(filter->user, server.user, sizeof(filter->user));
	return 0;
}

static int set_user(struct control_filter *filter, const char *value, struct err_detail *detail)
{
	value += *value == '@';
	if (!username_is_harmless(value) || strlen(value) >= sizeof(filter->user))
		return err_set(detail, ERR_INVALID,
			       "The user must be the name that follows the @ on the server");
	snprintf(filter->user, sizeof(filter->user), "%s", value);
	return 0;
}

static int set_permission(struct control_filter *filter, const char *value,
			  struct err_detail *detail)
{
	return permission_parse(value, &filter->permission, detail);
}

struct parameter {
	const char *name; /* with its "=" */
	int (*set)(struct control_filter *filter, const char *value, struct err_detail *detail);
};

static const struct parameter parameters[] = {
	{"server=", set_server},
	{"user=", set_user},
	{"permission=", set_permission},
};
#define PARAMETER_COUNT (sizeof(parameters) / sizeof(parameters[0]))

/* ITEM is "NAME=VALUE", SIZE bytes. GIVEN says which parameters were there before. */
static int read_item(struct control_filter *filter, bool given[static PARAMETER_COUNT],
		     const char *item, size_t size, struct err_detail *detail)
{
	_cleanup_(freep) char *value = malloc(size + 1);
	size_t n = 0;
	size_t name_size;

	if (!value)
		return err_set(detail, ERR_NOMEM, "no memory");
	while (n < PARAMETER_COUNT &&
	       strncmp(item, parameters[n].name, strlen(parameters[n].name)) != 0)
		n++;
	if (n == PARAMETER_COUNT || given[n])
		return err_set(detail, ERR_INVALID,
			       "The query may have server=, user= and permission=, each once");
	given[n] = true;
	name_size = strlen(parameters[n].name);
	if (url_decode(item + name_size, size - name_size, value, size + 1))
		return err_set(detail, ERR_SYNTAX, "The query has a bad percent-encoding");
	return parameters[n].set(filter, value, detail);
}

int control_filter_parse(const char *query, struct control_filter *ret_filter,
			 struct err_detail *detail)
{
	_cleanup_(control_filter_done) struct control_filter filter = {0};
	bool given[PARAMETER_COUNT] = {false};

	while (*query) {
		size_t size = strcspn(query, "&");
		int r = read_item(&filter, given, query, size, detail);

		if (r)
			return r;
		query += size;
		query += *query == '&';
	}
	*ret_filter = filter;
	filter.permission = NULL;
	return 0;
}

void control_filter_done(struct control_filter *filter)
{
	free(filter->permission);
	filter->permission = NULL;
}

/* ---- Choosing ---- */

bool control_filter_fits(const struct control_filter *filter, const struct account *account,
			 const struct credential *credential, const char *expected_user)
{
	const char *user = expected_user;

	/* The config may have moved the account since: then the credential is of another server. */
	if (credential && strcmp(credential->server, account->server.origin) != 0)
		credential = NULL;
	if (credential)
		user = credential->username;
	if (filter->server[0] && strcmp(filter->server, account->server.origin) != 0)
		return false;
	if (filter->user[0] && (!user || strcasecmp(filter->user, user) != 0))
		return false;
	return !filter->permission ||
	       (credential && credential_is_good(credential) &&
		permission_has_all(credential->permission, filter->permission));
}
