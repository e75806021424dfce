/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The credential of one account, and what is said if there is none. Statuses are exit statuses.
 */

#include "common/env_file.h"
#include "common/err.h"

/* Reads what the directory of all accounts, DIRECTORY, has of ACCOUNT. Errors as of
 * token_file_read(). */
int account_credential_read(const char *directory, const char *account, struct env_file *ret_file,
			    struct err_detail *detail) _must_check_;

/* Says on standard error what is wrong with the credential, and which command helps. */
int account_credential_check(const struct env_file *file) _must_check_;

/* Says DETAIL of the error CODE. */
int account_credential_failed(int code, const struct err_detail *detail) _must_check_;
