/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Decides whether a text is strict JSON (RFC 8259, UTF-8 as in RFC 3629) before cJSON sees it, for
 * json.c alone. What passes here cJSON 1.7.15 parses without loss, or has no memory.
 */

#include <stddef.h>

#include "common/err.h"

/* cJSON copies a number into 64 bytes and silently cuts a longer one. */
#define JSON_NUMBER_MAX_BYTES 63

/* 0 if SIZE bytes of TEXT are exactly one value. ERR_SYNTAX, ERR_LIMIT (too deep, a number too
 * long), ERR_NOMEM; DETAIL says at which byte, counted from 1, and why. */
int json_check(const char *text, size_t size, struct err_detail *detail) _must_check_;
