/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * How many descriptors the process may have. The usual soft limit of 1,024 is there for programs
 * that use select(). The daemon and its libraries use epoll and poll, so it takes what the hard
 * limit allows; what it starts has the limit that it was started with.
 */

/* Raises the soft limit to the hard one. Without success it stays as it is. */
void descriptors_raise_limit(void);

/* Around the start of another program: the limit as it was, and the raised one again. */
void descriptors_restore_limit(void);
