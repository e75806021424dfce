/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_SD_H
#define DAEMON_SD_H

/*
 * What systemd is told and tells, a user of libsystemd (with bus.h). Everything does nothing where
 * systemd did not start the process.
 */

/* Both sockets are open: the unit counts as started (sd_notify(3), READY=1). STATUS is shown by
 * systemctl. */
void sd_tell_ready(const char *status);

/* STOPPING=1. */
void sd_tell_stopping(void);

/* Whether standard error is connected to the journal (systemd.exec(5), $JOURNAL_STREAM). */
int sd_stderr_is_journal(void);

/* Whether this very process was started by the user's systemd (systemd.exec(5)): SYSTEMD_EXEC_PID
 * is the process that it started, and MANAGERPID is set for a user's services alone. Both are
 * inherited by others, such as a shell in a terminal that is a service; INVOCATION_ID and the
 * control group would not tell these apart. */
int sd_is_user_service(void);

#endif
