/* SPDX-License-Identifier: MIT */
#ifndef STORE_CREDENTIALS_FILE_H
#define STORE_CREDENTIALS_FILE_H

/*
 * Credentials as text: credentials.json, and what is derived from it. Pure. docs/credentials.md is
 * the description for those who read the files; it and this must say the same.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"
#include "common/name_table.h"
#include "store/credentials.h"

/*
 * The most that one account can add to credentials.json, rounded up from 12.2 KiB:
 *   9,728  128 permissions, a line each: 8 blanks, 64 characters, 2 quotes, comma, line break
 *   1,024  the app's name: 128 characters, 512 bytes, all of them escaped at worst
 *     256  the user's name: 128 bytes, the same
 *     755  server 267, account 64, three ids of 128 at most, i and digest 64 each, two times
 *     700  names of the members, quotes, indentation
 * What is larger is refused, so that a reservation's room is always enough.
 */
#define CREDENTIALS_ENTRY_MAX_BYTES ((size_t)16 * 1024)

/* Each of an account's derived files: the longest lines of env/ACCOUNT are below 700 bytes
 * together. */
#define CREDENTIALS_DERIVED_MAX_BYTES ((size_t)4096)

void credential_free(struct credential *credential);
DEFINE_CLEANUP(struct credential *, credential_free);

/* The member, as credentials.json calls it, that would be refused when it is read again, or NULL.
 */
const char *credential_bad_member(const struct credential *credential);

/* Makes credentials (the caller's, credential_free) from the whole file. ERR_NOMEM; ERR_DAMAGED,
 * and WHERE names the account and the member, never a value. On failure RET_ACCOUNTS is empty. */
int credentials_from_json(const struct json *root, struct name_table *ret_accounts,
			  struct err_detail *where) _must_check_;

/* Frees the rows too. */
void credentials_set_free(struct name_table *accounts);

/* Adds the members of an account's entry to OBJECT. ERR_NOMEM. */
int credential_add_members(struct json *object, const struct credential *credential) _must_check_;

/* Whether a shell and systemd take the user's name for nothing else. One that is not harmless is
 * left out of environments: scripts that need it find it in the JSON. */
bool credential_username_is_harmless(const char *username);

/* Appends the whole file with ACCOUNTS in it. ERR_NOMEM, ERR_LIMIT. */
int credentials_to_json(const struct name_table *accounts, struct buf *text) _must_check_;

/* Appends what env/ACCOUNT is to hold; CREDENTIAL may be NULL: absent. ERR_NOMEM. */
int credentials_env_text(const char *account, const char *origin,
			 const struct credential *credential, struct buf *text) _must_check_;

#endif
