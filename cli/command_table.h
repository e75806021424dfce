/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which commands misskey-authctl has, what each takes, and what its --help says.
 */

#include <getopt.h>
#include <stddef.h>

#include "command/command.h"

enum option_id {
	OPTION_HELP = 'h',    /* the only one that has a letter */
	OPTION_VERSION = 256, /* beyond every character */
	OPTION_SOCKET,
	OPTION_COLOR,
	OPTION_JSON,
	OPTION_AS,
	OPTION_USER,
	OPTION_PERMISSION,
	OPTION_METHOD,
	OPTION_REPLACE,
	OPTION_IF_NEEDED,
	OPTION_BROWSER,
	OPTION_NO_BROWSER,
	OPTION_NO_WAIT,
	OPTION_TIMEOUT,
	OPTION_MISSING,
	OPTION_LIMIT,
	OPTION_UNATTENDED,
	OPTION_PORT,
	OPTION_AT_LOGIN,
	OPTION_VERIFY_DAILY,
};

struct command {
	const char *name;
	const char *arguments; /* for the usage line */
	const char *help;
	const struct option *options;
	int arguments_min;
	int arguments_max;
	bool runs_without_daemon; /* its CLIENT is NULL where there can be no control socket */
	int (*run)(struct control_client *client, const struct command_options *options);
};

/* What can be written before the command; its run is NULL. */
extern const struct command command_program;

/* NULL if there is no command of this name. */
const struct command *command_find(const char *name);

/* The name nearest to WORD, or NULL: for "did you mean". */
const char *command_nearest(const char *word);
