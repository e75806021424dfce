/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Where the person takes away what an app was given, which no app can do itself. Servers differ.
 * ACCOUNT is that of docs/control-api.md.
 */

#include <stdbool.h>

#include "common/buf.h"
#include "common/json.h"

/* Appends the address of the page; false: the server has none, or there is nothing to take away. */
bool withdrawal_page(const struct json *account, struct buf *page);

/* Says on standard error, after the credential of ACCOUNT was removed here, how it is made
 * worthless at the server. */
void withdrawal_say(const struct json *account);
