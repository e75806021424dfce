/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_AUTHORIZATION_INTERNAL_H
#define DAEMON_AUTHORIZATION_INTERNAL_H

/*
 * What authorization.c (drives the machine) and authorization_steps.c (does what it says) share.
 */

#include "daemon/authorization.h"

/* Reads the answer to the call that was under way and says what came of it. */
typedef void answer_reader(struct authorization *authorization, const struct http_answer *answer,
			   struct authorizer_input *ret_event);

struct authorization {
	struct account *account; /* borrowed */
	const struct authorization_environment *environment;
	struct authorizer machine;
	struct authorization_view view;
	struct http_call *call; /* under way; NULL: none */
	answer_reader *reader;	/* of its answer */
	struct credentials_reservation *reservation;
	struct credential candidate; /* what came in and is not durable yet */
	bool has_candidate;
	char app_id[MISSKEY_ID_BYTES]; /* whose secret the session is being made with */
	bool awaits_app;	       /* another account's login registers it */
	bool renew_wanted;	       /* authorization_renew() came while an answer was awaited */
	bool renew_browser;
};

/* Does one action. Either *ret_event is filled and true is returned, because it is known at once
 * what came of it; or an answer will come later and be advanced by itself. */
bool authorization_perform(struct authorization *authorization, enum authorizer_action action,
			   struct moment now, struct authorizer_input *ret_event);

/* Gives EVENT to the machine and does what it says, until an answer must be waited for. */
void authorization_advance(struct authorization *authorization,
			   const struct authorizer_input *event);

/* An event with nothing but its kind and the time. */
struct authorizer_input authorization_event(const struct authorization *authorization,
					    enum authorizer_event kind, struct moment now);

/* Whether the app that the account needs now is registered; *ret_app may be NULL. */
bool authorization_find_app(const struct authorization *authorization,
			    const struct registry_app **ret_app);

/* The account's pending session, or NULL. */
const struct registry_session *authorization_session(const struct authorization *authorization);

#endif
