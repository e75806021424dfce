/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * --format: a text with {FIELD} or {FIELD|FILTER} where values of a credential belong. {{ and }}
 * stand for braces.
 */

#include "common/buf.h"
#include "common/env_file.h"
#include "common/err.h"

/* Appends TEXT with the values of FILE. ERR_SYNTAX: TEXT cannot be understood. ERR_NOT_FOUND: the
 * account has no such value. ERR_INVALID: a value does not fit where it is put. DETAIL is a
 * sentence. Look at buf_error() too. */
int token_format(const char *text, const struct env_file *file, struct buf *output,
		 struct err_detail *detail) _must_check_;

/* Whether TEXT can be understood: 0 or ERR_SYNTAX. */
int token_format_check(const char *text, struct err_detail *detail) _must_check_;
