/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Whether something in the file system is of the right kind, the person's own, and closed to
 * others.
 */

#include <sys/stat.h>

#include "findings.h"

enum doctor_path {
	DOCTOR_PATH_GOOD,
	DOCTOR_PATH_MISSING,
	DOCTOR_PATH_BAD,
};

/* Looks at PATH, which should be of KIND: S_IFDIR (a symbolic link to one will do), S_IFREG or
 * S_IFSOCK. If it is bad, a finding says so; the caller judges if it is missing. */
enum doctor_path doctor_check_path(struct findings *findings, const char *path, mode_t kind);

/* The same for a directory inside the state directory, where the daemon follows no link. */
enum doctor_path doctor_check_subdirectory(struct findings *findings, const char *path);
