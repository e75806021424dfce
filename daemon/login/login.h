/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One account's login: does what the machine says, with the server, the registry and the
 * credentials, and tells the machine what came of it. The server gives the access token only once,
 * so these rules hold:
 *
 * 1. the exchange (userkey, of MiAuth check) is sent only in a turn (login/turns.h), and after room
 * for the answer was reserved;
 * 2. before that, registry.json says that an exchange is under way;
 * 3. i stays in memory until it is durable, and nobody is told of it before;
 * 4. a start that finds an exchange under way looks for its result in credentials.json; only
 *    without one it asks again;
 * 5. userkey is sent, and its answer is used, only for a session that is trusted
 *    (registry_session_is_trusted()).
 *
 * Time is handed down to every function here. It is read only where an answer of the server comes
 * in.
 */

#include <stdbool.h>
#include <stdint.h>

#include "account/accounts.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/name_table.h"
#include "http/http_client.h"
#include "login/login_machine.h"
#include "login/turns.h"
#include "login/wish.h"
#include "misskey/misskey.h"
#include "runtime/clock.h"
#include "store/credentials.h"
#include "store/registry.h"

enum login_change {
	LOGIN_CHANGED,		  /* its view */
	LOGIN_CREDENTIAL_CHANGED, /* what credentials.json says of the account */
	LOGIN_VERIFICATION_ENDED, /* verification_start() has its answer */
};

/* What all logins and verifications share. Its owner frees them before it. */
struct login_environment {
	struct http_client *client; /* borrowed, as are the stores */
	struct registry *registry;
	struct credentials *credentials;
	const char *callback_url; /* NULL: there is no callback listener */
	int64_t session_time_s;
	int64_t poll_interval_s;
	int64_t poll_interval_max_s;
	struct turns turns;		 /* for the exchanges */
	struct name_table logins;	 /* all that there are, by their accounts' names */
	struct name_table verifications; /* the same */
	void (*changed)(enum login_change change, struct account *account, struct clock_time now,
			void *context);
	void *context;
};

/* What may be known of a login; no secrets. */
struct login_view {
	enum machine_state state;
	unsigned revision; /* grows with every change */
	unsigned sessions; /* made so far; what was pending at the start does not count */
	bool browser;
	bool link_opened;   /* the session's start link, by a browser */
	enum method method; /* the session's, or what the login asks for */
	enum outcome outcome;
	/* While the login goes on: what is tried again ("" if nothing). At its end: what happened
	 * and what to do next. */
	char problem_code[MISSKEY_CODE_BYTES];
	char problem[ERR_DETAIL_BYTES];
	int64_t retry_at;	  /* unix s: when that is tried again, 0: nothing waits for it */
	struct misskey_user user; /* who consented; username "" if not known yet */
	char expected[MISSKEY_USERNAME_BYTES]; /* who had to, if another user consented; else "" */
	/* Why the page could not be opened here, while it waits for that; else "". */
	char browser_problem[ERR_DETAIL_BYTES];
};

struct login;

/* The login of ACCOUNT, which is made if there is none. ACCOUNT must outlive it. ERR_NOMEM. */
int login_get(struct account *account, struct login_environment *environment,
	      struct login **ret_login) _must_check_;
/* NULL if there is none. */
struct login *login_find(const struct login_environment *environment,
			 const struct account *account);
void login_free(struct login *login);

const struct account *login_account(const struct login *login);

/* What the login asks for from its next session on. WISH is taken over. */
void login_set_wish(struct login *login, struct wish *wish);
/* What it asks for; NULL while none is under way. */
const struct wish *login_wish(const struct login *login);

/* Whether the account's session was made for what the login asks for. */
bool login_session_fits(const struct login *login);

/* Starts a login. If one is pending, asks the server whether consent was given meanwhile. BROWSER:
 * the callback brings the consent; else userkey is polled. */
void login_begin(struct login *login, bool browser, struct clock_time now);

/* Replaces the pending session by a new one, as soon as no answer about the old one is awaited. */
void login_renew(struct login *login, bool browser, struct clock_time now);

/* Ends the login in any state, because of REASON (a sentence for the person who waits). Later
 * answers of the server are ignored; an i that could not be stored is lost. */
void login_cancel(struct login *login, const char *reason, struct clock_time now);

/* The session's token came back; PROOF says how it is known whose it is. Nothing happens while
 * another session is being made. */
void login_callback(struct login *login, enum registry_proof proof, struct clock_time now);

/* Something happened to the session's link, which the registry knows: tells whoever waits. */
void login_refresh(struct login *login, struct clock_time now);

/* After a start: goes on with the account's session of the registry. */
void login_restore(struct login *login, struct clock_time now);

/* For the loop: monotonic ms, CLOCK_NEVER if nothing is due. */
int64_t login_deadline(const struct login *login);
void login_tick(struct login *login, struct clock_time now);

/* turns_next() gave this login its turn: the exchange begins. */
void login_take_turn(struct login *login, struct clock_time now);

enum login_phase {
	LOGIN_IS_OVER,	      /* none is under way */
	LOGIN_MAKES_PAGE,     /* no consent page yet */
	LOGIN_AWAITS_CONSENT, /* the server may be asked meanwhile whether it was given */
	LOGIN_HAS_CONSENT,
};

/* LOGIN may be NULL: then it is over. */
enum login_phase login_phase(const struct login *login);

/* Whether login_renew() still waits for an answer about the old session. */
bool login_awaits_renewal(const struct login *login);

/* Whether an answer is awaited that cannot be had twice, or is not stored yet. */
bool login_is_exchanging(const struct login *login);

/* Whether the process may end without loss or delay: nothing is under way or due. WAKES: a redirect
 * starts the process again. */
bool login_is_resting(const struct login *login, bool wakes);

/* Before the process ends: tries a last time to store an i. 0, also if there is none; or why not.
 */
int login_flush(struct login *login, struct err_detail *detail) _must_check_;

/* What the server runs, "misskey 2025.3.1"; NULL: not known (yet), also for NULL. */
const char *login_software(const struct login *login);

/* Valid until the next call of a function with this login. */
const struct login_view *login_view(const struct login *login);

/* Who must consent to a login. */
struct login_expected {
	const char *username; /* NULL: anybody may */
	const char *user_id;  /* NULL: the name counts, in any case of letters */
};

/* The only place that decides this. WISH is the login's, NULL without one. CREDENTIAL, which may be
 * NULL, is the account's: it counts if the account is still on its server. The texts are theirs. */
struct login_expected login_expected_user(const struct account *account,
					  const struct credential *credential,
					  const struct wish *wish);
