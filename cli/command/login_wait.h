/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Follows one login to its end: starts or joins it, shows and opens the page, says where it stands,
 * survives a restart of the daemon, and reports the outcome.
 */

#include <stdbool.h>
#include <stdint.h>

#include "client/control_client.h"
#include "common/json.h"

struct login_request {
	const char *account;
	const char *server;	 /* origin, for messages; NULL if not known */
	const struct json *body; /* of the request that starts or joins it; NULL: never start one */
	/* The same without a browser: a person who takes login_offer.h's offer asks with it. NULL:
	 * nothing is offered. */
	const struct json *device_body;
	const struct json *login;  /* what is known of it already, or NULL */
	const struct json *daemon; /* what it is, as of GET /v1/status, or NULL */
	int64_t timeout_s;	   /* 0: until the daemon says that the session has expired */
	bool open_browser;	   /* whether to open the page if the daemon asks for it */
	bool no_wait;		   /* print the page's URL and end */
	bool if_needed;		   /* perhaps no login begins, because there is a good credential */
	bool open_only; /* open the page, show its URL nowhere, and end when that is done */
	bool json;
};

/* Returns the exit status; everything was said. A SIGINT or SIGTERM ends the process with
 * EXIT_STATUS_FAILED and a note that the login goes on. */
int login_wait(struct control_client *client, const struct login_request *request) _must_check_;
