/* SPDX-License-Identifier: MIT */
#ifndef CLI_BROWSER_H
#define CLI_BROWSER_H

/*
 * Starts a web browser and forgets it: in a session of its own, with /dev/null as its standard
 * streams, never waited for. Nothing goes through a shell; the URL is an argument of its own.
 */

#include <stdbool.h>

#include "common/err.h"

/* Whether this environment has a desktop at all: DISPLAY or WAYLAND_DISPLAY is set. */
bool browser_is_possible(void);

/* What browser_open() would try first and can be found: *ret_command, which the caller frees, is
 * the command's name or path. ERR_NOT_FOUND, ERR_NOMEM, ERR_LIMIT (BROWSER is too long). */
int browser_find(char **ret_command) _must_check_;

/* Opens URL, http or https. Tried in this order: each command of BROWSER (a list separated by
 * colons; %s in a command stands for the URL, which is otherwise appended; %c is a colon, %% a
 * percent sign), xdg-open, sensible-browser, x-www-browser. 0 if one of them was started, whatever
 * becomes of it. ERR_NOT_FOUND if none could be; ERR_SYNTAX for what is no such URL; ERR_NOMEM,
 * ERR_IO. DETAIL says which and why. */
int browser_open(const char *url, struct err_detail *detail) _must_check_;

#endif
