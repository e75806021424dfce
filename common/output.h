/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Standard output of a program that prints something and ends.
 */

#include "common/err.h"

/* Whether all that was printed has arrived: 0, or ERR_IO with a sentence. */
int output_flush(struct err_detail *detail) _must_check_;
