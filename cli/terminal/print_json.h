/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The result of a command as JSON on standard output.
 */

#include <stdbool.h>

#include "common/err.h"
#include "common/json.h"

/* On one line, or INDENTED. A failure is said on standard error; the exit status is returned. */
int print_json(const struct json *value, bool indented) _must_check_;
