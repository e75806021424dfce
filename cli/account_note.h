/* SPDX-License-Identifier: MIT */
#ifndef CLI_ACCOUNT_NOTE_H
#define CLI_ACCOUNT_NOTE_H

/*
 * What a person should know about an account besides its state.
 */

#include "common/json.h"

/* Says on standard error, if it is so, that ACCOUNT (of docs/control-api.md) is wanted with other
 * permissions than were consented to, and which; with ADVICE also what to do. */
void account_note_permission(const struct json *account, bool advice);

#endif
