/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Lists of permissions. A list that is stored or compared is canonical: old spellings
 * (account-read, account/write) are written as read:account, write:account; the permissions are
 * sorted, none is repeated, and commas join them. "" is the empty list: a token without
 * permissions.
 */

#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"

/* Misskey stores permissions of 64 characters at most, and answers 500 to longer ones. */
#define PERMISSION_MAX_BYTES 64
/* Misskey knows about 80 kinds; a list has this many at most. */
#define PERMISSION_MAX_COUNT 128

#define PERMISSION_DEFAULT "read:account,write:notes"

/* Reads a list whose items are separated by commas or blanks, and makes it canonical. ERR_INVALID,
 * ERR_LIMIT, ERR_NOMEM. The caller frees *ret_list. */
int permission_parse(const char *text, char **ret_list, struct err_detail *detail) _must_check_;

/* Returns how many bytes the next permission of the canonical *LIST has, and moves *LIST behind it;
 * 0 at the end. *ret_permission points into the list. */
size_t permission_next(const char **list, const char **ret_permission);

/* Appends what is in LIST and not in WITHOUT, both canonical, as such a list. Failures are BUF's.
 */
void permission_difference(const char *list, const char *without, struct buf *buf);

/* Adds the canonical LIST to OBJECT as an array of strings. ERR_NOMEM; ERR_LIMIT for a permission
 * of more than PERMISSION_MAX_BYTES. */
int permission_add_json(struct json *object, const char *key, const char *list) _must_check_;
