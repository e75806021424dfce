/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What misskey-authctl says of itself: its own --help and that of its commands, and where to look
 * when a command line cannot be understood.
 */

#include "command_table.h"

/* Prints all about COMMAND; returns the exit status. */
int help_print(const struct command *command) _must_check_;

/* Says how to see what COMMAND takes; returns EXIT_STATUS_USAGE. */
int help_usage_error(const struct command *command) _must_check_;

/* Says that there is no command NAME, and which may be meant; returns EXIT_STATUS_USAGE. */
int help_unknown_command(const char *name) _must_check_;
