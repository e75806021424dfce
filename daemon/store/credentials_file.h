/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The layout of credentials.json. docs/credentials.md describes it for those who read the file; it
 * and this must say the same.
 */

#include "state_file.h"
#include "store/credentials.h"

/*
 * The most that one account can add to credentials.json, rounded up from 12.7 KiB:
 *   9,728  128 permissions, a line each: 8 blanks, 64 characters, 2 quotes, comma, line break
 *   1,024  the app's name: 128 characters, 512 bytes, all of them escaped at worst
 *     256  the user's name: 128 bytes, the same
 *     711  server 267, account 64, three ids of 128 at most, digest 64, three times
 *     512  i: what MiAuth's token may have; a digest has 64
 *     700  names of the members, quotes, indentation
 * What is larger is refused, so that a reservation's room is always enough.
 */
#define CREDENTIALS_ENTRY_MAX_BYTES ((size_t)16 * 1024)

extern const struct entry_kind credential_kind;

/* Its only list is of credential_kind. */
extern const struct state_file credentials_file;
