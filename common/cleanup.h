/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The one clean-up idiom: `_cleanup_(x_freep) struct x *x = NULL;` frees on every way out of the
 * scope; `return TAKE_PTR(x)` or `*ret_x = TAKE_PTR(x)` hands the object on instead.
 */

#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((cleanup(function)))

/* NOLINTBEGIN(bugprone-macro-parentheses): a type cannot be in parentheses */
#define DEFINE_CLEANUP(type, free_function)               \
	static inline void free_function##p(type *object) \
	{                                                 \
		if (*object)                              \
			free_function(*object);           \
	}                                                 \
	struct cleanup_needs_a_semicolon
/* NOLINTEND(bugprone-macro-parentheses) */

#define TAKE_PTR(pointer)                               \
	({                                              \
		__typeof__(pointer) taken_ = (pointer); \
		(pointer) = NULL;                       \
		taken_;                                 \
	})

#define TAKE_FD(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

static inline void freep(void *pointer)
{
	free(*(void **)pointer);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): what the cleanup attribute calls */
static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
