/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a person is told of a login that has not ended: how long it has left, and how many commands
 * wait for it. ACCOUNT and ACCOUNTS are those of docs/control-api.md.
 */

#include <stdbool.h>

#include "common/buf.h"
#include "common/json.h"

/* Whether ACCOUNT has such a login. */
bool pending_login_is(const struct json *account);

/* Whether ACCOUNT existed only by a login, which has ended. The daemon can still tell how. */
bool pending_login_was_all(const struct json *account);

/* Appends where ACCOUNT's login stands, for a table: "28 min left, 0 waiting"; "-" without one. */
void pending_login_append(struct buf *cell, const struct json *account);

/* Appends how long it is until the daemon asks the server again, which did not answer LOGIN well.
 * False: nothing waits for that, or only for a moment. */
bool pending_login_append_retry(struct buf *text, const struct json *login);

/* Says on standard error, if ACCOUNT has such a login, where it stands, and the commands that go on
 * with it and end it. */
void pending_login_note(const struct json *account);

/* The same for all ACCOUNTS. One login is told at length, more are counted: the table has the rest.
 */
void pending_login_note_all(const struct json *accounts);
