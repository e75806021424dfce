/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which commands open a page, taken apart: those of the environment variable BROWSER, then
 * xdg-open, wslview, sensible-browser, x-www-browser. Only those whose program can be found.
 *
 * BROWSER is a list separated by colons. A command is the path of a program, blanks and all, or
 * words separated by blanks; 'quotes' and "quotes" keep blanks and colons. %s in a word stands for
 * the URL, which is otherwise appended; %c is a colon, %% a percent sign.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

/* More than a person writes into BROWSER; what is beyond is not tried. */
#define BROWSER_COMMANDS_MAX 16
/* Words of one command, the URL included. */
#define BROWSER_WORDS_MAX 32

struct browser_commands {
	/* Each command ends with NULL. */
	char *words[BROWSER_COMMANDS_MAX][BROWSER_WORDS_MAX + 1];
	size_t count;
	/* What BROWSER names before the first of them, and is no program: "a, b". */
	struct buf missing;
};

/* The commands for URL, to be freed with browser_commands_done(), also after a failure.
 * ERR_NOT_FOUND: there is none; ERR_LIMIT: one in BROWSER has too many words; ERR_NOMEM. */
int browser_commands_build(const char *url, struct browser_commands *ret_commands) _must_check_;
void browser_commands_done(struct browser_commands *commands);

/* Whether BROWSER names a program that can be found, and no text browser: those cannot show a
 * server's consent page. */
bool browser_commands_are_wished(void);
