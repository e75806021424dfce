/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The command line of misskey-authd.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/log.h"

/* Starting again is not free: with a shorter time the daemon would start again and again. */
#define OPTIONS_IDLE_EXIT_MIN_S 1
#define OPTIONS_IDLE_EXIT_MAX_S ((int64_t)24 * 60 * 60)

enum options_exit {
	OPTIONS_EXIT_FAILED = 1,
	OPTIONS_EXIT_USAGE = 2,
	OPTIONS_EXIT_UNSAFE = 8, /* a file is not safe to use, or damaged */
};

struct options {
	const char *config_file; /* NULL: the usual places */
	bool check_config;
	const char *log_level_text; /* NULL: none was given */
	enum log_level log_level;
	int64_t idle_exit_s; /* 0: it stays */
	bool no_agent;
};

/* Returns true if the program is to end now with *ret_status: after --help and --version, and on
 * misuse. */
bool options_parse(int argc, char **argv, struct options *ret_options, int *ret_status);
