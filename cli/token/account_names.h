/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The names of all accounts: those of the directories in accounts/ of the state directory. Each row
 * is a name.
 */

#include "common/buf.h"
#include "common/err.h"
#include "common/name_table.h"

/* Reads DIRECTORY and skips what is no account: one without an env file. A directory that
 * does not exist means that there are no accounts. ERR_ACCESS, ERR_IO, ERR_NOMEM with DETAIL. The
 * caller calls account_names_done() in any case. */
int account_names_read(const char *directory, struct name_table *ret_names,
		       struct err_detail *detail) _must_check_;

/* The same, with those that have no env file. */
int account_names_read_all(const char *directory, struct name_table *ret_names,
			   struct err_detail *detail) _must_check_;

/* Appends the names for a message: the first twenty, and how many more there are. */
void account_names_append(struct buf *line, const struct name_table *names);

void account_names_done(struct name_table *names);
