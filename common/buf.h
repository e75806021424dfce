/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A growable run of bytes, always NUL-terminated, that is erased when it grows or is freed: most of
 * what this project puts together (state files, requests, replies) holds a secret somewhere.
 * Declare it as `_cleanup_(buf_done) struct buf text = {0};`.
 *
 * Appending remembers the first failure (no memory, or more than BUF_MAX_BYTES) and does nothing
 * from then on, so a caller builds a text and looks once, at buf_error().
 */

#include <stddef.h>

#include "common/err.h"

/* Nothing that we build is larger: 10,000 accounts take 20 MiB. */
#define BUF_MAX_BYTES ((size_t)64 * 1024 * 1024)

struct buf {
	char *bytes; /* NULL until the first byte; read it through buf_text() */
	size_t size; /* without the terminating NUL */
	size_t capacity;
	int error; /* 0, ERR_NOMEM or ERR_LIMIT */
};

/* Makes room for MORE bytes at once: growing step by step copies and erases each time. */
void buf_reserve(struct buf *buf, size_t more);

void buf_append(struct buf *buf, const void *bytes, size_t size);
void buf_append_text(struct buf *buf, const char *text);
void buf_append_char(struct buf *buf, char c);
void buf_append_format(struct buf *buf, const char *format, ...) _printf_(2, 3);

/* The text, "" if there is none; valid until the next append. */
const char *buf_text(const struct buf *buf);

/* 0, or the first failure. */
int buf_error(const struct buf *buf) _must_check_;

/* Hands the bytes over as a NUL-terminated string that the caller frees (it is not erased by
 * free()); BUF is empty afterwards. NULL if there was a failure. */
char *buf_take(struct buf *buf);

/* Removes the first SIZE bytes, which must be there; none of them is left in memory. */
void buf_remove_front(struct buf *buf, size_t size);

/* Erases the content and frees the memory; BUF may be used again. */
void buf_done(struct buf *buf);
