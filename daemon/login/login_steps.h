/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the files of a login share: login.c (drives the machine), login_view.c (what may be known
 * of it), login_call.c (asks the server, and says what went wrong), login_app.c (the app and the
 * session), login_miauth.c (the session without an app), login_token.c (the access token) and
 * verification.c.
 */

#include "login/login.h"
#include "misskey/misskey_software.h"

struct login {
	char name[ACCOUNT_NAME_BYTES]; /* the account's: a row of a name_table begins with it */
	struct account *account;       /* borrowed */
	struct login_environment *environment;
	struct wish wish; /* of the login that goes on; empty before the first */
	struct login_machine machine;
	struct login_view view;
	struct login_view published;  /* what was told last */
	struct http_call *call;	      /* under way; NULL: none */
	enum misskey_missing missing; /* CALL asks what a server is that lacks this */
	struct turn turn;	      /* while userkey is to be sent, or was sent */
	struct credentials_reservation *reservation;
	struct credential candidate; /* what came in and is not durable yet */
	bool has_candidate;
	char app_id[MISSKEY_ID_BYTES]; /* whose secret the session is being made with */
	char uuid[RANDOM_UUID_BYTES];  /* the session that is being made without an app */
	bool has_no_apps;	       /* the server, as this login was told */
	/* An answer about the session may have been lost. With MiAuth it looks from then on as if
	 * there were no consent yet. */
	bool is_in_doubt;
	struct http_call *software_call;       /* asks what the server runs; NULL: none */
	char software[MISSKEY_SOFTWARE_BYTES]; /* what it answered; "" before that */
	bool renew_wanted;		       /* login_renew() came while an answer was awaited */
	bool renew_browser;
};

/* ---- The driver: login.c ---- */

/* Gives EVENT to the machine and does what it says, until an answer must be waited for. */
void login_advance(struct login *login, const struct machine_input *event);

void login_tell(const struct login *login, enum login_change change, struct clock_time now);

/* An event with nothing but its kind and the time. */
struct machine_input login_event(const struct login *login, enum machine_event kind,
				 struct clock_time now);

/* The row of ACCOUNT in TABLE. If there is none, one of SIZE zeros is made. NULL without memory. */
void *login_row(struct name_table *table, const struct account *account, size_t size);

/* The account's pending session, or NULL. */
const struct registry_session *login_session(const struct login *login);
/* The account's credential, or NULL. */
const struct credential *login_credential(const struct login *login);

/* Brings the view in line with the machine and the registry, and tells if it has changed:
 * login_view.c */
void login_publish(struct login *login, struct clock_time now);

/* ---- Calls, and what went wrong: login_call.c ---- */

/* What the view says about it. CODE and TEXT are copied. */
void login_set_problem(struct login *login, const char *code, const char *text);
void login_clear_problem(struct login *login);

/* Makes EVENT one that ends the login. */
void login_fail(struct machine_input *event, enum outcome outcome);
/* This computer is the reason. Logged once for each new reason. The step is tried again. */
void login_fail_here(struct login *login, const char *code, const struct err_detail *detail,
		     struct machine_input *event);
/* The same, and the login ends. */
void login_fail_for_good_here(struct login *login, const struct err_detail *detail,
			      struct machine_input *event);
/* Makes EVENT what VERDICT, which is not DONE, means for the machine. */
void login_read_verdict(struct login *login, enum misskey_verdict verdict,
			const struct misskey_problem *problem, struct machine_input *event);
/* The same, before there is a page: if the server does not know the endpoint, asks it what it is.
 */
void login_read_early_verdict(struct login *login, enum misskey_verdict verdict,
			      const struct misskey_problem *problem, struct machine_input *event);

/* POSTs BODY, whose building gave BUILT (0 or an error). Returns as a step. */
bool login_ask(struct login *login, const char *path, int built, const struct buf *body,
	       struct machine_input *event);
/* Asks what the server runs, beside everything else: nothing waits for the answer. */
void login_ask_software(struct login *login);

/* For http_client_post(), with the login as context. */
http_answer_function login_on_answer;

/* ---- Steps. True: what came of it is known, and in *event. False: an answer will come. ---- */

/* The app and the session: login_app.c */
bool login_create_app(struct login *login, struct machine_input *event);
bool login_make_session(struct login *login, struct machine_input *event);
/* The app that is registered for what the login wishes, or NULL. */
const struct registry_app *login_find_app(const struct login *login);
/* Whether the session can be made without registering an app first. */
bool login_is_registered(const struct login *login);
/* What SESSION was made for; the texts are the registry's. */
struct wish login_session_wish(const struct registry_session *session);
/* Keeps what MADE says, and all that the login wishes, as the account's session: EVENT becomes
 * MACHINE_SESSION_MADE. METHOD: how the session was made, METHOD_APP or METHOD_MIAUTH. */
void login_keep_session(struct login *login, struct misskey_session *made, enum method method,
			struct machine_input *event);
/* The login has ended: keeps what its pages and callback lead to from now on. */
void login_end_session(struct login *login, struct clock_time now);

/* MiAuth: login_miauth.c */
bool login_make_miauth_session(struct login *login, struct machine_input *event);
/* Asks for what the consent gave, or whether the server has MiAuth at all. */
bool login_ask_miauth(struct login *login, const char *uuid, struct machine_input *event);
void login_read_miauth_session(struct login *login, const struct http_answer *answer,
			       struct machine_input *event);
/* What VERDICT, which ANSWER gave, means after an answer that was perhaps lost. */
enum misskey_verdict login_weigh_miauth(struct login *login, const struct http_answer *answer,
					enum misskey_verdict verdict,
					struct misskey_problem *problem);

/* The access token: login_token.c */
bool login_secure(struct login *login, struct machine_input *event);
bool login_exchange(struct login *login, struct machine_input *event);
bool login_store(struct login *login, struct machine_input *event);
bool login_verify(struct login *login, struct machine_input *event);
/* Waits for a turn, as a callback if one has arrived. */
void login_queue(struct login *login);

/* ---- The answers. Each fills *event, or asks something else first. ---- */

void login_read_app(struct login *login, const struct http_answer *answer,
		    struct machine_input *event);
void login_read_session(struct login *login, const struct http_answer *answer,
			struct machine_input *event);
void login_read_exchange(struct login *login, const struct http_answer *answer,
			 struct machine_input *event);
void login_read_i(struct login *login, const struct http_answer *answer,
		  struct machine_input *event);
