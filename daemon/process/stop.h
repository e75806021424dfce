/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * When a daemon without work ends, and how a daemon ends.
 */

#include "assembly.h"

/* Time for what is being answered when the end comes; a daemon has ended a second after SIGTERM. */
#define STOP_DRAIN_MS 400

/* Stops the assembly's loop when there was nothing to do for a time. */
struct idleness {
	const struct assembly *assembly;
	int64_t limit_ms;
	int64_t since_ms; /* monotonic; CLOCK_NEVER: there is something to do */
	bool is_over;	  /* it has stopped the loop */
};

/* IDLENESS and ASSEMBLY outlive the loop. Call it after all other sources were added, so that it
 * sees what they have done. ERR_LIMIT. */
int idleness_attach(struct idleness *idleness, const struct assembly *assembly, int64_t limit_ms,
		    struct err_detail *detail) _must_check_;

/* Stops the assembly's loop when the state directory is gone: a daemon that is started anew makes
 * another. What could not be stored yet keeps the process, because it is in memory alone. */
struct state_watch {
	struct assembly *assembly;
	bool is_said;
	bool is_over; /* it has stopped the loop */
};

/* As above; call it before all other sources are added: the directory is looked at before somebody
 * is answered. */
int state_watch_attach(struct state_watch *watch, struct assembly *assembly,
		       struct err_detail *detail) _must_check_;

/* Accepts nobody any more, answers what is held, and stores what is not stored yet. */
void stop_orderly(struct assembly *assembly);
