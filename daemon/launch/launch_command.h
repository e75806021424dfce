/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A command that is started for the person, and what became of it, in whichever way it is started:
 * as a process of the daemon's (launch_process.h) or as a unit of the user's systemd
 * (launch_unit.h).
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

struct launch_command {
	const char *purpose;	  /* a word of letters and _, for the unit's name */
	const char *account;	  /* what it is about; "": no account */
	char *const *words;	  /* the first is an absolute path */
	const struct buf *facts;  /* "KEY=VALUE", a NUL behind each: added to the environment */
	const struct buf *input;  /* what standard input gives */
	int64_t limit_ms;	  /* CLOCK_NEVER: none */
	bool may_leave_processes; /* what it started goes on when it has ended */
};

enum launch_end {
	LAUNCH_EXITED,
	LAUNCH_SIGNALED,
	LAUNCH_TIMED_OUT,
	LAUNCH_NOT_STARTED, /* detail says why */
	LAUNCH_LOST,	    /* it runs perhaps, but its end cannot be seen: detail */
};

struct launch_result {
	enum launch_end end;
	int number; /* exit status or signal */
	int64_t took_ms;
	struct err_detail detail;
};

/* After its time is over a command gets SIGTERM, with all of its processes, and after this SIGKILL.
 */
#define LAUNCH_KILL_MS 5000

/* An unlinked file in memory with INPUT, at its beginning, that cannot be changed any more. The
 * caller closes *ret_fd. */
int launch_input_open(const struct buf *input, int *ret_fd, struct err_detail *detail) _must_check_;

/* An environment: INHERITED without what is the daemon's own affair (NOTIFY_SOCKET, LISTEN_*,
 * WATCHDOG_*) and without MISSKEY_*, then FACTS. The strings stay where they are; the caller frees
 * *ret_environment with free(). ERR_NOMEM. */
int launch_environment(char *const inherited[], const struct buf *facts,
		       char ***ret_environment) _must_check_;
