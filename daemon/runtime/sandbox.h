/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the service's sandbox does not show looks as if it were not there, or could not be written.
 * Whoever fails at a file says with this that the sandbox may be why, and what to do about it.
 * misskey-authd.service has an empty, read-only file system in place of the home directory, with
 * the state and the configuration in it; docs/systemd.md says how to have more.
 */

#include <stdbool.h>

#include "common/err.h"

/* Whether this process sees that file system instead of its home. */
bool sandbox_is_around(void);

/* Adds to DETAIL, about PATH, how to show it in the sandbox: by BindPaths= if WRITABLE, else by
 * BindReadOnlyPaths=. Where PATH can be seen, or without a sandbox, DETAIL stays as it is. */
void sandbox_explain(const char *path, bool writable, struct err_detail *detail);

/* For struct trust: whether the sandbox may hide PATH, which is not seen. DETAIL, which says so,
 * then also says what helps. */
bool sandbox_hides(const char *path, struct err_detail *detail);
