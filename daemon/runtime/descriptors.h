/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * How many descriptors the process may have. The usual soft limit of 1,024 is there for programs
 * that use select(). The daemon and its libraries use epoll and poll, so it takes what the hard
 * limit allows.
 */

/* Raises the soft limit to the hard one. Without success it stays as it is. */
void descriptors_raise_limit(void);
