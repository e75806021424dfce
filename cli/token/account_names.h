/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_ACCOUNT_NAMES_H
#define TOKEN_ACCOUNT_NAMES_H

/*
 * The names of all accounts: those of the files in env/ of the state directory.
 */

#include <stddef.h>

#include "common/err.h"

struct account_names {
	char **items; /* in order; NULL if there are none */
	size_t count;
};

/* Reads DIRECTORY; other files in it (temporary ones) are passed over. That it does not exist means
 * that there are no accounts. ERR_ACCESS, ERR_IO, ERR_NOMEM with DETAIL. The caller calls
 * account_names_done() in any case. */
int account_names_read(const char *directory, struct account_names *ret_names,
		       struct err_detail *detail) _must_check_;

void account_names_done(struct account_names *names);

#endif
