/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

/*
 * The command line of misskey-authd.
 */

#include <stdbool.h>

#include "common/err.h"
#include "common/log.h"

enum options_exit {
	OPTIONS_EXIT_FAILED = 1,
	OPTIONS_EXIT_USAGE = 2,
	OPTIONS_EXIT_UNSAFE = 8, /* a file is not safe to use, or damaged */
};

struct options {
	const char *config_file; /* NULL: the usual places */
	bool check_config;
	bool has_log_level;
	enum log_level log_level;
};

/* Returns true if the program is to end now with *ret_status: after --help and --version, and on
 * misuse. */
bool options_parse(int argc, char **argv, struct options *ret_options, int *ret_status);

#endif
