/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The files in which an account's credential is (docs/credentials.md).
 */

#include "common/buf.h"

enum account_file {
	ACCOUNT_FILE_CREDENTIALS, /* that of all accounts */
	ACCOUNT_FILE_ENV,
	ACCOUNT_FILE_TOKEN,
	ACCOUNT_FILE_COUNT,
};

/* Appends the path of ACCOUNT's FILE, in the STATE_DIRECTORY of GET /v1/status. */
void account_files_append(struct buf *path, const char *state_directory, enum account_file file,
			  const char *account);
