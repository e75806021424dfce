/* SPDX-License-Identifier: MIT */
#include "terminal/interruption.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/account_name.h"
#include "common/translate.h"
#include "terminal/exit_status.h"

/* The sentences below and three names. */
#define NOTE_BYTES (512 + 3 * ACCOUNT_NAME_BYTES)

/* Ready before a signal comes: its handler may only call what is safe there, write() and _exit().
 */
static char note[NOTE_BYTES];
static size_t note_size;

static void handle(int number)
{
	(void)number;
	if (write(STDERR_FILENO, note, note_size) < 0)
		_exit(EXIT_STATUS_FAILED);
	_exit(EXIT_STATUS_FAILED);
}

void interruption_note(const char *account)
{
	const struct sigaction action = {.sa_handler = handle};

	/* On a terminal, below the live line and the ^C. */
	snprintf(note, sizeof(note),
		 _("%smisskey-authctl: Interrupted. The login of %s is still pending. To go on "
		   "with it: misskey-authctl login %s\nTo end it: misskey-authctl cancel %s\n"),
		 isatty(STDERR_FILENO) ? "\n" : "", account, account, account);
	note_size = strlen(note);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}
