/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a login is asked for. It is the pending login's: with its success it becomes the account's,
 * and otherwise it leaves no trace. In registry.json it is in the session and in the session's app.
 */

#include <stdbool.h>

#include "account/accounts.h"
#include "common/cleanup.h"

struct wish {
	char *permission; /* canonical */
	char *user;	  /* who is to consent; NULL: whom the account has */
	bool replace;	  /* the credential of another user may be replaced */
	char *app_name;
	char *description;
};

/* *RET_WISH is a copy of FROM, whose texts may be anybody's. ERR_NOMEM: it is empty. */
int wish_copy(const struct wish *from, struct wish *ret_wish) _must_check_;
void wish_done(struct wish *wish);

bool wish_equals(const struct wish *a, const struct wish *b);
