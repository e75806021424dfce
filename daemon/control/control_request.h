/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a request to the control socket asks for: its target, taken apart. Pure. docs/control-api.md
 * has the routes for those who call them.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/account_name.h"
#include "common/err.h"

/* Longest long poll, and the longest body: a permission list of all known kinds is about 2 KiB. */
#define CONTROL_MAX_WAIT_S 60
#define CONTROL_BODY_BYTES ((size_t)16 * 1024)

enum control_route {
	CONTROL_NOT_FOUND,
	CONTROL_STATUS,
	CONTROL_ACCOUNTS, /* .query */
	CONTROL_ACCOUNT,  /* .account, as in the next six */
	CONTROL_LOGIN,	  /* .wait_s, .has_revision, .revision */
	CONTROL_TOKEN,
	CONTROL_CREDENTIAL,
	CONTROL_VERIFY,
	CONTROL_BROWSER,
	CONTROL_RENAME,
	CONTROL_CALLBACK,
	CONTROL_EVENTS, /* .is_agent */
	CONTROL_RELOAD,
};

struct control_request {
	enum control_route route;
	char account[ACCOUNT_NAME_BYTES];
	unsigned wait_s;
	bool has_revision;
	unsigned revision;
	bool is_agent;
	const char *query; /* control_filter_parse(); points into the target, "" without one */
};

/* Reads a raw request target such as "/v1/accounts/NAME/login?wait=20". An unknown path is
 * CONTROL_NOT_FOUND; ERR_INVALID with a sentence for a bad account name, an unknown, repeated or
 * bad parameter. */
int control_request_parse(const char *target, struct control_request *ret_request,
			  struct err_detail *detail) _must_check_;

/* The methods that ROUTE answers, as an Allow header has them; "" for none. */
const char *control_route_methods(enum control_route route);
