/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * credentials.json and registry.json: an object with a version and with lists of entries. A message
 * about a damaged one never quotes the content, which is full of secrets.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "entry.h"

struct state_file {
	const char *name;
	size_t max_bytes;
	int64_t version;	    /* the newest that is known */
	const char *damaged_advice; /* both end so that ": mv …" can follow */
	const char *version_advice;
	const struct entry_kind *const *kinds; /* of the lists, in the file's order */
	size_t kind_count;
};

/* Reads SIZE bytes of TEXT, the content of FILE in the directory DIRFD (which is used for messages
 * alone), into the empty LISTS, one for each kind of FILE. The caller frees their rows, after a
 * failure too. ERR_DAMAGED, ERR_VERSION, ERR_NOMEM. */
int state_file_parse(const struct state_file *file, int dirfd, const char *text, size_t size,
		     struct name_table *lists, struct err_detail *detail) _must_check_;

/* The same for the file on disk; tightens its mode. No file is empty lists, and *ret_is_missing.
 * Also the errors of fsx_read(). */
int state_file_read(const struct state_file *file, int dirfd, struct name_table *lists,
		    bool *ret_is_missing, struct err_detail *detail) _must_check_;

/* Appends the file with LISTS in it. ERR_NOMEM; ERR_LIMIT: it could not be read again. */
int state_file_print(const struct state_file *file, const struct name_table *lists,
		     struct buf *text) _must_check_;
