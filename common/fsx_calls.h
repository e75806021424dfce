/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What fsx.c and fsx_temp.c share: sentences for errors, and fsync. NAME is relative to DIRFD (or
 * to the working directory for AT_FDCWD) and is shown with the directory's own path.
 */

#include "common/err.h"

/* "cannot DOING PATH: <what ERRNUM means>; <what to do>". Returns the code of ERRNUM. */
int fsx_fail(struct err_detail *detail, int errnum, const char *doing, int dirfd, const char *name);

/* "PATH is not safe to use: WHY". Returns ERR_UNSAFE. */
int fsx_refuse(struct err_detail *detail, int dirfd, const char *name, const char *why);

/* fsync(), again after a signal. 0, or -1 with errno. */
int fsx_sync(int fd) _must_check_;
