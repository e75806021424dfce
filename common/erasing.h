/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Memory of malloc() that is erased before it is freed: for libraries that hold our secrets and let
 * us replace their allocator (cJSON, libcurl, OpenSSL). free() works on it too, but erases nothing.
 */

#include <stddef.h>

/* NULL is fine. */
void erasing_free(void *memory);

/* As realloc() is with a SIZE above 0; what MEMORY held is erased where it was. 0 frees, and gives
 * NULL. NULL also without memory: MEMORY is then as it was. */
void *erasing_realloc(void *memory, size_t size);
