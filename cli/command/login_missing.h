/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * misskey-authctl login --missing: the accounts of the config that have no credential. For a person
 * they are signed in one after the other; at the start of a session (--unattended) their pages are
 * opened, each once. There is a limit in both, so that no config makes a storm of pages.
 */

#include <stdbool.h>

#include "command/command.h"
#include "common/json.h"

/* As many tabs as a person would not mind to find. */
#define LOGIN_MISSING_LIMIT 5

/* Returns the exit status: of what failed first. */
int login_missing(struct control_client *client,
		  const struct command_options *options) _must_check_;

/* login.c: whether a page can be opened; says so if not. */
bool login_has_desktop(void);

/* login.c: signs in to ACCOUNT, which the daemon knows, or with --unattended opens its page. */
int login_known(struct control_client *client, const struct command_options *options,
		const struct json *account) _must_check_;
