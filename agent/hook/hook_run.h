/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One run of a command: started without a shell, watched without waiting, ended when its time is
 * over. It is detached: a session and process group of its own, no descriptors but 0 to 2, no
 * signal blocked or ignored, working directory /. The environment, the umask and the limits are the
 * agent's: 077, and no core dumps.
 */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

/* After its time is over a command gets SIGTERM, with all of its processes, and after this SIGKILL.
 */
#define HOOK_KILL_MS 5000

struct hook_command {
	char *const *words;	 /* the first is an absolute path */
	const struct buf *facts; /* "KEY=VALUE", a NUL behind each: added to the environment */
	const struct buf *input; /* what standard input gives */
	uint64_t limit_ms;
	uint64_t kill_ms; /* HOOK_KILL_MS, but in tests */
};

struct hook_result {
	bool is_over_time;
	bool is_signal; /* NUMBER is a signal, else an exit status */
	int number;
	double took_s;
};

typedef void hook_run_ended(const struct hook_result *result, void *context);

struct hook_run;

/* The input is an unlinked file in memory that cannot be changed any more. Standard output goes to
 * /dev/null: what programs write there is often what they read, and must not get into the log.
 * Standard error is the agent's. Nothing of COMMAND is needed afterwards. ENDED is called from
 * EVENT's dispatch, once, and may free the run. With an error, which DETAIL explains, nothing was
 * started. SIGCHLD must be blocked. */
int hook_run_start(sd_event *event, const struct hook_command *command, hook_run_ended *ended,
		   void *context, struct hook_run **ret_run,
		   struct err_detail *detail) _must_check_;

/* Forgets the process, which goes on, unless its time is over: then it is killed. */
void hook_run_free(struct hook_run *run);
DEFINE_CLEANUP(struct hook_run *, hook_run_free);
