/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Ctrl-C while a login is waited for ends the command, not the login: that is the daemon's.
 */

/* From now on SIGINT and SIGTERM end the process with EXIT_STATUS_FAILED and a note on standard
 * error that the login of ACCOUNT goes on, how to join it, and how to end it. */
void interruption_note(const char *account);
