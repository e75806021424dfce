/* SPDX-License-Identifier: MIT */
#ifndef COMMON_ACCOUNT_NAME_H
#define COMMON_ACCOUNT_NAME_H

/*
 * Names of accounts and lists of permissions.
 */

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

/* [A-Za-z0-9][A-Za-z0-9._@:-]{0,63}: a file name too. */
#define ACCOUNT_NAME_BYTES 65
/* Misskey stores permissions of 64 characters at most (longer: 500). */
#define PERMISSION_MAX_BYTES 64
/* Misskey knows about 80 kinds; a list has this many at most. */
#define PERMISSION_MAX_COUNT 128

/* An app's: Misskey answers 500 to longer ones (characters, which are at most 4 bytes each). */
#define APP_NAME_CHARS 128
#define APP_DESCRIPTION_CHARS 512

#define PERMISSION_DEFAULT "read:account,write:notes"

bool account_name_valid(const char *name);

/* Reads a list separated by commas or blanks and writes it in the canonical form that is
 * compared and stored: old spellings (account-read, account/write) as read:account, write:account;
 * sorted; no repetition; joined by commas. An empty list is allowed (a token without permissions).
 * ERR_INVALID, ERR_LIMIT, ERR_NOMEM. The caller frees *ret_list. */
int permission_parse(const char *text, char **ret_list, struct err_detail *detail) _must_check_;

/* Appends what is in LIST and not in WITHOUT, both canonical, as such a list. Failures are BUF's.
 */
void permission_difference(const char *list, const char *without, struct buf *buf);

#endif
