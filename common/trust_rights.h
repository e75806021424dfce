/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * For trust.c: who owns a file, and who can write it.
 */

#include <stdbool.h>
#include <sys/stat.h>

/* Whether the owner UID is the user or root. COUNTS_AS_ROOT: an owner that this user namespace does
 * not know counts as root. */
bool trust_owner(uid_t uid, bool counts_as_root);

/* Whether others than the owner and root can write FD, whose status is STATUS. */
bool trust_others_can_write(int fd, const struct stat *status);
