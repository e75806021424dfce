/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Confines a daemon whose sockets, lock and stores are open to what it needs from then on, and says
 * in the log how far that goes.
 */

#include "process/daemon.h"

/* To what CONFIG names, unless it declines. An error ends the daemon. */
int confine(const struct daemon_options *options, const struct config *config,
	    struct err_detail *detail) _must_check_;

/* To nothing: for a process that only says why it cannot work. */
int confine_refusal(struct err_detail *detail) _must_check_;
