/* SPDX-License-Identifier: MIT */
/*
 * The access token: asked for once, made durable, and tried.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/digest.h"
#include "common/log.h"
#include "common/vocabulary.h"
#include "login/verification.h"
#include "login_steps.h"

/* ---- Step 3: the access token ---- */

void login_release(struct login *login)
{
	credentials_reservation_free(login->reservation);
	login->reservation = NULL;
	turns_leave(login->environment->turns, &login->turn);
}

void login_queue(struct login *login)
{
	turns_wait(login->environment->turns, &login->turn,
		   login->machine.callback_arrived ? TURN_CALLBACK : TURN_POLL);
}

static int take_room(struct login *login, struct err_detail *detail)
{
	if (login->reservation)
		return 0;
	return credentials_reserve(login->environment->credentials, login->account->name,
				   &login->reservation, detail);
}

/* Rule 5. All that leads to an exchange passes here: before the place is secured, before each
 * userkey, and when its answer is in, because the link may have been opened meanwhile. */
static bool refuse_untrusted(struct login *login, struct machine_input *event)
{
	if (registry_session_is_trusted(login_session(login)))
		return false;
	login_release(login);
	log_warning("account %s: the login's page was perhaps opened by somebody else; another is "
		    "made",
		    login->account->name);
	event->event = MACHINE_UNTRUSTED;
	return true;
}

/* Rules 1 and 2. Does only what has not been done: a polled session is marked once. */
bool login_secure(struct login *login, struct machine_input *event)
{
	const struct login_environment *environment = login->environment;
	struct registry_session *session =
		registry_session_edit(environment->registry, login->account->name);
	struct err_detail detail;

	if (refuse_untrusted(login, event))
		return true;
	if (login->turn.state != TURN_TAKEN) {
		login_queue(login);
		return false;
	}
	if (take_room(login, &detail)) {
		login_fail_here(login, CODE_NO_ROOM, &detail, event);
		return true;
	}
	if (!session->exchanging) {
		session->exchanging = true;
		if (registry_save(environment->registry, event->now.unix_s, &detail)) {
			session->exchanging = false;
			login_fail_here(login, CODE_NO_ROOM, &detail, event);
			return true;
		}
	}
	event->event = MACHINE_SECURED;
	return true;
}

/* Whether USER is who the account is bound to; if not, view.expected says who that is. */
static bool is_expected(struct login *login, const struct misskey_user *user)
{
	const struct account *account = login->account;
	const struct credential *credential =
		credentials_find(login->environment->credentials, account->name);
	const char *expected = NULL;

	if (account->user && strcasecmp(account->user, user->username) != 0)
		expected = account->user;
	else if (!account->user && credential &&
		 strcmp(credential->server, account->server.origin) == 0 &&
		 strcmp(credential->user_id, user->id) != 0)
		expected = credential->username;
	if (expected)
		snprintf(login->view.expected, sizeof(login->view.expected), "%s", expected);
	return !expected;
}

