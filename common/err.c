/* SPDX-License-Identifier: MIT */
#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/translate.h"

const char *err_text(int code)
{
	/* The codes are 0 and negative. */
	static const char *const texts[] = {
		[-ERR_OK] = N_("no error"),
		[-ERR_NOMEM] = N_("out of memory"),
		[-ERR_INVALID] = N_("a value is not allowed here"),
		[-ERR_SYNTAX] = N_("the text is not in the expected form"),
		[-ERR_LIMIT] = N_("a limit is exceeded"),
		[-ERR_NOT_FOUND] = N_("there is no such thing"),
		[-ERR_EXISTS] = N_("there is one already"),
		[-ERR_UNSAFE] = N_("a file's owner, type or mode is not safe to use"),
		[-ERR_DAMAGED] = N_("a file is damaged"),
		[-ERR_VERSION] = N_("a file was written by a newer version"),
		[-ERR_NOSPACE] = N_("no room on the file system"),
		[-ERR_ACCESS] = N_("access denied"),
		[-ERR_IO] = N_("input or output failed"),
		[-ERR_BUSY] = N_("in use by another process"),
		[-ERR_CRYPTO] = N_("the cryptographic library failed"),
		[-ERR_LIBRARY] = N_("a library failed"),
		[-ERR_OTHER_USER] = N_("it is another user's"),
	};

	if (code > 0 || code <= -(int)(sizeof(texts) / sizeof(texts[0])))
		return N_("unknown error");
	return texts[-code];
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
		/* 0 too: the caller saw a failure, so this must not become ERR_OK. */
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
