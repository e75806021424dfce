/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Lets the n-th allocation of the code under test fail, and looks at what it frees: a test includes
 * this once and is linked with ALLOC_FAULT_LINK_OPTIONS:
 * -Wl,--wrap=malloc,--wrap=calloc,--wrap=reallocarray,--wrap=free
 */

#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Memory that is freed with this in it was not erased. */
#define ALLOC_MARKER "xGRPd45TqnWGAWof"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
void __wrap_free(void *memory);

static unsigned long alloc_fail_at; /* the n-th from now on; 0: none */
static unsigned long alloc_unerased;

static bool alloc_fails(void)
{
	return alloc_fail_at > 0 && --alloc_fail_at == 0;
}

void *__wrap_malloc(size_t size)
{
	return alloc_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return alloc_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	return alloc_fails() ? NULL : __real_reallocarray(memory, count, size);
}

void __wrap_free(void *memory)
{
	if (memory &&
	    memmem(memory, malloc_usable_size(memory), ALLOC_MARKER, strlen(ALLOC_MARKER)))
		alloc_unerased++;
	/* What was counted must not be found again in the block that gets this memory next. */
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	__real_free(memory);
}
