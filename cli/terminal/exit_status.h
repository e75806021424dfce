/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * How misskey-authctl and misskey-token end; the manual pages list the same numbers. Scripts depend
 * on them: a number never changes its meaning.
 */

enum exit_status {
	EXIT_STATUS_DONE = 0,
	EXIT_STATUS_FAILED = 1,	    /* for a reason given on standard error */
	EXIT_STATUS_USAGE = 2,	    /* the command line cannot be understood */
	EXIT_STATUS_NO_ACCOUNT = 3, /* no such account */
	/* Not authorized yet, revoked, the user is suspended, no consent in time, the login was
	 * cancelled, or the server lost the session. */
	EXIT_STATUS_NO_CREDENTIAL = 4,
	EXIT_STATUS_NO_DAEMON = 5,  /* the daemon could not be reached */
	EXIT_STATUS_SERVER = 6,	    /* the server refused, or could not be reached in time */
	EXIT_STATUS_WRONG_USER = 7, /* the account is another user's, or another one consented */
	EXIT_STATUS_UNSAFE = 8,	    /* a file is not safe to use, or damaged */
	/* As env(1) ends when it cannot start the command: misskey-token --exec. */
	EXIT_STATUS_NOT_EXECUTABLE = 126,
	EXIT_STATUS_NOT_FOUND = 127,
};
