/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which account and server a person means who types `misskey-authctl login`.
 */

#include <stdbool.h>

#include "command/command.h"
#include "common/account_name.h"
#include "common/json.h"
#include "common/url.h"

struct login_target {
	char account[ACCOUNT_NAME_BYTES];
	char server[URL_ORIGIN_BYTES];
	char user[URL_USER_BYTES]; /* who was named; "": nobody */
	bool named_server;	   /* the daemon has to be told the server */
};

/* ACCOUNT is one that the daemon knows. Returns an exit status; what is wrong was said. */
int login_target_known(const struct json *account, struct login_target *ret_target) _must_check_;

/* The account that OPTIONS name, one of ACCOUNTS (of GET /v1/accounts) or a new one: of --as; else
 * the one of this name; else that of the user on the server; else the only one on the server.
 * Returns an exit status; what is wrong was said. */
int login_target_choose(const struct command_options *options, const struct json *accounts,
			struct login_target *ret_target) _must_check_;
