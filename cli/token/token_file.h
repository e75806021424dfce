/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_TOKEN_FILE_H
#define TOKEN_TOKEN_FILE_H

/*
 * Reads one file env/ACCOUNT of the state directory (docs/credentials.md), in three system calls.
 * It holds a secret: declare it as `_cleanup_(token_file_erase) struct token_file file = {0};`.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/translate.h"

/* An origin of 268 bytes, a name of 64, a user's of 128, a token of 512 and the keys: half of
 * this. */
#define TOKEN_FILE_MAX_BYTES 4096

/* What to do about a damaged one: errors end so. */
#define TOKEN_FILE_REPAIR                                                                     \
	_("The daemon writes it anew when it starts: systemctl --user restart misskey-authd " \
	  "(without systemd: end misskey-authd and run it again)")

enum token_key {
	TOKEN_KEY_STATE,
	TOKEN_KEY_SERVER,
	TOKEN_KEY_ACCOUNT,
	TOKEN_KEY_USER,
	TOKEN_KEY_TOKEN,
	TOKEN_KEY_COUNT,
};

struct token_file {
	char bytes[TOKEN_FILE_MAX_BYTES + 1];
	char *lines[TOKEN_KEY_COUNT]; /* "MISSKEY_…=VALUE" in bytes; NULL: there is none */
};

/* Takes the SIZE bytes in FILE, which is otherwise zero, apart. NULL, or a clause that says what
 * keeps them from being the file of ACCOUNT. */
const char *token_file_parse(struct token_file *file, size_t size, const char *account);

/* Reads PATH, the file of ACCOUNT. What it holds is complete and of a harmless alphabet afterwards:
 * no quoting is needed in JSON or a shell. ERR_NOT_FOUND; ERR_UNSAFE: its type, owner or mode;
 * ERR_DAMAGED; ERR_ACCESS; ERR_IO. DETAIL says what to do. */
int token_file_read(const char *path, const char *account, struct token_file *ret_file,
		    struct err_detail *detail) _must_check_;

/* The value of KEY, "" if there is none. */
const char *token_file_value(const struct token_file *file, enum token_key key);

/* Whether scripts may use the credential: it is verified or unverified. */
bool token_file_is_good(const struct token_file *file);

void token_file_erase(struct token_file *file);

#endif
