/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * agent.json: what was told of each account. An agent tells what differs from it, so nothing is
 * lost when the agent or the daemon ends at any moment: what is not written here is told again.
 * There is no secret in it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/name_table.h"
#include "common/url.h"
#include "hook/hooks.h"

#define TOLD_FILE "agent.json"
/* Begins the names of problems that are no account's; the problem's code follows. */
#define TOLD_PROBLEM '!'
/* While a hook runs: nobody knows yet what has been told. It differs from everything. */
#define TOLD_UNKNOWN "?"
/* What can be told: "verified" and a digest is the longest. */
#define TOLD_BYTES NEWS_CREDENTIAL_BYTES

struct told_row {
	char name[ACCOUNT_NAME_BYTES]; /* an account's, or a problem's */
	char server[URL_ORIGIN_BYTES]; /* "" for a problem */
	/* In the file; "": nothing, here and below. */
	char told[CONFIG_HOOK_COUNT][TOLD_BYTES]; /* by a hook that has come to its end */
	char shown[TOLD_BYTES];			  /* which credential the desktop has shown */
	/* Not in the file. */
	char now[CONFIG_HOOK_COUNT][TOLD_BYTES]; /* what the daemon said last */
	uint64_t turn[CONFIG_HOOK_COUNT];	 /* smaller is earlier; 0: no hook is to be run */
	struct hook_event error;		 /* what on_error is to be told */
	bool is_there;				 /* the daemon has the account, or the problem */
};

struct told {
	int dirfd;
	struct name_table rows; /* of struct told_row */
};

/* Reads agent.json of the directory DIRFD (borrowed). One that is damaged is kept under another
 * name, and everything is told again. ERR_NOMEM, ERR_ACCESS, ERR_IO, ERR_UNSAFE. */
int told_open(int dirfd, struct told **ret_told, struct err_detail *detail) _must_check_;

/* Makes one where there is none. NULL: no memory. */
struct told_row *told_of(struct told *told, const char *name);
void told_forget(struct told *told, const char *name);

/* Writes the file. */
int told_save(const struct told *told, struct err_detail *detail) _must_check_;

void told_free(struct told *told);
DEFINE_CLEANUP(struct told *, told_free);
