/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Whether a file that the daemon obeys (the config, ca_file, the program of a hook) is safe: only
 * the user and root can write it or replace it. As with OpenSSH's StrictModes, the
 * file and each directory on the way belong to the user or to root, and neither group nor others
 * can write them. The rules that differ:
 *
 * - A group whose only member is the user may write (user private groups, umask 002).
 * - A sticky directory, such as /tmp, may be writable: nobody can rename the files of others there,
 *   and a file that somebody else made there is refused for its owner.
 * - Directories above the home are not looked at if the path begins with the home: they are the
 *   administrator's matter.
 * - In a user namespace, such as a container's, root and all other users look alike. Such an owner
 *   counts as root, but not for a file below the home.
 *
 * Each step is taken from the descriptor of the directory that was looked at, so nothing can be
 * exchanged between the look and the use. Symbolic links are followed by the same rules.
 */

#include <stdbool.h>

#include "common/err.h"

struct trust {
	const char *home; /* "": none */
};

/* Opens the regular file PATH for reading. ERR_UNSAFE: not safe, not a regular file, or a loop of
 * links. ERR_NOT_FOUND: there is no such name. ERR_ACCESS, ERR_IO, ERR_LIMIT: it cannot be reached,
 * for example because a symbolic link leads to nothing. The caller closes *ret_fd. */
int trust_open(const struct trust *trust, const char *path, int *ret_fd,
	       struct err_detail *detail) _must_check_;

/* The same without opening it, for a file of any type. */
int trust_check(const struct trust *trust, const char *path,
		struct err_detail *detail) _must_check_;
