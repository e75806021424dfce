/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * UTF-8 as in RFC 3629: no overlong forms, no surrogates. It is in text.c.
 */

#include <stddef.h>
#include <stdint.h>

/* Reads the first character of TEXT, which has SIZE bytes, or ends with a NUL before. Returns how
 * many bytes it takes, or 0 if it is not UTF-8. */
size_t utf8_read(const char *text, size_t size, uint32_t *ret_char);
