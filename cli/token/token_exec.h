/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * --exec: becomes a command that has the credential in its environment.
 */

#include "common/env_file.h"
#include "token/token_set.h"

/* Returns only if that fails: the exit status, after the reason was said on standard error. */
int token_exec(char **command, const struct token_sets *sets, struct env_file *file) _must_check_;
