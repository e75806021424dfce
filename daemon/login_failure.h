/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_LOGIN_FAILURE_H
#define DAEMON_LOGIN_FAILURE_H

/*
 * What a failed login is called to the person who waits for it, wherever that is.
 */

#include "common/buf.h"
#include "daemon/accounts.h"
#include "daemon/authorization.h"
#include "daemon/credentials.h"

/* Appends what happened to the login of ACCOUNT, whose VIEW has a failure's outcome, and the next
 * step: sentences of which the last may end with a command to copy. CREDENTIAL is the account's, or
 * NULL. */
void login_failure_text(const struct account *account, const struct credential *credential,
			const struct authorization_view *view, struct buf *text);

#endif
