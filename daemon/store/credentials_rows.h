/* SPDX-License-Identifier: MIT */
#ifndef STORE_CREDENTIALS_ROWS_H
#define STORE_CREDENTIALS_ROWS_H

/*
 * What the parts of the store share: credentials.c (the truth), credentials_room.c (reservations)
 * and credentials_derived.c (env/ and tokens/).
 */

#include "common/fsx.h"
#include "common/name_table.h"
#include "store/credentials.h"

struct credentials_reservation {
	char account[ACCOUNT_NAME_BYTES]; /* first: name_table sorts by it */
	struct credentials *credentials;
	struct credentials_reservation *next;
	/* NULL once they have become the files. */
	struct fsx_temp *file;
	struct fsx_temp *env;
	struct fsx_temp *token;
	/* What could not be made durable yet. Every write of credentials.json takes it along: the
	 * failed write may have reached the disk (only the directory's fsync failed), and the next
	 * one must not undo it. */
	struct credential *unwritten;
};

struct credentials {
	int dirfd; /* borrowed */
	int env_fd;
	int tokens_fd;
	struct name_table accounts; /* of struct credential, as they are on disk */
	struct credentials_reservation *reservations; /* those that are open */
	size_t text_size; /* of ACCOUNTS, in bytes; 0: it is not known */
	bool is_stale;	  /* a time of verification in ACCOUNTS is newer than on disk */
	bool is_missing;  /* there was no credentials.json: the derived files may be the last copies
			   */
};

/* Sees to it that every reservation has room for SIZE bytes and for what all of them may add. */
int credentials_room_secure(struct credentials *credentials, size_t size,
			    struct err_detail *detail) _must_check_;

/* Makes env/ACCOUNT and tokens/ACCOUNT say what the store says, in this order; ORIGIN and
 * RESERVATION may be NULL where there is a credential. */
int credentials_derived_write(struct credentials *credentials, const char *account,
			      const char *origin, struct credentials_reservation *reservation,
			      struct err_detail *detail) _must_check_;

/* Removes both. */
int credentials_derived_remove(struct credentials *credentials, const char *account,
			       struct err_detail *detail) _must_check_;

/* Writes TEXT to NAME in DIRFD: to *TEMP, which is NULL afterwards, or without one as a new file.
 */
int credentials_write_file(int dirfd, const char *name, const struct buf *text,
			   struct fsx_temp **temp, struct err_detail *detail) _must_check_;

#endif
