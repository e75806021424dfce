/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The message of a failed login, for a command, a hook or a notification.
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
