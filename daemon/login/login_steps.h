/* SPDX-License-Identifier: MIT */
#ifndef LOGIN_LOGIN_STEPS_H
#define LOGIN_LOGIN_STEPS_H

/*
 * What authorization.c (drives the machine), authorization_steps.c (does what it says, up to the
 * consent page and at the end) and authorization_exchange.c (the access token) share.
 */

#include "login/login.h"

/* Reads the answer to the call that was under way and says what came of it. */
typedef void answer_reader(struct authorization *authorization, const struct http_answer *answer,
			   struct authorizer_input *ret_event);

struct authorization {
	struct account *account; /* borrowed */
	const struct authorization_environment *environment;
	struct authorizer machine;
	struct authorization_view view;
	struct authorization_view published; /* what was told last */
	struct http_call *call;		     /* under way; NULL: none */
	answer_reader *reader;		     /* of its answer */
	struct turn turn;		     /* while userkey is to be sent, or was sent */
	struct credentials_reservation *reservation;
	struct credential candidate; /* what came in and is not durable yet */
	bool has_candidate;
	char app_id[MISSKEY_ID_BYTES]; /* whose secret the session is being made with */
	const char *missing;	       /* the endpoint that the server does not know: a literal */
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

/* ---- What went wrong: authorization_steps.c ---- */

/* What the view says about it. CODE and TEXT are copied. */
void authorization_set_problem(struct authorization *authorization, const char *code,
			       const char *text);
void authorization_clear_problem(struct authorization *authorization);

/* Makes EVENT one that ends the login. */
void authorization_fail(struct authorizer_input *event, enum outcome outcome);
/* This machine is in the way: said, logged once for each new reason, and tried again; or the end.
 */
void authorization_fail_here(struct authorization *authorization, const char *code,
			     const struct err_detail *detail, struct authorizer_input *event);
void authorization_fail_for_good_here(struct authorization *authorization,
				      const struct err_detail *detail,
				      struct authorizer_input *event);
/* Makes EVENT what any VERDICT but DONE means for the machine. */
void authorization_read_verdict(struct authorization *authorization, enum misskey_verdict verdict,
				const struct misskey_problem *problem,
				struct authorizer_input *event);

/* POSTs BODY, whose building gave BUILT (0 or an error); READER gets the answer. Returns as
 * authorization_perform(). */
bool authorization_ask(struct authorization *authorization, const char *path, int built,
		       const struct buf *body, answer_reader *reader,
		       struct authorizer_input *event);

/* ---- The access token: authorization_exchange.c. All return as authorization_perform(). ---- */

/* Waits for a turn, as a callback if one has arrived. */
void authorization_queue(struct authorization *authorization);
bool authorization_secure(struct authorization *authorization, struct authorizer_input *event);
bool authorization_exchange(struct authorization *authorization, struct authorizer_input *event);
bool authorization_store(struct authorization *authorization, struct authorizer_input *event);
bool authorization_verify(struct authorization *authorization, struct authorizer_input *event);
/* Gives the reserved room and the turn back. */
void authorization_release(struct authorization *authorization);

#endif
