/* SPDX-License-Identifier: MIT */
#ifndef STORE_STATE_FILE_H
#define STORE_STATE_FILE_H

/*
 * What credentials.json and registry.json have in common: an object with a version, and a sentence
 * for the person who finds one damaged. Content is never quoted: it is full of secrets.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/json.h"

struct state_file {
	const char *name;
	size_t max_bytes;
	int64_t version;	    /* the newest that is known */
	const char *damaged_advice; /* both end so that ": mv …" can follow */
	const char *version_advice;
};

/* Reads SIZE bytes of TEXT, the content of FILE in the directory DIRFD (which is used for messages
 * alone), up to and including the version. The caller frees *ret_root. ERR_DAMAGED, ERR_VERSION,
 * ERR_NOMEM. */
int state_file_parse(const struct state_file *file, int dirfd, const char *text, size_t size,
		     struct json **ret_root, struct err_detail *detail) _must_check_;

/* The same for what is on disk; tightens its mode. *ret_root is NULL if there is no such file. Also
 * what fsx_read() says. */
int state_file_read(const struct state_file *file, int dirfd, struct json **ret_root,
		    struct err_detail *detail) _must_check_;

/* Writes to DETAIL that FILE is damaged at WHERE, and what to do. Returns ERR_DAMAGED. */
int state_file_damaged(const struct state_file *file, int dirfd, const char *where,
		       struct err_detail *detail) _must_check_;

#endif
