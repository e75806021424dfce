/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Digests, the only user of OpenSSL in common/, and random numbers.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

#define SHA256_HEX_BYTES 65    /* 64 digits and a NUL */
#define SHA256_BASE64_BYTES 45 /* 44 characters and a NUL */
#define RANDOM_ID_BYTES 33     /* 128 bits as 32 digits, and a NUL */
#define RANDOM_UUID_BYTES 37   /* the same with four hyphens */

/* Prepares OpenSSL and makes it erase all memory that it frees, TLS's too. Call it before anything
 * else of OpenSSL. ERR_CRYPTO. */
int digest_init(void) _must_check_;

/* Lower-case hex of SHA-256 over A followed by B; either may be empty. This is Misskey's
 * i = sha256(accessToken + appSecret) (legacy app login, step 4). ERR_CRYPTO, ERR_NOMEM. */
int digest_sha256_hex(const void *a, size_t a_size, const void *b, size_t b_size,
		      char ret_hex[static SHA256_HEX_BYTES]) _must_check_;

/* Base64 of SHA-256 over SIZE bytes, as a CSP hash-source wants it. ERR_CRYPTO, ERR_NOMEM. */
int digest_sha256_base64(const void *bytes, size_t size,
			 char ret_base64[static SHA256_BASE64_BYTES]) _must_check_;

/* 128 random bits as 32 lower-case hex digits: unguessable names of pages and cookies.
 * ERR_CRYPTO. */
int random_id(char ret_id[static RANDOM_ID_BYTES]) _must_check_;

/* A random UUID (RFC 9562, version 4) in lower case: 122 random bits. ERR_CRYPTO. */
int random_uuid(char ret_uuid[static RANDOM_UUID_BYTES]) _must_check_;

/* SIZE random bytes, 256 at most (getentropy(3)). ERR_CRYPTO. */
int random_bytes(void *ret_bytes, size_t size) _must_check_;

/* Whether both texts are the same, in a time that depends on their lengths alone. */
bool digest_text_equal(const char *a, const char *b);
