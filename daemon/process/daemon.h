/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One process from its start to its end: serves until it is stopped, or as long as there is
 * something to do.
 *
 * Started by its sockets, it also answers when it cannot work, with the reason, and tries again
 * whenever the next client comes.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/paths.h"
#include "config/config.h"

struct daemon_options {
	struct config_source source;
	bool log_level_is_fixed; /* by the command line; else it is the config's */
	const struct paths *paths;
	const char *log_level; /* as the command line has it; NULL: it has none */
	bool has_agent;	       /* starts and ends misskey-authd-agent */
	int64_t idle_exit_ms;  /* ends when there was nothing to do for so long; 0: never */
};

/* Runs until SIGTERM or SIGINT, or the idle exit. Without passed sockets: ERR_BUSY if another
 * daemon is at work; errors of config_read_source(); other errors say in DETAIL what could not be
 * had. */
int daemon_run(const struct daemon_options *options, struct err_detail *detail) _must_check_;
