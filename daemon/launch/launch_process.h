/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One run of a command as a process of the daemon's: started without a shell, watched without
 * waiting, ended when its time is over. It is detached: a session and process group of its own, no
 * descriptors but 0 to 2, no signal blocked or ignored, working directory /. The environment, the
 * umask and the limits are the daemon's: 077, and no core dumps.
 *
 * It is posix_spawn(3) rather than fork(2), because glibc then shares the daemon's memory with the
 * child until execve(2) instead of copying it: no second process ever has the daemon's secrets.
 */

#include "common/cleanup.h"
#include "launch/launch_command.h"
#include "runtime/clock.h"

struct launch_process;

/* The input is an unlinked file in memory that cannot be changed any more. Standard output goes to
 * /dev/null: what programs write there is often what they read, and must not get into the log.
 * Standard error is the daemon's. Nothing of COMMAND is needed afterwards. With an error, which
 * DETAIL explains, nothing was started. */
int launch_process_start(const struct launch_command *command, struct clock_time now,
			 struct launch_process **ret_process,
			 struct err_detail *detail) _must_check_;

/* Readable when the process has ended, for an epoll that reports each change once (EPOLLET). */
int launch_process_fd(const struct launch_process *process);

/* When a tick is due, monotonic ms; CLOCK_NEVER if the end is all that is waited for. */
int64_t launch_process_deadline(const struct launch_process *process);

/* Does what is due. Whether the run is over, with its result. */
bool launch_process_tick(struct launch_process *process, struct clock_time now,
			 struct launch_result *ret_result);

/* Forgets the process, which goes on, unless its time is over: then it is killed. */
void launch_process_free(struct launch_process *process);
DEFINE_CLEANUP(struct launch_process *, launch_process_free);
