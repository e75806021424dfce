/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What systemd passes and is told: sockets, readiness, the watchdog. Everything does nothing where
 * systemd did not start the process.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "runtime/loop.h"

/* The listening sockets of misskey-authd-callback.socket and misskey-authd-control.socket. They
 * stay systemd's too: never shut one down. */
struct sd_sockets {
	int callback_fd; /* -1: none that can be used; here and below */
	int control_fd;
	struct err_detail problem; /* what is wrong with one that was passed, "": nothing */
};

/* Takes what was passed (sd_listen_fds_with_names(3)), told apart by FileDescriptorName=; what
 * cannot be used is closed. Once a process. */
void sd_sockets_take(struct sd_sockets *ret_sockets);
void sd_sockets_close(struct sd_sockets *sockets);

/* Both sockets are open: the unit counts as started (sd_notify(3), READY=1). STATUS is shown by
 * systemctl. */
void sd_tell_ready(const char *status);

/* STOPPING=1. */
void sd_tell_stopping(void);

/* WATCHDOG=1 from the loop, twice in the time that WatchdogSec= gives: a daemon whose loop
 * stands still is restarted. */
struct sd_watchdog {
	int64_t interval_ms; /* 0: nobody watches */
	int64_t due_ms;	     /* monotonic */
};
/* WATCHDOG outlives the loop. ERR_LIMIT. */
int sd_watchdog_attach(struct sd_watchdog *watchdog, struct loop *loop) _must_check_;

/* Whether standard error is connected to the journal (systemd.exec(5), $JOURNAL_STREAM). */
int sd_stderr_is_journal(void);

/* Whether this very process was started by the user's systemd (systemd.exec(5)): SYSTEMD_EXEC_PID
 * is the process that it started, and MANAGERPID is set for a user's services alone. Both are
 * inherited by others, such as a shell in a terminal that is a service; INVOCATION_ID and the
 * control group would not tell these apart. */
int sd_is_user_service(void);
