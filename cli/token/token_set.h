/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * --set VARIABLE=FIELD: which variables the command of --exec gets beside the three that it always
 * gets.
 */

#include <stddef.h>

#include "common/err.h"
#include "token/token_fields.h"

/* A program has a handful of variables for its server and its token. */
#define TOKEN_SETS_MAX 32

struct token_sets {
	struct token_set {
		const char *variable; /* its first size bytes */
		size_t size;
		const struct token_field *field;
	} rows[TOKEN_SETS_MAX];
	size_t count;
};

/* Adds VARIABLE=FIELD, which has to stay. ERR_SYNTAX, ERR_LIMIT; DETAIL is a sentence. */
int token_sets_add(struct token_sets *sets, const char *variable_and_field,
		   struct err_detail *detail) _must_check_;
