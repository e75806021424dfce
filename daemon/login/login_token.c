/* SPDX-License-Identifier: MIT */
/*
 * The access token: asked for once, made durable, and tried.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/digest.h"
#include "common/log.h"
#include "login/verification.h"
#include "login_steps.h"

/* ---- Step 3: the access token ---- */

void authorization_release(struct authorization *authorization)
{
	credentials_reservation_free(authorization->reservation);
	authorization->reservation = NULL;
	turns_leave(authorization->environment->turns, &authorization->turn);
}

void authorization_queue(struct authorization *authorization)
{
	turns_wait(authorization->environment->turns, &authorization->turn,
		   authorization->machine.callback_arrived ? TURN_CALLBACK : TURN_POLL);
}

static int take_room(struct authorization *authorization, struct err_detail *detail)
{
	if (authorization->reservation)
		return 0;
	return credentials_reserve(authorization->environment->credentials,
				   authorization->account->name, &authorization->reservation,
				   detail);
}

/* Rule 5. All that leads to an exchange passes here: before the place is secured, before each
 * userkey, and when its answer is in, because the link may have been opened meanwhile. */
static bool refuse_untrusted(struct authorization *authorization, struct authorizer_input *event)
{
	if (registry_session_is_trusted(authorization_session(authorization)))
		return false;
	authorization_release(authorization);
	log_warning("account %s: the login's page was perhaps opened by somebody else; another is "
		    "made",
		    authorization->account->name);
	event->event = AUTHORIZER_UNTRUSTED;
	return true;
}

/* Rules 1 and 2. Does only what has not been done: a polled session is marked once. */
bool authorization_secure(struct authorization *authorization, struct authorizer_input *event)
{
	const struct authorization_environment *environment = authorization->environment;
	struct registry_session *session =
		registry_session_edit(environment->registry, authorization->account->name);
	struct err_detail detail;

	if (refuse_untrusted(authorization, event))
		return true;
	if (authorization->turn.state != TURN_TAKEN) {
		authorization_queue(authorization);
		return false;
	}
	if (take_room(authorization, &detail)) {
		authorization_fail_here(authorization, "NO_ROOM", &detail, event);
		return true;
	}
	if (!session->exchanging) {
		session->exchanging = true;
		if (registry_save(environment->registry, event->now.unix_s, &detail)) {
			session->exchanging = false;
			authorization_fail_here(authorization, "NO_ROOM", &detail, event);
			return true;
		}
	}
	event->event = AUTHORIZER_SECURED;
	return true;
}

/* Whether USER is who the account is bound to; if not, view.expected says who that is. */
static bool is_expected(struct authorization *authorization, const struct misskey_user *user)
{
	const struct account *account = authorization->account;
	const struct credential *credential =
		credentials_find(authorization->environment->credentials, account->name);
	const char *expected = NULL;

	if (account->user && strcasecmp(account->user, user->username) != 0)
		expected = account->user;
	else if (!account->user && credential &&
		 strcmp(credential->server, account->server.origin) == 0 &&
		 strcmp(credential->user_id, user->id) != 0)
		expected = credential->username;
	if (expected)
		snprintf(authorization->view.expected, sizeof(authorization->view.expected), "%s",
			 expected);
	return !expected;
}

static int candidate_fill(struct authorization *authorization, const struct secret *access_token,
			  const struct registry_app *app, int64_t unix_s)
{
	const struct registry_session *session = authorization_session(authorization);
	const char *token = secret_reveal(&session->token);
	struct credential *candidate = &authorization->candidate;

	credential_done(candidate);
	*candidate = (struct credential){.state = CREDENTIAL_UNVERIFIED, .obtained_at = unix_s};
	memcpy(candidate->account, authorization->account->name, sizeof(candidate->account));
	candidate->server = strdup(authorization->account->server.origin);
	candidate->user_id = strdup(authorization->view.user.id);
	candidate->username = strdup(authorization->view.user.username);
	candidate->permission = strdup(app->permission);
	candidate->app_id = strdup(app->id);
	candidate->app_name = strdup(app->name);
	if (!candidate->server || !candidate->user_id || !candidate->username ||
	    !candidate->permission || !candidate->app_id || !candidate->app_name)
		return ERR_NOMEM;
	if (digest_sha256_hex(token, strlen(token), "", 0, candidate->session_digest))
		return ERR_CRYPTO;
	return misskey_i(access_token, &app->secret, &candidate->i);
}

static void take_access_token(struct authorization *authorization,
			      const struct secret *access_token, const struct misskey_user *user,
			      struct authorizer_input *event)
{
	const struct registry_session *session = authorization_session(authorization);
	const struct registry_app *app = registry_app_by_id(authorization->environment->registry,
							    session->server, session->app_id);
	struct err_detail detail = {"no memory for the credential"};

	authorization->view.user = *user;
	if (!is_expected(authorization, user)) {
		authorization_clear_problem(authorization);
		authorization_fail(event, OUTCOME_WRONG_USER);
	} else if (!app || candidate_fill(authorization, access_token, app, event->now.unix_s)) {
		authorization_fail_for_good_here(authorization, &detail, event);
	} else {
		authorization_clear_problem(authorization);
		authorization->has_candidate = true;
		event->event = AUTHORIZER_EXCHANGED;
	}
}

