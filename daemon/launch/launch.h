/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One run of a command that is started for the person, a hook or a login's page, and nobody waits
 * for. It belongs outside of the daemon's own sandbox and control group: as a service of systemd
 * the daemon has it started as a unit of its own, and never runs it inside; otherwise it is a
 * process of the daemon's.
 */

#include "common/cleanup.h"
#include "launch/bus.h"
#include "launch/launch_command.h"
#include "runtime/clock.h"

struct launch;

/* UNITS: the bus through which systemd is asked for a unit; NULL: as a process. Nothing of COMMAND
 * is needed afterwards. With an error, which DETAIL explains, nothing was started. */
int launch_start(struct bus *units, const struct launch_command *command, struct clock_time now,
		 struct launch **ret_launch, struct err_detail *detail) _must_check_;

/* Readable when it has ended, for an epoll that reports each change once (EPOLLET); -1 if the loop
 * is woken up by the bus. */
int launch_fd(const struct launch *launch);

/* When a tick is due, monotonic ms; CLOCK_NEVER if the end is all that is waited for. */
int64_t launch_deadline(const struct launch *launch, struct clock_time now);

/* Does what is due. Whether the run is over, with its result. */
bool launch_tick(struct launch *launch, struct clock_time now, struct launch_result *ret_result);

/* Forgets the run, which goes on. */
void launch_free(struct launch *launch);
DEFINE_CLEANUP(struct launch *, launch_free);
