/* SPDX-License-Identifier: MIT */
#include "common/erasing.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "common/secret.h"

void erasing_free(void *memory)
{
	secret_erase(memory, malloc_usable_size(memory));
	free(memory);
}

void *erasing_realloc(void *memory, size_t size)
{
	size_t held = malloc_usable_size(memory);
	void *larger;

	if (size == 0) {
		erasing_free(memory);
		return NULL;
	}
	/* realloc() would leave a copy behind where it moves. */
	larger = malloc(size);
	if (!larger)
		return NULL;
	if (memory)
		memcpy(larger, memory, held < size ? held : size);
	erasing_free(memory);
	return larger;
}
