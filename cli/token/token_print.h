/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Prints a credential. Statuses are exit statuses.
 */

#include "common/buf.h"
#include "common/env_file.h"
#include "token/token_options.h"

/* Writes TEXT to standard output. A failure is said on standard error, but for a pipe whose reader
 * has gone. */
int token_print_text(const struct buf *text) _must_check_;

/* Prints FILE in the way of OPTIONS; a path is one in DIRECTORY, that of all accounts. FILE is not
 * to be used after that. */
int token_print(const struct token_options *options, struct env_file *file,
		const char *directory) _must_check_;
