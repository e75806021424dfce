/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Finds accounts by whose they are: @alice@misskey.example, or the same without the first @.
 */

#include "common/err.h"
#include "common/name_table.h"

/* Puts the names of the accounts in DIRECTORY whose user and server USER_AT_HOST names, in any case
 * of letters, into *ret_names: none if it is not of that form. A file that cannot be read is passed
 * over. Errors as of account_names_read(); the caller calls account_names_done() in any case. */
int account_of_user_find(const char *directory, const char *user_at_host,
			 struct name_table *ret_names, struct err_detail *detail) _must_check_;
