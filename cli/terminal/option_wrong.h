/* SPDX-License-Identifier: MIT */
#pragma once

#include <getopt.h>

/* Says what is wrong with an option of PROGRAM: getopt_long(), with opterr 0, returned FOUND, '?'
 * or
 * ':', for one that is not in OPTIONS or not as they want it; ARGV is what it read. */
void option_wrong(const char *program, const struct option *options, int found, char *const *argv);
