/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which commands open a page, taken apart: those of the environment variable BROWSER (a list
 * separated by colons; %s in a command stands for the URL, which is otherwise appended; %c is a
 * colon, %% a percent sign), then xdg-open, sensible-browser, x-www-browser. Only those whose
 * program can be found.
 */

#include <stddef.h>

#include "common/err.h"

/* More than a person writes into BROWSER; what is beyond is not tried. */
#define BROWSER_COMMANDS_MAX 16
/* Words of one command, the URL included. */
#define BROWSER_WORDS_MAX 32

struct browser_commands {
	/* Each command ends with NULL. */
	char *words[BROWSER_COMMANDS_MAX][BROWSER_WORDS_MAX + 1];
	size_t count;
};

/* The commands for URL, to be freed with browser_commands_done(), also after a failure.
 * ERR_NOT_FOUND: there is none; ERR_LIMIT: one in BROWSER has too many words; ERR_NOMEM. */
int browser_commands_build(const char *url, struct browser_commands *ret_commands) _must_check_;
void browser_commands_done(struct browser_commands *commands);
