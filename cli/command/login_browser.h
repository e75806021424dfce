/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Whether a login goes by a browser on this machine, or by any device: its consent page is shown
 * then, and the server is asked whether consent was given.
 */

#include "command/command.h"
#include "common/json.h"

enum login_browser {
	LOGIN_BROWSER_NO,
	LOGIN_BROWSER_YES,
	LOGIN_BROWSER_AS_CONFIGURED, /* the daemon's config says it */
};

/* --browser and --no-browser say it. Without them, an SSH session has no browser, because the
 * person sits elsewhere, and neither has what web_browser.h calls impossible. */
enum login_browser login_browser_choose(const struct command_options *options);

/* Adds it to the body of the request that starts the login. ERR_NOMEM. */
int login_browser_add(struct json *body, enum login_browser browser) _must_check_;
