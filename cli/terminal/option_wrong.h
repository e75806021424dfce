/* SPDX-License-Identifier: MIT */
#pragma once

#include <getopt.h>

/* Says what is wrong with an option of PROGRAM, for which getopt_long(), with opterr 0, returned
 * FOUND, '?' or ':'. OPTIONS are those that there are, ARGV is what was read. */
void option_wrong(const char *program, const struct option *options, int found, char *const *argv);
