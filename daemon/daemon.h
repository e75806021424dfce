/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

/*
 * Puts the modules together, runs them, and takes them apart again.
 */

#include "common/config.h"
#include "common/err.h"
#include "common/paths.h"

/* Time for what is being answered when the end comes; SIGTERM must be over within a second. */
#define DAEMON_DRAIN_MS 400

struct daemon_options {
	struct config *config;	     /* taken over, also on failure */
	struct config_source source; /* where it came from */
	bool log_level_is_fixed;     /* by the command line */
	const struct paths *paths;
};

/* Runs until SIGTERM or SIGINT. ERR_BUSY if another daemon is at work; other errors say in DETAIL
 * what could not be had. */
int daemon_run(const struct daemon_options *options, struct err_detail *detail) _must_check_;

#endif
