/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a login is asked for. It is the pending login's: with its success it becomes the account's,
 * and otherwise it leaves no trace. In registry.json it is in the session.
 */

#include <stdbool.h>

#include "account/accounts.h"
#include "common/cleanup.h"
#include "common/vocabulary.h"

struct wish {
	char *permission; /* canonical */
	char *user;	  /* who is to consent; NULL: whom the account has */
	bool replace;	  /* the credential of another user may be replaced */
	char *app_name;
	char *description;
	enum method method; /* METHOD_AUTO becomes METHOD_MIAUTH if the server has nothing else */
};

/* *RET_WISH is a copy of FROM, whose texts may be anybody's. ERR_NOMEM: it is empty. */
int wish_copy(const struct wish *from, struct wish *ret_wish) _must_check_;
void wish_done(struct wish *wish);

/* Whether what was MADE is what is ASKED for. Where any method is right, that of MADE is too. */
bool wish_fits(const struct wish *asked, const struct wish *made);
