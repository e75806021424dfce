/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The one reader of whole numbers that come from outside as text. JSON's are in common/json.h.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads SIZE bytes of TEXT that are decimal digits and nothing else: no sign, no blank. False for
 * anything else and for more than MAX, which is at most what the caller's type holds. Leading
 * zeros are allowed. */
bool number_read(const char *text, size_t size, uint64_t max, uint64_t *ret_number);

/* How many digits TEXT begins with. */
size_t number_length(const char *text);

/* Whether TEXT is the id of this process. */
bool number_is_own_pid(const char *text);
