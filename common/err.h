/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The errors of every module. A function that can fail returns 0 or one of these codes, all
 * negative; where a person needs to know more, it also fills a struct err_detail with one
 * sentence: what happened, to what, and what to do next.
 */

#include <stddef.h>

#define _must_check_ __attribute__((warn_unused_result))
#define _printf_(string, first) __attribute__((format(printf, string, first)))

enum err {
	ERR_OK = 0,
	ERR_NOMEM = -1,	      /* no memory */
	ERR_INVALID = -2,     /* a value is not allowed here */
	ERR_SYNTAX = -3,      /* text is not in the expected form */
	ERR_LIMIT = -4,	      /* larger, longer or deeper than the stated maximum */
	ERR_NOT_FOUND = -5,   /* there is no such thing */
	ERR_EXISTS = -6,      /* there is one already */
	ERR_UNSAFE = -7,      /* a file's owner, type or mode is not safe to use */
	ERR_DAMAGED = -8,     /* a file's content cannot be what was written */
	ERR_VERSION = -9,     /* a file is of a newer format */
	ERR_NOSPACE = -10,    /* ENOSPC, EDQUOT, EFBIG */
	ERR_ACCESS = -11,     /* EACCES, EPERM, EROFS */
	ERR_IO = -12,	      /* any other failure of a system call */
	ERR_BUSY = -13,	      /* held by somebody else: a lock, a port */
	ERR_CRYPTO = -14,     /* OpenSSL refused */
	ERR_LIBRARY = -15,    /* another library refused */
	ERR_OTHER_USER = -16, /* it is another user's */
};

/* Longest detail, NUL included: a path (4096 at most, cut in the middle of a message is
 * acceptable) and a sentence. Longer text is cut at the end. */
#define ERR_DETAIL_BYTES 1024

struct err_detail {
	char text[ERR_DETAIL_BYTES];
};

/* A constant English phrase for CODE, without a full stop; never NULL. _() translates it. */
const char *err_text(int code);

/* The code that stands for the errno value ERRNUM. */
int err_from_errno(int errnum);

/* Writes the formatted text to DETAIL (NULL: does nothing) and returns CODE, so that a caller can
 * write `return err_set(detail, ERR_INVALID, "…")`. DETAIL's own text may be among the arguments,
 * to put something in front of it. */
int err_set(struct err_detail *detail, int code, const char *format, ...) _printf_(3, 4);
