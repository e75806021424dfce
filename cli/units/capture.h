/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Runs a program that has a few lines to say, without a shell, and waits for its end, but not for
 * long.
 */

#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/* What a pipe holds on every Linux without anybody reading: beyond that the program is stuck. */
#define CAPTURE_MAX_BYTES 4096

/* Runs ARGV (found on PATH; ends with NULL) with /dev/null as its standard input, and appends what
 * it wrote, to standard output and standard error alike, to OUTPUT. *ret_status is its exit
 * status, 128 and the signal's number if one ended it. ERR_NOT_FOUND: there is no such program;
 * ERR_BUSY: it did not end within TIMEOUT_MS, and was killed; ERR_ACCESS, ERR_IO, ERR_NOMEM. */
int capture(const char *const *argv, int timeout_ms, struct buf *output,
	    int *ret_status) _must_check_;
