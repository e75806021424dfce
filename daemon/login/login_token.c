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

/* ---- The access token ---- */

void login_queue(struct login *login)
{
	turns_wait(&login->environment->turns, &login->turn,
		   login->machine.callback_arrived ? TURN_CALLBACK : TURN_POLL);
}

static int take_room(struct login *login, struct err_detail *detail)
{
	if (login->reservation)
		return 0;
	return credentials_reserve(login->environment->credentials, login->account->name,
				   &login->reservation, detail);
}

/* Rule 5. Every way to a credential passes here three times: before room is reserved, before
 * userkey is sent, and when its answer is in. The link may be opened again at any time between. */
static bool refuse_untrusted(struct login *login, struct machine_input *event)
{
	if (registry_session_is_trusted(login_session(login)))
		return false;
	log_warning("account %s: the login's page was perhaps opened by somebody else; another is "
		    "made",
		    login->account->name);
	event->event = MACHINE_UNTRUSTED;
	return true;
}

/* Rules 1 and 2. Does only what is not done yet: a polled session is marked once. */
bool login_secure(struct login *login, struct machine_input *event)
{
	const struct login_environment *environment = login->environment;
	struct err_detail detail;

	if (refuse_untrusted(login, event))
		return true;
	if (login->turn.state != TURN_TAKEN) {
		login_queue(login);
		return false;
	}
	if (take_room(login, &detail) ||
	    registry_session_mark_exchanging(environment->registry, login->account->name,
					     event->now.unix_s, &detail)) {
		login_fail_here(login, CODE_NO_ROOM, &detail, event);
		return true;
	}
	event->event = MACHINE_SECURED;
	return true;
}

struct login_expected login_expected_user(const struct account *account,
					  const struct credential *credential,
					  const struct wish *wish)
{
	struct login_expected expected = {0};

	/* Before a wish: the config may name somebody else by now. */
	if (account->user) {
		expected.username = account->user;
	} else if (wish && wish->user) {
		expected.username = wish->user;
	} else if (credential && !(wish && wish->replace) &&
		   strcmp(credential->server, account->server.origin) == 0) {
		expected.username = credential->username;
		expected.user_id = credential->user_id;
	}
	return expected;
}

/* Whether USER may consent; if not, view.expected says who must. */
static bool is_expected(struct login *login, const struct misskey_user *user)
{
	const struct registry_session *session = login_session(login);
	const struct wish wish = {.user = session->user, .replace = session->replace};
	struct login_expected expected =
		login_expected_user(login->account, login_credential(login), &wish);

	if (!expected.username ||
	    (expected.user_id ? strcmp(expected.user_id, user->id) == 0
			      : strcasecmp(expected.username, user->username) == 0))
		return true;
	snprintf(login->view.expected, sizeof(login->view.expected), "%s", expected.username);
	return false;
}

/* Makes what the exchange gave the candidate's i: of MiAuth it is that already. */
static int candidate_set_i(struct login *login, const struct registry_session *session,
			   const struct secret *access_token)
{
	const struct registry_app *app =
		registry_session_app(login->environment->registry, session);
	struct secret *i = &login->candidate.i;

	if (session->method == METHOD_MIAUTH)
		return secret_copy(i, access_token);
	return app ? misskey_i(access_token, &app->secret, i) : ERR_NOT_FOUND;
}

static int candidate_fill(struct login *login, const struct secret *access_token, int64_t unix_s)
{
	const struct registry_session *session = login_session(login);
	const char *token = secret_reveal(&session->token);
	struct credential *candidate = &login->candidate;

	credential_done(candidate);
	*candidate = (struct credential){
		.state = CREDENTIAL_UNVERIFIED, .method = session->method, .obtained_at = unix_s};
	memcpy(candidate->account, login->account->name, sizeof(candidate->account));
	candidate->server = strdup(login->account->server.origin);
	candidate->user_id = strdup(login->view.user.id);
	candidate->username = strdup(login->view.user.username);
	candidate->permission = strdup(session->permission);
	candidate->app_id = session->app_id ? strdup(session->app_id) : NULL;
	candidate->app_name = strdup(session->app_name);
	candidate->software = login->software[0] ? strdup(login->software) : NULL;
	if (!candidate->server || !candidate->user_id || !candidate->username ||
	    !candidate->permission || !candidate->app_name ||
	    (session->app_id && !candidate->app_id) || (login->software[0] && !candidate->software))
		return ERR_NOMEM;
	if (digest_sha256_hex(token, strlen(token), "", 0, candidate->session_digest))
		return ERR_CRYPTO;
	return candidate_set_i(login, session, access_token);
}

static void take_access_token(struct login *login, const struct secret *access_token,
			      const struct misskey_user *user, struct machine_input *event)
{
	struct err_detail detail = {"no memory for the credential"};

	login->view.user = *user;
	if (!is_expected(login, user)) {
		login_clear_problem(login);
		login_fail(event, OUTCOME_WRONG_USER);
	} else if (candidate_fill(login, access_token, event->now.unix_s)) {
		login_fail_for_good_here(login, &detail, event);
	} else {
		login_clear_problem(login);
		login->has_candidate = true;
		event->event = MACHINE_EXCHANGED;
	}
}

