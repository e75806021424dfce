/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The agent from its start to its end: follows the daemon's events, and tells the person's hooks
 * and desktop what differs from what they were told (told.h). It never starts the daemon: it
 * connects when the daemon is known to run, and ends with it.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/paths.h"
#include "config/config.h"

/* Time for hooks that run and for what is being said to the desktop when the end comes. */
#define AGENT_DRAIN_MS 400

struct agent_options {
	struct config_source source;
	bool log_level_is_fixed; /* by the command line; else it is the config's */
	const struct paths *paths;
	/* The daemon has started this process: standard input is a pipe that ends with it. */
	bool is_daemons;
	mode_t umask; /* for browsers: the one that this process began with */
};

/* Runs until the daemon ends, or SIGTERM or SIGINT. ERR_BUSY: another agent is at work;
 * ERR_IO: the daemon's events ended before it did; errors of config_read_source(); other errors say
 * in DETAIL what could not be had. */
int agent_run(const struct agent_options *options, struct err_detail *detail) _must_check_;