static int candidate_fill(struct login *login, const struct secret *access_token,
			  const struct registry_app *app, int64_t unix_s)
{
	const struct registry_session *session = login_session(login);
	const char *token = secret_reveal(&session->token);
	struct credential *candidate = &login->candidate;

	credential_done(candidate);
	*candidate = (struct credential){.state = CREDENTIAL_UNVERIFIED, .obtained_at = unix_s};
	memcpy(candidate->account, login->account->name, sizeof(candidate->account));
	candidate->server = strdup(login->account->server.origin);
	candidate->user_id = strdup(login->view.user.id);
	candidate->username = strdup(login->view.user.username);
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

static void take_access_token(struct login *login, const struct secret *access_token,
			      const struct misskey_user *user, struct machine_input *event)
{
	const struct registry_session *session = login_session(login);
	const struct registry_app *app =
		registry_app_by_id(login->environment->registry, session->server, session->app_id);
	struct err_detail detail = {"no memory for the credential"};

	login->view.user = *user;
	if (!is_expected(login, user)) {
		login_clear_problem(login);
		login_fail(event, OUTCOME_WRONG_USER);
	} else if (!app || candidate_fill(login, access_token, app, event->now.unix_s)) {
		login_fail_for_good_here(login, &detail, event);
	} else {
		login_clear_problem(login);
		login->has_candidate = true;
		event->event = MACHINE_EXCHANGED;
	}
}

/* The callback came before the consent: the session waits for the next one, which must show again
 * whose it is. Polls keep their place and their mark. */
static void forget_callback(struct login *login, int64_t unix_s)
{
	struct registry *registry = login->environment->registry;
	struct registry_session *session = registry_session_edit(registry, login->account->name);
	struct err_detail detail;

	session->exchanging = false;
	session->proof = REGISTRY_PROOF_NONE;
	/* With the old mark a start would only ask the server once more. */
	if (registry_save(registry, unix_s, &detail))
		log_warning("account %s: %s", login->account->name, detail.text);
}

/* What a proxy says rather than Misskey: no reason to give up a session that is only polled. */
static bool is_odd(enum misskey_verdict verdict, const struct misskey_problem *problem)
{
	return verdict == MISSKEY_BAD_REPLY || (verdict == MISSKEY_REFUSED && !problem->code[0]);
}

static void read_userkey(struct login *login, const struct http_answer *answer,
			 struct machine_input *event)
{
	struct registry_session *session =
		registry_session_edit(login->environment->registry, login->account->name);
	_cleanup_(secret_done) struct secret access_token = {0};
	struct misskey_user user = {0};
	struct misskey_problem problem;
	enum misskey_verdict verdict = misskey_userkey_read(answer, &access_token, &user, &problem);

	session->resumes = 0; /* this server does not end the daemon */
	if (verdict == MISSKEY_DONE) {
		if (refuse_untrusted(login, event))
			return;
		take_access_token(login, &access_token, &user, event);
		return;
	}
	if (verdict == MISSKEY_NO_SUCH_APP)
		registry_app_remove(login->environment->registry, session->server, session->app_id);
	if (is_odd(verdict, &problem) && !login->machine.callback_arrived)
		verdict = MISSKEY_FOR_NOW;
	if (verdict == MISSKEY_PENDING)
		login_clear_problem(login);
	if (session->start[0] && verdict == MISSKEY_PENDING)
		forget_callback(login, event->now.unix_s);
	login_read_verdict(login, verdict, &problem, event);
}

bool login_exchange(struct login *login, struct machine_input *event)
{
	const struct registry_session *session = login_session(login);
	const struct registry_app *app =
		registry_app_by_id(login->environment->registry, session->server, session->app_id);
	_cleanup_(buf_done) struct buf body = {0};
	int r;

	if (refuse_untrusted(login, event))
		return true;
	if (!app) {
		event->event = MACHINE_NO_SUCH_APP;
		return true;
	}
	r = misskey_userkey_request(&app->secret, &session->token, &body);
	return login_ask(login, MISSKEY_PATH_SESSION_USERKEY, r, &body, read_userkey, event);
}

/* ---- Step 4: i, durable ---- */

static void tell_credential(const struct login *login, struct clock_time now)
{
	const struct login_environment *environment = login->environment;

	environment->credential_changed(login->account, now, environment->context);
}

bool login_store(struct login *login, struct machine_input *event)
{
	struct err_detail detail;

	/* Rule 3: the candidate stays until this has succeeded. */
	if (credentials_store(login->environment->credentials, &login->candidate,
			      login->reservation, &detail)) {
		login_fail_here(login, CODE_NOT_STORED, &detail, event);
		return true;
	}
	login_clear_problem(login);
	credential_done(&login->candidate);
	login->candidate = (struct credential){0};
	login->has_candidate = false;
	login_release(login);
	tell_credential(login, event->now);
	event->event = MACHINE_STORED;
	return true;
}

/* ---- Afterwards: does it work? ---- */

static void read_i(struct login *login, const struct http_answer *answer,
		   struct machine_input *event)
{
	struct verification_report report;

	verification_settle(login->environment->credentials, login->account->name, answer,
			    event->now.unix_s, &report);
	if (report.state_changed)
		tell_credential(login, event->now);
	if (report.result == VERIFICATION_GOOD) {
		login_clear_problem(login);
		event->event = MACHINE_VERIFIED;
		return;
	}
	login_read_verdict(
		login, report.result == VERIFICATION_UNKNOWN ? MISSKEY_FOR_NOW : MISSKEY_REJECTED,
		&report.problem, event);
}

bool login_verify(struct login *login, struct machine_input *event)
{
	const struct credential *credential =
		credentials_find(login->environment->credentials, login->account->name);
	_cleanup_(buf_done) struct buf body = {0};
	int r;

	/* After a start: the server may have refused it before. */
	if (!credential_is_kept(credential)) {
		login_set_problem(login, "REVOKED", "The server did not accept the credential");
		login_fail(event, OUTCOME_REJECTED);
		return true;
	}
	r = misskey_verify_request(&credential->i, &body);
	return login_ask(login, MISSKEY_PATH_I, r, &body, read_i, event);
}
