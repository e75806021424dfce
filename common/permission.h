/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Lists of permissions. A list that is stored or compared is canonical: old spellings
 * (account-read, account/write) are written as read:account, write:account; the permissions are
 * sorted, none is repeated, and commas join them. "" is the empty list: a token without
 * permissions.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"

/* Misskey stores permissions of 64 characters at most, and answers 500 to longer ones. */
#define PERMISSION_MAX_BYTES 64
/* Misskey knows fewer than 100 (permission_names.inc); a list has this many at most. */
#define PERMISSION_MAX_COUNT 128

#define PERMISSION_DEFAULT "read:account,write:notes"

/* Reads a list whose items are separated by commas or blanks, and makes it canonical. ERR_INVALID,
 * ERR_LIMIT, ERR_NOMEM. The caller frees *ret_list. */
int permission_parse(const char *text, char **ret_list, struct err_detail *detail) _must_check_;

/* Whether TEXT, which a person wrote, changes a list: its first item begins with + or -. */
bool permission_is_relative(const char *text);

/* Reads CHANGE as permission_parse() does, unless it is relative: then each of its items,
 * +write:drive or -read:drive, is added to the canonical list BASE or taken out of it, in their
 * order. Taking out what is not there changes nothing. ERR_INVALID, ERR_LIMIT, ERR_NOMEM. The
 * caller frees *ret_list. */
int permission_apply(const char *base, const char *change, char **ret_list,
		     struct err_detail *detail) _must_check_;

/* The name of the N-th permission that Misskey has; NULL behind the last. */
const char *permission_name(size_t n);

/* Reads on in *TEXT, a list as a person writes it, to the next item that Misskey has no permission
 * for, and moves *TEXT behind it. Then DETAIL is a sentence about it, with the nearest name there
 * is. false: there is none. */
bool permission_next_unknown(const char **text, struct err_detail *detail);

/* Returns how many bytes the next permission of the canonical *LIST has, and moves *LIST behind it;
 * 0 at the end. *ret_permission points into the list. */
size_t permission_next(const char **list, const char **ret_permission);

/* Whether each permission of the canonical LEAST is in the canonical LIST. */
bool permission_has_all(const char *list, const char *least);

/* Appends what is in LIST and not in WITHOUT, both canonical, as such a list. Failures are BUF's.
 */
void permission_difference(const char *list, const char *without, struct buf *buf);

/* Adds the canonical LIST to OBJECT as an array of strings. ERR_NOMEM; ERR_LIMIT for a permission
 * of more than PERMISSION_MAX_BYTES. */
int permission_add_json(struct json *object, const char *key, const char *list) _must_check_;
