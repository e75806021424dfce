/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The command line of misskey-token.
 */

#include "common/err.h"
#include "token/token_set.h"

enum token_mode {
	TOKEN_MODE_TOKEN, /* the default */
	TOKEN_MODE_JSON,
	TOKEN_MODE_ENV,
	TOKEN_MODE_HEADER,
	TOKEN_MODE_SERVER,
	TOKEN_MODE_PATH,
	TOKEN_MODE_LIST,
	TOKEN_MODE_FORMAT,
	TOKEN_MODE_CREDENTIAL_HELPER,
	TOKEN_MODE_EXEC,
	TOKEN_MODE_NOTHING, /* --help or --version was printed */
};

struct token_options {
	enum token_mode mode;
	const char *account;   /* NULL: the only one */
	const char *format;    /* TOKEN_MODE_FORMAT */
	const char *operation; /* TOKEN_MODE_CREDENTIAL_HELPER */
	char **command;	       /* TOKEN_MODE_EXEC: the end of argv */
	struct token_sets sets;
};

/* Returns an exit status; what is wrong was said on standard error. */
int token_options_parse(int argc, char **argv, struct token_options *ret_options) _must_check_;
