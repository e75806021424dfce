/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Requests to the daemon whose failure is said on standard error, with the next step, and becomes
 * an exit status.
 */

#include "client/control_client.h"
#include "common/json.h"

/* control_client_request() whose failure, or reply with an error, was said on standard error.
 * Returns an exit status; for EXIT_STATUS_DONE alone *ret_body is the reply, an object that the
 * caller frees. */
int control_call(struct control_client *client, const char *method, const char *path,
		 const struct json *body, struct json **ret_body) _must_check_;

/* The same, but waits TIMEOUT_MS for the reply instead of CONTROL_TIMEOUT_MS. */
int control_call_within(struct control_client *client, const char *method, const char *path,
			const struct json *body, int64_t timeout_ms,
			struct json **ret_body) _must_check_;

/* Says that there is no account NAME; returns the exit status. */
int control_call_no_account(const char *name) _must_check_;

/* control_call() of /v1/accounts/NAME and what is BELOW it ("", "/rename"). NAME is as a person
 * typed it: one that no account can have is said to be none. */
int control_call_account(struct control_client *client, const char *method, const char *name,
			 const char *below, const struct json *body,
			 struct json **ret_body) _must_check_;

/* The account NAME, valid, as the daemon has it now; the caller frees it. NULL, and nothing is
 * said, if there is none or the daemon does not answer. */
struct json *control_call_look_up(struct control_client *client, const char *name) _must_check_;

/* Says that no account can be called NAME; returns the exit status. */
int control_call_bad_name(const char *name) _must_check_;

/* Says that the request ended with CODE and DETAIL instead of a reply; returns the exit status. */
int control_call_unanswered(int code, const struct err_detail *detail) _must_check_;

/* Says that a reply lacks what the control API promises; returns the exit status. */
int control_call_not_understood(void) _must_check_;

/* Says what the error in REPLY (status 400 or more) is; returns the exit status. */
int control_call_refused(const struct control_reply *reply) _must_check_;
