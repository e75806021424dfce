/* SPDX-License-Identifier: MIT */
#ifndef LOGIN_LOGIN_H
#define LOGIN_LOGIN_H

/*
 * One account's login as it really happens: does what the machine says, with the server, the
 * registry and the credentials, and tells it what came of it. The rules for the access token, which
 * can be had only once, are kept here:
 *
 * 1. userkey is sent only in a turn (daemon/turns.h) and after room for the answer has been
 * reserved,
 * 2. and after registry.json says that an exchange is under way;
 * 3. i stays in memory until it is durable, and nobody is told of it before;
 * 4. a start that finds an exchange under way looks into credentials.json first and asks again
 * then;
 * 5. userkey is sent, and its answer taken, only for a session that registry_session_is_trusted().
 */

#include <stdbool.h>
#include <stdint.h>

#include "account/accounts.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "http/http_client.h"
#include "login/login_machine.h"
#include "login/turns.h"
#include "misskey/misskey.h"
#include "runtime/clock.h"
#include "store/credentials.h"
#include "store/registry.h"

/* What all logins work with; borrowed, outlives them. */
struct login_environment {
	struct http_client *client;
	struct registry *registry;
	struct credentials *credentials;
	struct turns *turns;	  /* the exchanges of all */
	const char *callback_url; /* NULL: there is no callback listener */
	int64_t session_time_s;
	int64_t poll_interval_s;
	int64_t poll_interval_max_s;
	/* Called after every step; IS_NEWS: it can be seen in the view, and somebody may wait for
	 * it. A poll that brings nothing is none. */
	void (*changed)(struct account *account, bool is_news, struct clock_time now,
			void *context);
	/* Called after what credentials.json says of the account has changed. */
	void (*credential_changed)(struct account *account, struct clock_time now, void *context);
	/* Whether another account's login registers the very app that this account needs. */
	bool (*is_registering)(const struct account *account, void *context);
	void *context;
};

/* What may be known of a login; no secrets. */
struct login_view {
	enum machine_state state;
	unsigned revision; /* grows with every change */
	unsigned sessions; /* made so far; what was pending at the start does not count */
	bool browser;
	enum outcome outcome;
	/* Trouble that is being retried ("" if none), or when finished: what happened and what to
	 * do next. */
	char problem_code[MISSKEY_CODE_BYTES];
	char problem[ERR_DETAIL_BYTES];
	struct misskey_user user;	       /* who consented, once known; username "" before */
	char expected[MISSKEY_USERNAME_BYTES]; /* who should have; "" if anybody may */
	/* Why the page could not be opened here, while it waits for that; "" if nothing is known.
	 */
	char browser_problem[ERR_DETAIL_BYTES];
};

struct login;

int login_new(struct account *account, const struct login_environment *environment,
	      struct login **ret_login) _must_check_;
void login_free(struct login *login);

/* Starts a login, or has the pending one looked at again: the server is asked whether consent was
 * given meanwhile, or the session forgotten. BROWSER: by callback; else userkey is polled. */
void login_begin(struct login *login, bool browser, struct clock_time now);

/* Drops the pending session and makes another, as soon as no answer about the old one is awaited.
 */
void login_renew(struct login *login, bool browser, struct clock_time now);

/* Ends the login, whatever its state, because of REASON (a sentence for the person who waits): what
 * the server answers from now on is not heard, an i that could not be stored is dropped. */
void login_cancel(struct login *login, const char *reason, struct clock_time now);

/* The session's token came back; PROOF: how it is known whose it is. */
void login_callback(struct login *login, enum registry_proof proof, struct clock_time now);

/* The session's link was opened by two: who waits is told. */
void login_spoil(struct login *login, struct clock_time now);

/* What the registry says of the session's page has changed. */
void login_refresh(struct login *login, struct clock_time now);

/* Goes on with the account's session of the registry, after a start. */
void login_restore(struct login *login, struct clock_time now);

/* For the loop: monotonic ms, CLOCK_NEVER if nothing is due. */
int64_t login_deadline(const struct login *login);
void login_tick(struct login *login, struct clock_time now);

/* Its turn, which turns_next() gave, has come: the exchange begins. */
void login_take_turn(struct login *login, struct clock_time now);

/* Whether a login is under way. */
bool login_is_active(const struct login *login);
/* Whether there is a session to which nobody is known to have consented yet; a look at it may be
 * under way. */
bool login_awaits_consent(const struct login *login);
/* Whether a page is being made that can be opened. */
bool login_awaits_page(const struct login *login);
/* Whether the page that there is will be another one as soon as a poll's answer is in. */
bool login_awaits_renewal(const struct login *login);
/* Whether the account's session of the registry is this login's: not while another is being made.
 */
bool login_has_session(const struct login *login);
/* Whether an answer is awaited that cannot be had twice, or is not stored yet. */
bool login_is_exchanging(const struct login *login);

/* Whether nothing is done and nothing due before somebody comes; WAKES: a redirect that is awaited
 * wakes the process, if it has ended by then. */
bool login_is_resting(const struct login *login, bool wakes);

/* Whether app/create is under way, and the end of it for one that waits for another's. */
bool login_is_registering(const struct login *login);
void login_settle_app(struct login *login, struct clock_time now);

/* The last try for an i that could not be stored yet, when the process must end. 0, or why not; 0
 * too if there is none. */
int login_flush(struct login *login, struct err_detail *detail) _must_check_;

/* The environment's poll intervals have changed. */
void login_adapt(struct login *login);

/* Valid until the next call of a function with this login. */
const struct login_view *login_view(const struct login *login);

#endif