/* The callback came before the consent: the session waits for another, which needs a proof of its
 * own. */
static void forget_callback(struct login *login, int64_t unix_s)
{
	struct err_detail detail;

	/* If this is lost, the next start asks the server once more, which does no harm. */
	if (registry_session_forget_callback(login->environment->registry, login->account->name,
					     unix_s, &detail))
		log_warning("account %s: %s", login->account->name, detail.text);
}

/* Whether a proxy rather than Misskey may have answered. A session that is only polled outlives
 * that. */
static bool is_odd(enum misskey_verdict verdict, const struct misskey_problem *problem)
{
	return verdict == MISSKEY_BAD_REPLY || (verdict == MISSKEY_REFUSED && !problem->code[0]);
}

/* Reads ANSWER as the session's method has it. */
static enum misskey_verdict read_access_token(struct login *login, const struct http_answer *answer,
					      struct secret *ret_access_token,
					      struct misskey_user *ret_user,
					      struct misskey_problem *ret_problem)
{
	const struct registry_session *session = login_session(login);
	enum misskey_verdict verdict;

	if (session->method == METHOD_MIAUTH) {
		verdict = misskey_miauth_read(answer, ret_access_token, ret_user, ret_problem);
		return login_weigh_miauth(login, answer, verdict, ret_problem);
	}
	verdict = misskey_userkey_read(answer, ret_access_token, ret_user, ret_problem);
	if (verdict == MISSKEY_NO_SUCH_APP)
		registry_app_remove(login->environment->registry, session->account, session->server,
				    session->app_id);
	return verdict;
}

/* The server has answered that there is no consent. */
static void note_pending(struct login *login, int64_t unix_s)
{
	login_clear_problem(login);
	if (login->is_in_doubt)
		login_set_problem(login, CODE_ANSWER_LOST,
				  "An answer of the server may have been lost. If Accept was "
				  "pressed already, run misskey-authctl login again, for another "
				  "page");
	if (login_session(login)->start[0])
		forget_callback(login, unix_s);
}

void login_read_exchange(struct login *login, const struct http_answer *answer,
			 struct machine_input *event)
{
	_cleanup_(secret_done) struct secret access_token = {0};
	struct misskey_user user = {0};
	struct misskey_problem problem;
	enum misskey_verdict verdict =
		read_access_token(login, answer, &access_token, &user, &problem);

	/* This server does not end the daemon. */
	registry_session_mark_answered(login->environment->registry, login->account->name);
	if (verdict == MISSKEY_DONE) {
		if (refuse_untrusted(login, event))
			return;
		take_access_token(login, &access_token, &user, event);
		return;
	}
	if (is_odd(verdict, &problem) && !login->machine.callback_arrived)
		verdict = MISSKEY_FOR_NOW;
	if (verdict == MISSKEY_PENDING)
		note_pending(login, event->now.unix_s);
	login_read_verdict(login, verdict, &problem, event);
}

bool login_exchange(struct login *login, struct machine_input *event)
{
	const struct registry_session *session = login_session(login);
	const struct registry_app *app =
		registry_session_app(login->environment->registry, session);
	_cleanup_(buf_done) struct buf body = {0};
	int r;

	if (refuse_untrusted(login, event))
		return true;
	if (session->method == METHOD_MIAUTH)
		return login_ask_miauth(login, secret_reveal(&session->token), event);
	if (!app) {
		event->event = MACHINE_NO_SUCH_APP;
		return true;
	}
	r = misskey_userkey_request(&app->secret, &session->token, &body);
	return login_ask(login, MISSKEY_PATH_SESSION_USERKEY, r, &body, event);
}

/* ---- i, durable ---- */

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
	login_tell(login, LOGIN_CREDENTIAL_CHANGED, event->now);
	event->event = MACHINE_STORED;
	return true;
}

/* ---- Does it work? ---- */

void login_read_i(struct login *login, const struct http_answer *answer,
		  struct machine_input *event)
{
	struct verification_report report;

	verification_record(login->environment->credentials, login->account->name, answer,
			    event->now.unix_s, &report);
	if (report.state_changed)
		login_tell(login, LOGIN_CREDENTIAL_CHANGED, event->now);
	if (verification_is_good(&report)) {
		login_clear_problem(login);
		event->event = MACHINE_VERIFIED;
		return;
	}
	login_read_verdict(login, report.is_known ? MISSKEY_REJECTED : MISSKEY_FOR_NOW,
			   &report.problem, event);
}

bool login_verify(struct login *login, struct machine_input *event)
{
	const struct credential *credential = login_credential(login);
	struct err_detail detail;

	/* After a start: the server may have refused it before. */
	if (!credential_is_kept(credential)) {
		login_set_problem(login, "REVOKED", "The server did not accept the credential");
		login_fail(event, OUTCOME_REJECTED);
		return true;
	}
	if (!verification_ask(login->environment->client, credential, login_on_answer, login,
			      &login->call, &detail))
		return false;
	login_fail_here(login, "LOCAL", &detail, event);
	return true;
}
