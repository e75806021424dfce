/* SPDX-License-Identifier: MIT */
#ifndef LOGIN_LOGIN_STEPS_H
#define LOGIN_LOGIN_STEPS_H

/*
 * What login.c (drives the machine), login_steps.c (does what it says, up to the
 * consent page and at the end) and login_exchange.c (the access token) share.
 */

#include "login/login.h"

/* Reads the answer to the call that was under way and says what came of it. */
typedef void answer_reader(struct login *login, const struct http_answer *answer,
			   struct machine_input *ret_event);

struct login {
	struct account *account; /* borrowed */
	const struct login_environment *environment;
	struct login_machine machine;
	struct login_view view;
	struct login_view published; /* what was told last */
	struct http_call *call;	     /* under way; NULL: none */
	answer_reader *reader;	     /* of its answer */
	struct turn turn;	     /* while userkey is to be sent, or was sent */
	struct credentials_reservation *reservation;
	struct credential candidate; /* what came in and is not durable yet */
	bool has_candidate;
	char app_id[MISSKEY_ID_BYTES]; /* whose secret the session is being made with */
	const char *missing;	       /* the endpoint that the server does not know: a literal */
	bool awaits_app;	       /* another account's login registers it */
	bool renew_wanted;	       /* login_renew() came while an answer was awaited */
	bool renew_browser;
};

/* Does one action. Either *ret_event is filled and true is returned, because it is known at once
 * what came of it; or an answer will come later and be advanced by itself. */
bool login_perform(struct login *login, enum machine_action action, struct clock_time now,
		   struct machine_input *ret_event);

/* Gives EVENT to the machine and does what it says, until an answer must be waited for. */
void login_advance(struct login *login, const struct machine_input *event);

/* An event with nothing but its kind and the time. */
struct machine_input login_event(const struct login *login, enum machine_event kind,
				 struct clock_time now);

/* Whether the app that the account needs now is registered; *ret_app may be NULL. */
bool login_find_app(const struct login *login, const struct registry_app **ret_app);

/* The account's pending session, or NULL. */
const struct registry_session *login_session(const struct login *login);

/* ---- What went wrong: login_steps.c ---- */

/* What the view says about it. CODE and TEXT are copied. */
void login_set_problem(struct login *login, const char *code, const char *text);
void login_clear_problem(struct login *login);

/* Makes EVENT one that ends the login. */
void login_fail(struct machine_input *event, enum outcome outcome);
/* This machine is in the way: said, logged once for each new reason, and tried again; or the end.
 */
void login_fail_here(struct login *login, const char *code, const struct err_detail *detail,
		     struct machine_input *event);
void login_fail_for_good_here(struct login *login, const struct err_detail *detail,
			      struct machine_input *event);
/* Makes EVENT what any VERDICT but DONE means for the machine. */
void login_read_verdict(struct login *login, enum misskey_verdict verdict,
			const struct misskey_problem *problem, struct machine_input *event);

/* POSTs BODY, whose building gave BUILT (0 or an error); READER gets the answer. Returns as
 * login_perform(). */
bool login_ask(struct login *login, const char *path, int built, const struct buf *body,
	       answer_reader *reader, struct machine_input *event);

/* ---- The access token: login_exchange.c. All return as login_perform(). ---- */

/* Waits for a turn, as a callback if one has arrived. */
void login_queue(struct login *login);
bool login_secure(struct login *login, struct machine_input *event);
bool login_exchange(struct login *login, struct machine_input *event);
bool login_store(struct login *login, struct machine_input *event);
bool login_verify(struct login *login, struct machine_input *event);
/* Gives the reserved room and the turn back. */
void login_release(struct login *login);

#endif
