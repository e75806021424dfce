/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a person should know about an account besides its state.
 */

#include "common/buf.h"
#include "common/json.h"

/* Says on standard error, if it is so, that ACCOUNT (of docs/control-api.md) is wanted with other
 * permissions than were consented to, and which; with ADVICE also what to do. */
void account_note_permission(const struct json *account, bool advice);

/* Says on standard error, if it is so, that the page of ACCOUNT's login could not be opened, why,
 * and its address. */
void account_note_browser(const struct json *account);

/* Appends the texts of the array NAMES, with commas between them. */
void account_note_names(struct buf *text, const struct json *names);
