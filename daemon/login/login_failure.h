/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The message of a failed login, for a command, a hook or a notification, and the command that
 * begins it again.
 */

#include "account/accounts.h"
#include "common/buf.h"
#include "login/login.h"
#include "store/credentials.h"

/* A login that is to be begun again. */
struct login_again {
	const char *name; /* the account's */
	struct url_server server;
	const char *expected; /* who had to consent; "": that is not fixed */
	const char *known;    /* whom the account has; NULL: nobody yet */
	bool is_gone;	      /* the account is not known any more: the login was its first */
	bool by_miauth;	      /* which the account does not ask for by itself */
};

/* Appends what follows `misskey-authctl login ` in the command that begins it again. */
void login_again_append(const struct login_again *again, struct buf *text);

/* Whom ACCOUNT has, by the config or by its CREDENTIAL, which may be NULL. */
const char *login_known_user(const struct account *account, const struct credential *credential);

/* Appends what happened to the login of ACCOUNT, whose VIEW has a failure's outcome, and the next
 * step: sentences of which the last may end with a command to copy. CREDENTIAL is the account's, or
 * NULL. */
void login_failure_text(const struct account *account, const struct credential *credential,
			const struct login_view *view, struct buf *text);
