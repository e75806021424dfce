/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * credentials.json, which is the truth, and the files in accounts/, which are derived from it.
 * docs/credentials.md describes them for those who read them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/account_name.h"
#include "common/cleanup.h"
#include "common/digest.h"
#include "common/err.h"
#include "common/json.h"
#include "common/secret.h"
#include "common/state.h"
#include "common/vocabulary.h"

struct credential {
	char account[ACCOUNT_NAME_BYTES];
	char *server; /* origin */
	char *user_id;
	char *username;
	struct secret i;    /* not set when revoked */
	enum method method; /* by which it was obtained: METHOD_APP or METHOD_MIAUTH */
	char *permission;   /* canonical */
	char *app_id;	    /* NULL: MiAuth has no apps */
	char *app_name;	    /* what the server's settings show */
	char *software;	    /* of the server at that time, "misskey 2025.3.1"; NULL: not known */
	enum credential_state state;
	int64_t obtained_at;		       /* unix s */
	int64_t verified_at;		       /* unix s, 0: never */
	int64_t expires_at;		       /* unix s, 0: it is not known to end */
	char session_digest[SHA256_HEX_BYTES]; /* SHA-256 of the session token it came from */
};

/* Frees what CREDENTIAL points to, and erases it. */
void credential_done(struct credential *credential);
/* Whether scripts may use it: verified or unverified. */
bool credential_is_good(const struct credential *credential);
/* Whether it has an i, so that the server can be asked about it: all but the revoked. */
bool credential_is_kept(const struct credential *credential);
/* Adds what credentials.json says of it to OBJECT. ERR_NOMEM. */
int credential_add_members(struct json *object, const struct credential *credential) _must_check_;

struct credentials;
struct credentials_reservation;

/* Opens the store in the state directory DIRFD (borrowed), makes accounts/, removes
 * temporary files that a killed process left there and in DIRFD. No file is an empty store.
 * ERR_DAMAGED, ERR_VERSION, ERR_UNSAFE, ERR_ACCESS, …: nothing was changed, nothing is to be
 * removed; DETAIL names the file and what to do. */
int credentials_open(int dirfd, struct credentials **ret_credentials,
		     struct err_detail *detail) _must_check_;

void credentials_free(struct credentials *credentials);
DEFINE_CLEANUP(struct credentials *, credentials_free);

size_t credentials_count(const struct credentials *credentials);
/* In the order of their names. */
const struct credential *credentials_at(const struct credentials *credentials, size_t index);
const struct credential *credentials_find(const struct credentials *credentials,
					  const char *account);

/* Makes room for the answer of an exchange: temporary files for credentials.json and for the
 * account's two files that are large enough, whatever other reservations are committed first.
 * ERR_NOSPACE, ERR_ACCESS, ERR_IO, … with the file in DETAIL: nothing is left behind. */
int credentials_reserve(struct credentials *credentials, const char *account,
			struct credentials_reservation **ret_reservation,
			struct err_detail *detail) _must_check_;
/* Gives the room back. Free it before the store. */
void credentials_reservation_free(struct credentials_reservation *reservation);
DEFINE_CLEANUP(struct credentials_reservation *, credentials_reservation_free);

/* Makes CREDENTIAL (copied) durable in credentials.json, which makes it visible to
 * credentials_find(), then in the account's env and token. RESERVATION (of the same account) stays
 * the caller's; without one (NULL) the write may find the disk full. On failure the caller tries
 * again later with the same arguments: what is done already is not done twice, and with a
 * reservation every other write of credentials.json takes the credential along. ERR_INVALID or
 * ERR_LIMIT: it can never be written, DETAIL names the member. ERR_NOSPACE, ERR_ACCESS, ERR_IO,
 * ERR_NOMEM, … */
int credentials_store(struct credentials *credentials, const struct credential *credential,
		      struct credentials_reservation *reservation,
		      struct err_detail *detail) _must_check_;

/* Sets the state of the account's credential in all files, and with VERIFIED the time. Where only
 * that time is new it is kept in memory, for the next write or credentials_flush(): thousands of
 * accounts that are verified by the hour must not cost as many writes of the whole file.
 * *ret_changed is whether the state is another now. ERR_NOT_FOUND: there is no credential; else as
 * credentials_store(). */
int credentials_set_state(struct credentials *credentials, const char *account,
			  enum credential_state state, int64_t unix_s, bool *ret_changed,
			  struct err_detail *detail) _must_check_;
/* Whether there are times to be written, and writes them. */
bool credentials_is_stale(const struct credentials *credentials);
int credentials_flush(struct credentials *credentials, struct err_detail *detail) _must_check_;

/* Forgets the account's credential: in credentials.json first, then in its files. With an
 * ORIGIN the account is still known, and its env says that it has none; without, its directory
 * goes. That there is none is no error. ERR_NOSPACE, ERR_ACCESS, ERR_IO, ERR_NOMEM: try again. */
int credentials_remove(struct credentials *credentials, const char *account, const char *origin,
		       struct err_detail *detail) _must_check_;

/* The credential of OLD_NAME, which there must be, is NEW_NAME's from now on, which must have none:
 * in credentials.json first, in one write, then in its files. Errors as
 * credentials_store(). */
int credentials_rename(struct credentials *credentials, const char *old_name, const char *new_name,
		       struct err_detail *detail) _must_check_;

/* Sets the derived files of one known account right, with the server's ORIGIN for an account that
 * has no credential (MISSKEY_STATE=absent). Writes only what differs. ERR_DAMAGED: credentials.json
 * is missing, but not the account's token, which is left alone. */
int credentials_derive(struct credentials *credentials, const char *account, const char *origin,
		       struct err_detail *detail) _must_check_;

/* Removes the derived files of one account that is not known any more and has no credential. While
 * credentials.json is missing, a token stays. */
int credentials_underive(struct credentials *credentials, const char *account,
			 struct err_detail *detail) _must_check_;

/* Removes derived files of accounts for which IS_KNOWN says no. */
int credentials_prune(struct credentials *credentials,
		      bool (*is_known)(const char *account, void *context), void *context,
		      struct err_detail *detail) _must_check_;
