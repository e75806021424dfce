/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a person should know about an account besides its state.
 */

#include "common/buf.h"
#include "common/json.h"

/* Says on standard error, if it is so, which permissions of ACCOUNT (of docs/control-api.md) were
 * added or removed since the consent; with ADVICE the command that applies the change. */
void account_note_permission(const struct json *account, bool advice);

/* Says on standard error, if it is so, that the link of ACCOUNT's login was opened in two browsers,
 * with the new link; and that its page could not be opened, why, and its address. */
void account_note_browser(const struct json *account);

/* Says on standard error, if it is so, that ACCOUNT's credential has expired, and what to do. */
void account_note_expiry(const struct json *account);

/* Appends the texts of the array NAMES, with commas between them. */
void account_note_names(struct buf *text, const struct json *names);
