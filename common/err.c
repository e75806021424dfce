/* SPDX-License-Identifier: MIT */
#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/translate.h"

const char *err_text(int code)
{
	switch ((enum err)code) {
	case ERR_OK:
		return N_("no error");
	case ERR_NOMEM:
		return N_("out of memory");
	case ERR_INVALID:
		return N_("a value is not allowed here");
	case ERR_SYNTAX:
		return N_("the text is not in the expected form");
	case ERR_LIMIT:
		return N_("a limit is exceeded");
	case ERR_NOT_FOUND:
		return N_("there is no such thing");
	case ERR_EXISTS:
		return N_("there is one already");
	case ERR_UNSAFE:
		return N_("a file's owner, type or mode is not safe to use");
	case ERR_DAMAGED:
		return N_("a file is damaged");
	case ERR_VERSION:
		return N_("a file was written by a newer version");
	case ERR_NOSPACE:
		return N_("no room on the file system");
	case ERR_ACCESS:
		return N_("access denied");
	case ERR_IO:
		return N_("input or output failed");
	case ERR_BUSY:
		return N_("in use by another process");
	case ERR_CRYPTO:
		return N_("the cryptographic library failed");
	case ERR_LIBRARY:
		return N_("a library failed");
	}
	return N_("unknown error");
}

int err_from_errno(int errnum)
{
	switch (errnum) {
	case ENOMEM:
		return ERR_NOMEM;
	case ENAMETOOLONG:
		return ERR_LIMIT;
	case ENOENT:
		return ERR_NOT_FOUND;
	case EEXIST:
		return ERR_EXISTS;
	case ELOOP: /* what O_NOFOLLOW says of a symbolic link */
		return ERR_UNSAFE;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return ERR_NOSPACE;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_ACCESS;
	case EAGAIN:
	case EBUSY:
	case EADDRINUSE:
		return ERR_BUSY;
	default:
		/* 0 too: who asks has seen a failure, and must not be told of success. */
		return ERR_IO;
	}
}

int err_set(struct err_detail *detail, int code, const char *format, ...)
{
	/* Not written in place, because detail->text may be among the arguments. */
	char text[ERR_DETAIL_BYTES];
	va_list arguments;

	if (!detail)
		return code;

	va_start(arguments, format);
	if (vsnprintf(text, sizeof(text), format, arguments) < 0)
		snprintf(text, sizeof(text), "%s", err_text(code));
	va_end(arguments);

	memcpy(detail->text, text, strlen(text) + 1);
	return code;
}
