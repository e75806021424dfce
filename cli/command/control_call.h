/* SPDX-License-Identifier: MIT */
#ifndef COMMAND_CONTROL_CALL_H
#define COMMAND_CONTROL_CALL_H

/*
 * What a failed request to the daemon means to the person: one sentence with the next step, and the
 * exit status.
 */

#include <stdint.h>

#include "client/control_client.h"
#include "common/json.h"

/* Every answer but that to a login is at hand at once; the rest is for a machine under load. */
#define CONTROL_CALL_TIMEOUT_MS 30000

/* control_client_request() whose failure, or reply with an error, was said on standard error.
 * Returns an exit status; for EXIT_STATUS_DONE alone *ret_body is the reply, an object that the
 * caller frees. */
int control_call(struct control_client *client, const char *method, const char *path,
		 const struct json *body, struct json **ret_body) _must_check_;

/* Says that the request ended with CODE and DETAIL instead of a reply; returns the exit status. */
int control_call_unanswered(int code, const struct err_detail *detail) _must_check_;

/* Says that a reply lacks what the control API promises; returns the exit status. */
int control_call_not_understood(void) _must_check_;

/* Says what the error in REPLY (status 400 or more) is; returns the exit status. */
int control_call_refused(struct control_client *client,
			 const struct control_reply *reply) _must_check_;

/* The account NAME in ACCOUNTS, the list of GET /v1/accounts; NULL if it is not there. */
const struct json *control_find_account(const struct json *accounts, const char *name);

/* The code of the error in REPLY, "" if it has none. Belongs to REPLY. */
const char *control_error_code(const struct control_reply *reply);

#endif
