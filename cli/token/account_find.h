/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Finds accounts by whose they are and where.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/env_file.h"
#include "common/err.h"
#include "common/name_table.h"

/* What an account has to have. NULL: it may have any. Letters are compared in any case. */
struct account_wanted {
	const char *user; /* of user_size bytes */
	size_t user_size;
	const char *server; /* an origin, or a host with its port if there is one */
	bool with_credential;
};

bool account_is_wanted(const struct env_file *file, const struct account_wanted *wanted);

/* Puts the names of the accounts in DIRECTORY that are wanted into *ret_names. A file that cannot
 * be read is passed over. Errors as of account_names_read(); the caller calls account_names_done()
 * in any case. */
int account_find(const char *directory, const struct account_wanted *wanted,
		 struct name_table *ret_names, struct err_detail *detail) _must_check_;

/* The same for @alice@misskey.example, or that without the first @: none if USER_AT_HOST is not of
 * that form. */
int account_find_user(const char *directory, const char *user_at_host, struct name_table *ret_names,
		      struct err_detail *detail) _must_check_;
