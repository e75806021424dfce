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

/* Runs until SIGTERM or SIGINT. ERR_BUSY if another daemon is at work; other errors say in DETAIL
 * what could not be had. */
int daemon_run(const struct config *config, const struct paths *paths,
	       struct err_detail *detail) _must_check_;

#endif
