/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A secret: appSecret, accessToken, i, session token, cookie. It is text of a limited length, is
 * erased when it is replaced or done, and is reached only through secret_reveal(), so that every
 * use can be found by that name. Declare it as `_cleanup_(secret_done) struct secret s = {0};`.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/* Misskey's are 32 to 64 characters; the bound is for a server that lies. */
#define SECRET_MAX_BYTES 512

struct secret {
	char *hidden; /* use secret_reveal() */
	size_t size;  /* bytes, without the terminating NUL */
};

/* Replaces what SECRET held by a copy of TEXT, which may be its own; "" is the same as no secret.
 * On failure SECRET is unchanged. ERR_NOMEM; ERR_LIMIT above SECRET_MAX_BYTES; ERR_INVALID for
 * NULL. */
int secret_set_text(struct secret *secret, const char *text) _must_check_;
int secret_copy(struct secret *secret, const struct secret *from) _must_check_;

bool secret_is_set(const struct secret *secret);

/* The text itself, "" when not set; valid until SECRET changes. Never log it. */
const char *secret_reveal(const struct secret *secret);

/* Whether SECRET is set and is TEXT (NULL is fine); takes as long for equal as for different
 * contents of one length. */
bool secret_equal_text(const struct secret *secret, const char *text);

void secret_done(struct secret *secret);

/* Overwrites memory in a way that the compiler keeps. */
void secret_erase(void *memory, size_t size);
