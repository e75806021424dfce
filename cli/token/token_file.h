/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Reads the env file of one account, in three system calls.
 */

#include "common/env_file.h"
#include "common/err.h"
#include "common/translate.h"

/* What to do about a damaged file: errors end with it. */
#define TOKEN_FILE_REPAIR                                                                      \
	_("The daemon writes it again when it starts: systemctl --user restart misskey-authd " \
	  "(without systemd: end misskey-authd and run it again)")

/* Reads PATH, the file of ACCOUNT. ERR_NOT_FOUND; ERR_UNSAFE: its type, owner or mode; ERR_DAMAGED;
 * ERR_ACCESS; ERR_IO. DETAIL says what to do. */
int token_file_read(const char *path, const char *account, struct env_file *ret_file,
		    struct err_detail *detail) _must_check_;
