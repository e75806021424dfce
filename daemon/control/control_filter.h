/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which accounts `GET /v1/accounts?server=…&user=…&permission=…` asks for. Pure.
 */

#include <stdbool.h>

#include "account/accounts.h"
#include "common/err.h"
#include "common/url.h"
#include "store/credentials.h"

struct control_filter {
	char server[URL_ORIGIN_BYTES]; /* "": any */
	char user[URL_USER_BYTES];     /* "": any */
	/* Canonical: a good credential has at least these. NULL: with any credential, or none. */
	char *permission;
};

/* Reads a query such as "server=misskey.example&permission=write:notes", whose values may be
 * percent-encoded. The server is read as url_server_parse() does, and the user in @user@host counts
 * unless there is a `user`. ERR_INVALID, ERR_SYNTAX, ERR_LIMIT with a sentence for a bad value, an
 * unknown or repeated parameter; ERR_NOMEM. */
int control_filter_parse(const char *query, struct control_filter *ret_filter,
			 struct err_detail *detail) _must_check_;
void control_filter_done(struct control_filter *filter);

/* Whether FILTER asks for ACCOUNT. CREDENTIAL is the account's, EXPECTED_USER who must consent to
 * its next login; either may be NULL. */
bool control_filter_fits(const struct control_filter *filter, const struct account *account,
			 const struct credential *credential, const char *expected_user);
