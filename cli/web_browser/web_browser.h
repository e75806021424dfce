/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Starts a web browser and forgets it: in a session of its own, with /dev/null as its standard
 * streams, never waited for. Only whether it fails at once is looked at, by a process of its own
 * that lives as long as that takes; whether the page was opened only the daemon can know. Nothing
 * goes through a shell; the URL is an argument of its own.
 *
 * If systemd started this process as a service's main process, the browser gets a scope of its own:
 * it belongs to the person's session and outlives the service, which could be any.
 */

#include <stdbool.h>

#include "common/err.h"

/* A command that fails does so within this time; later it counts as a browser that runs. */
#define BROWSER_FAILURE_MS 2000

/* What is known of a browser that was started. Declare it as `struct browser browser = {0};`. */
struct browser {
	bool is_watched; /* nobody knows yet whether it failed at once */
	int report;	 /* where it will be said, while it is watched */
};

/* Whether this environment has a desktop: DISPLAY or WAYLAND_DISPLAY is set. */
bool browser_has_desktop(void);

/* Whether a browser may come up: there is a desktop, or BROWSER names a program that knows one, as
 * in Windows' Linux or an editor's terminal. */
bool browser_is_possible(void);

/* Whether the person sits at another machine: this is an SSH session. */
bool browser_is_elsewhere(void);

/* What browser_open() would try first: *ret_command is the command's name or path. *ret_missing,
 * also if there is no command, is what BROWSER names before that and is no program, "a, b", or
 * NULL. The caller frees both. ERR_NOT_FOUND, ERR_NOMEM, ERR_LIMIT (BROWSER is too long). */
int browser_find(char **ret_command, char **ret_missing) _must_check_;

/* Opens URL, http or https, with the first of browser_commands.h. If that says of itself that
 * nothing was opened (the exit statuses of xdg-open(1) and of a shell for that), the next is tried.
 * 0: *ret_browser, which must be unused, is to be looked at. ERR_NOT_FOUND: there is no such
 * command; ERR_SYNTAX for what is no such URL; ERR_LIMIT, ERR_NOMEM, ERR_IO. DETAIL is a sentence.
 */
int browser_open(const char *url, struct browser *ret_browser,
		 struct err_detail *detail) _must_check_;

/* What became of it, as soon as that is known, but WAIT_MS from now at the latest (-1: whenever
 * that is, BROWSER_FAILURE_MS for each command): 0 if it runs or has done its work; ERR_BUSY: not
 * known yet; ERR_IO: no command opened the page, DETAIL is a sentence about the first. But for
 * ERR_BUSY BROWSER is not watched any more. */
int browser_look(struct browser *browser, int wait_ms, struct err_detail *detail) _must_check_;

/* Looks no more. */
void browser_done(struct browser *browser);
