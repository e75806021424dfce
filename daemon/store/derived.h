/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * accounts/NAME/env and accounts/NAME/token, which are derived from credentials.json: what scripts
 * read. A container may have the directory of an account mounted: it stays the same one until the
 * account is removed.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/fsx.h"
#include "store/credentials.h"

/* The directory of the accounts' directories. -1: not open. */
struct derived {
	int accounts_fd;
};

/* Temporary files with room for what is to be written. NULL: there is none. */
struct derived_room {
	int dirfd; /* the account's directory; -1: not open */
	struct fsx_temp *env;
	struct fsx_temp *token;
};

/* Opens or makes the directory in DIRFD, and removes temporary files from those of the accounts.
 * After a failure too, derived_close(). */
int derived_open(struct derived *derived, int dirfd, struct err_detail *detail) _must_check_;
void derived_close(struct derived *derived);

/* Makes the account's directory, if there is none, and ROOM in it. After a failure too,
 * derived_room_done(). */
int derived_reserve(const struct derived *derived, const char *account, struct derived_room *room,
		    struct err_detail *detail) _must_check_;
/* Gives the room back, and removes a directory in which nothing was written. */
void derived_room_done(const struct derived *derived, const char *account,
		       struct derived_room *room);

/* Writes TEXT to NAME in DIRFD: to *TEMP, which is NULL afterwards, or without one as a new file.
 */
int derived_commit(int dirfd, const char *name, const struct buf *text, struct fsx_temp **temp,
		   struct err_detail *detail) _must_check_;

/* Makes the account's env and then its token say what CREDENTIAL says, or that there is none (NULL)
 * for a server of this ORIGIN. Writes only what differs. ROOM may be NULL. */
int derived_write(const struct derived *derived, const char *account, const char *origin,
		  const struct credential *credential, struct derived_room *room,
		  struct err_detail *detail) _must_check_;

bool derived_has_token(const struct derived *derived, const char *account);

/* Removes both files of ACCOUNT and its directory, unless something else is in that. */
int derived_remove(const struct derived *derived, const char *account,
		   struct err_detail *detail) _must_check_;

/* Removes the files of accounts for which IS_KNOWN says no. */
int derived_prune(const struct derived *derived,
		  bool (*is_known)(const char *account, void *context), void *context,
		  struct err_detail *detail) _must_check_;

/* Appends what the account's env is to hold; CREDENTIAL may be NULL: absent. ERR_NOMEM,
 * ERR_INVALID: a value that does not fit there. */
int derived_env_text(const char *account, const char *origin, const struct credential *credential,
		     struct buf *text) _must_check_;