/* The callback came before the consent: the session waits for the next one, which must show again
 * whose it is. Polls keep their place and their mark. */
static void forget_callback(struct authorization *authorization, int64_t unix_s)
{
	struct registry *registry = authorization->environment->registry;
	struct registry_session *session =
		registry_session_edit(registry, authorization->account->name);
	struct err_detail detail;

	session->exchanging = false;
	session->proof = REGISTRY_PROOF_NONE;
	/* With the old mark a start would only ask the server once more. */
	if (registry_save(registry, unix_s, &detail))
		log_warning("account %s: %s", authorization->account->name, detail.text);
}

/* What a proxy says rather than Misskey: no reason to give up a session that is only polled. */
static bool is_odd(enum misskey_verdict verdict, const struct misskey_problem *problem)
{
	return verdict == MISSKEY_BAD_REPLY || (verdict == MISSKEY_REFUSED && !problem->code[0]);
}

static void read_userkey(struct authorization *authorization, const struct http_answer *answer,
			 struct authorizer_input *event)
{
	struct registry_session *session = registry_session_edit(
		authorization->environment->registry, authorization->account->name);
	_cleanup_(secret_done) struct secret access_token = {0};
	struct misskey_user user = {0};
	struct misskey_problem problem;
	enum misskey_verdict verdict = misskey_userkey_read(answer, &access_token, &user, &problem);

	session->resumes = 0; /* this server does not end the daemon */
	if (verdict == MISSKEY_DONE) {
		if (refuse_untrusted(authorization, event))
			return;
		take_access_token(authorization, &access_token, &user, event);
		return;
	}
	if (verdict == MISSKEY_NO_SUCH_APP)
		registry_app_remove(authorization->environment->registry, session->server,
				    session->app_id);
	if (is_odd(verdict, &problem) && !authorization->machine.callback_arrived)
		verdict = MISSKEY_FOR_NOW;
	if (verdict == MISSKEY_PENDING)
		authorization_clear_problem(authorization);
	if (session->start[0] && verdict == MISSKEY_PENDING)
		forget_callback(authorization, event->now.unix_s);
	authorization_read_verdict(authorization, verdict, &problem, event);
}

bool authorization_exchange(struct authorization *authorization, struct authorizer_input *event)
{
	const struct registry_session *session = authorization_session(authorization);
	const struct registry_app *app = registry_app_by_id(authorization->environment->registry,
							    session->server, session->app_id);
	_cleanup_(buf_done) struct buf body = {0};
	int r;

	if (refuse_untrusted(authorization, event))
		return true;
	if (!app) {
		event->event = AUTHORIZER_NO_SUCH_APP;
		return true;
	}
	r = misskey_userkey_request(&app->secret, &session->token, &body);
	return authorization_ask(authorization, MISSKEY_PATH_SESSION_USERKEY, r, &body,
				 read_userkey, event);
}

/* ---- Step 4: i, durable ---- */

static void tell_credential(const struct authorization *authorization, struct moment now)
{
	const struct authorization_environment *environment = authorization->environment;

	environment->credential_changed(authorization->account, now, environment->context);
}

bool authorization_store(struct authorization *authorization, struct authorizer_input *event)
{
	struct err_detail detail;

	/* Rule 3: the candidate stays until this has succeeded. */
	if (credentials_store(authorization->environment->credentials, &authorization->candidate,
			      authorization->reservation, &detail)) {
		authorization_fail_here(authorization, "NOT_STORED", &detail, event);
		return true;
	}
	authorization_clear_problem(authorization);
	credential_done(&authorization->candidate);
	authorization->candidate = (struct credential){0};
	authorization->has_candidate = false;
	authorization_release(authorization);
	tell_credential(authorization, event->now);
	event->event = AUTHORIZER_STORED;
	return true;
}

/* ---- Afterwards: does it work? ---- */

static void read_i(struct authorization *authorization, const struct http_answer *answer,
		   struct authorizer_input *event)
{
	struct verification_report report;

	verification_settle(authorization->environment->credentials, authorization->account->name,
			    answer, event->now.unix_s, &report);
	if (report.state_changed)
		tell_credential(authorization, event->now);
	if (report.result == VERIFICATION_GOOD) {
		authorization_clear_problem(authorization);
		event->event = AUTHORIZER_VERIFIED;
		return;
	}
	authorization_read_verdict(authorization,
				   report.result == VERIFICATION_UNKNOWN ? MISSKEY_FOR_NOW
									 : MISSKEY_REJECTED,
				   &report.problem, event);
}

bool authorization_verify(struct authorization *authorization, struct authorizer_input *event)
{
	const struct credential *credential = credentials_find(
		authorization->environment->credentials, authorization->account->name);
	_cleanup_(buf_done) struct buf body = {0};
	int r;

	/* After a start: the server may have refused it before. */
	if (!credential_is_kept(credential)) {
		authorization_set_problem(authorization, "REVOKED",
					  "The server did not accept the credential");
		authorization_fail(event, OUTCOME_REJECTED);
		return true;
	}
	r = misskey_verify_request(&credential->i, &body);
	return authorization_ask(authorization, MISSKEY_PATH_I, r, &body, read_i, event);
}
