/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_HOOK_PROCESS_H
#define DAEMON_HOOK_PROCESS_H

/*
 * One run of a command: started without a shell, watched without waiting, ended when its time is
 * over. It is detached: a session and process group of its own, no descriptors but 0 to 2, no
 * signal blocked or ignored, working directory /. The umask and the limits are the daemon's: 077,
 * and no core dumps.
 *
 * It is posix_spawn(3) rather than fork(2), because glibc then shares the daemon's memory with the
 * child until execve(2) instead of copying it: no second process ever has the daemon's secrets.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "daemon/moment.h"

/* After its time is over: SIGTERM to all of its process group, and after this SIGKILL. */
#define HOOK_PROCESS_KILL_MS 5000

struct hook_command {
	char *const *words;	  /* the first is an absolute path */
	char *const *environment; /* all of it */
	const struct buf *input;  /* what standard input gives */
	int64_t limit_ms;
};

struct hook_result {
	enum { HOOK_EXITED, HOOK_SIGNALED, HOOK_TIMED_OUT } end;
	int number; /* exit status or signal */
	int64_t took_ms;
};

struct hook_process;

/* The input is an unlinked file in memory that cannot be changed any more. Standard output goes to
 * /dev/null: what programs write there is often what they read, and must not get into the log.
 * Standard error is the daemon's. Nothing of COMMAND is needed afterwards. With an error, which
 * DETAIL explains, nothing was started. */
int hook_process_start(const struct hook_command *command, struct moment now,
		       struct hook_process **ret_process, struct err_detail *detail) _must_check_;

/* Readable when the process has ended, for an epoll that reports each change once (EPOLLET). */
int hook_process_fd(const struct hook_process *process);

/* When a tick is due, monotonic ms; MOMENT_NEVER if the end is all that is waited for. */
int64_t hook_process_deadline(const struct hook_process *process);

/* Does what is due. Whether the run is over, with its result. */
bool hook_process_tick(struct hook_process *process, struct moment now,
		       struct hook_result *ret_result);

/* Forgets the process, which goes on, unless its time is over: then it is killed. */
void hook_process_free(struct hook_process *process);
DEFINE_CLEANUP(struct hook_process *, hook_process_free);

#endif
