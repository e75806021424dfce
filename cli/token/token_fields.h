/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The fields of a credential that --set and --format name.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/env_file.h"
#include "common/err.h"

struct token_field {
	const char *name;
	enum env_key key;
	/* What its value may consist of to be put into any text as it is: a URL, JSON, a shell's
	 * command line. */
	const char *plain;
};

/* The field whose name is the first SIZE bytes of NAME. NULL if there is none; then DETAIL names
 * those that there are. */
const struct token_field *token_field_find(const char *name, size_t size,
					   struct err_detail *detail);

/* NULL if the account has none; then DETAIL says so. */
const char *token_field_value(const struct token_field *field, const struct env_file *file,
			      struct err_detail *detail);

/* Whether VALUE can be put into any text as it is. */
bool token_field_is_plain(const struct token_field *field, const char *value);
