/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The file accounts/NAME/env of the state directory (docs/credentials.md): lines of KEY=VALUE. The
 * daemon writes it, misskey-token reads it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

/* 8,320 for 128 permissions of 64 bytes and their commas; 800 for an origin of 267 bytes, three
 * times; 64 and 128 for names, 128 for an id, 512 for a token; 150 for the keys. Together 10.1 KB.
 */
#define ENV_FILE_MAX_BYTES (12 * 1024)

/* In the order of the file. */
enum env_key {
	ENV_KEY_STATE,
	ENV_KEY_SERVER,
	ENV_KEY_URL,
	ENV_KEY_HOST,
	ENV_KEY_ACCOUNT,
	ENV_KEY_USER,
	ENV_KEY_USER_ID,
	ENV_KEY_PERMISSION,
	ENV_KEY_TOKEN,
	ENV_KEY_COUNT,
};

/* Appends the file with VALUES; a NULL is left out. ERR_NOMEM; ERR_INVALID for a value that would
 * be refused when it is read. */
int env_file_write(const char *const values[static ENV_KEY_COUNT], struct buf *text) _must_check_;

/* A file that was read. It holds a secret: declare it as
 * `_cleanup_(env_file_erase) struct env_file file = {0};`. */
struct env_file {
	char bytes[ENV_FILE_MAX_BYTES + 1];
	char *lines[ENV_KEY_COUNT]; /* "MISSKEY_…=VALUE" in bytes; NULL: there is none */
};

/* Splits the first SIZE of FILE's bytes into lines; the rest of FILE must be zero. Returns NULL, or
 * a clause that says why these bytes cannot be the file of ACCOUNT. After success no value needs
 * quoting in JSON or in a shell. */
const char *env_file_parse(struct env_file *file, size_t size, const char *account);

/* The value of KEY, "" if there is none. */
const char *env_file_value(const struct env_file *file, enum env_key key);

/* Whether scripts may use the credential: it is verified or unverified. */
bool env_file_is_good(const struct env_file *file);

void env_file_erase(struct env_file *file);
