/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_SD_H
#define DAEMON_SD_H

/*
 * What systemd is told, the only user of libsystemd. Everything does nothing where systemd did not
 * start the process.
 */

/* Both sockets are open: the unit counts as started (sd_notify(3), READY=1). STATUS is shown by
 * systemctl. */
void sd_tell_ready(const char *status);

/* STOPPING=1. */
void sd_tell_stopping(void);

/* Whether standard error is connected to the journal (systemd.exec(5), $JOURNAL_STREAM). */
int sd_stderr_is_journal(void);

#endif
