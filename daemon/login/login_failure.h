/* SPDX-License-Identifier: MIT */
#ifndef LOGIN_LOGIN_FAILURE_H
#define LOGIN_LOGIN_FAILURE_H

/*
 * What a failed login is called to the person who waits for it, wherever that is.
 */

#include "account/accounts.h"
#include "common/buf.h"
#include "login/login.h"
#include "store/credentials.h"

/* Appends what happened to the login of ACCOUNT, whose VIEW has a failure's outcome, and the next
 * step: sentences of which the last may end with a command to copy. CREDENTIAL is the account's, or
 * NULL. */
void login_failure_text(const struct account *account, const struct credential *credential,
			const struct login_view *view, struct buf *text);

#endif
