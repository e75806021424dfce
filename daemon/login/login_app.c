/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "common/digest.h"
#include "common/log.h"
#include "common/text.h"
#include "login_steps.h"

/* ---- What went wrong ---- */

void authorization_set_problem(struct authorization *authorization, const char *code,
			       const char *text)
{
	snprintf(authorization->view.problem_code, sizeof(authorization->view.problem_code), "%s",
		 code);
	snprintf(authorization->view.problem, sizeof(authorization->view.problem), "%s", text);
}

void authorization_clear_problem(struct authorization *authorization)
{
	authorization_set_problem(authorization, "", "");
}

void authorization_fail(struct authorizer_input *event, enum outcome outcome)
{
	event->event = AUTHORIZER_FAILED;
	event->outcome = outcome;
}

/* This machine is in the way: said, logged once for each new reason, and tried again. */
void authorization_fail_here(struct authorization *authorization, const char *code,
			     const struct err_detail *detail, struct authorizer_input *event)
{
	if (strcmp(authorization->view.problem, detail->text) != 0)
		log_error("account %s: %s", authorization->account->name, detail->text);
	authorization_set_problem(authorization, code, detail->text);
	event->event = AUTHORIZER_FAILED_FOR_NOW;
}

void authorization_fail_for_good_here(struct authorization *authorization,
				      const struct err_detail *detail,
				      struct authorizer_input *event)
{
	authorization_fail_here(authorization, "LOCAL", detail, event);
	authorization_fail(event, OUTCOME_LOCAL);
}

/* What any verdict but DONE means for the machine. */
void authorization_read_verdict(struct authorization *authorization, enum misskey_verdict verdict,
				const struct misskey_problem *problem,
				struct authorizer_input *event)
{
	static const enum outcome outcome[] = {
		[MISSKEY_REJECTED] = OUTCOME_REJECTED,	 [MISSKEY_SUSPENDED] = OUTCOME_REJECTED,
		[MISSKEY_DENIED] = OUTCOME_REFUSED,	 [MISSKEY_REFUSED] = OUTCOME_REFUSED,
		[MISSKEY_BAD_REPLY] = OUTCOME_BAD_REPLY, [MISSKEY_ELSEWHERE] = OUTCOME_ELSEWHERE,
	};

	switch (verdict) {
	case MISSKEY_DONE:
		return;
	case MISSKEY_PENDING:
		event->event = AUTHORIZER_PENDING;
		return;
	case MISSKEY_NO_SUCH_SESSION:
		event->event = AUTHORIZER_NO_SUCH_SESSION;
		break;
	case MISSKEY_NO_SUCH_APP:
		event->event = AUTHORIZER_NO_SUCH_APP;
		break;
	case MISSKEY_FOR_NOW:
		event->event = AUTHORIZER_FAILED_FOR_NOW;
		event->retry_after_s = problem->retry_after_s;
		break;
	default:
		authorization_fail(event, outcome[verdict]);
		break;
	}
	authorization_set_problem(authorization, problem->code[0] ? problem->code : "SERVER",
				  problem->text);
	log_warning("account %s: %s: %s", authorization->account->name,
		    authorization->account->server.origin, problem->text);
}

/* ---- Asking the server ---- */

static void on_answer(const struct http_answer *answer, void *context)
{
	struct authorization *authorization = context;
	struct authorizer_input event =
		authorization_event(authorization, AUTHORIZER_FAILED_FOR_NOW, moment_now());

	authorization->call = NULL;
	authorization->reader(authorization, answer, &event);
	if (authorization->call)
		return; /* something else has to be known first */
	/* What was learnt may have added or removed an app. */
	event.app_known = authorization_find_app(authorization, NULL);
	authorization_advance(authorization, &event);
}

/* POSTs BODY, whose building gave BUILT (0 or an error); READER gets the answer. */
bool authorization_ask(struct authorization *authorization, const char *path, int built,
		       const struct buf *body, answer_reader *reader,
		       struct authorizer_input *event)
{
	struct err_detail detail = {"a request could not be put together: no memory"};

	authorization->reader = reader;
	if (!built && !buf_error(body) &&
	    !http_client_post(authorization->environment->client, &authorization->account->server,
			      path, buf_text(body), body->size, on_answer, authorization,
			      &authorization->call, &detail))
		return false;
	authorization_fail_here(authorization, "LOCAL", &detail, event);
	return true;
}

static void read_missing(struct authorization *authorization, const struct http_answer *answer,
			 struct authorizer_input *event)
{
	struct misskey_problem problem;

	misskey_missing_read(answer, authorization->missing, &problem);
	authorization_read_verdict(authorization, MISSKEY_REFUSED, &problem, event);
}

/* Before there is a page: a server that does not know the endpoint is asked what it is. */
static void read_early_verdict(struct authorization *authorization, enum misskey_verdict verdict,
			       const struct misskey_problem *problem,
			       struct authorizer_input *event)
{
	_cleanup_(buf_done) struct buf body = {0};

	if (verdict != MISSKEY_REFUSED || problem->status != 404) {
		authorization_read_verdict(authorization, verdict, problem, event);
		return;
	}
	authorization->missing = problem->endpoint;
	(void)authorization_ask(authorization, MISSKEY_PATH_META, misskey_meta_request(&body),
				&body, read_missing, event);
}

/* ---- Step 1: the app ---- */

static int app_store(struct authorization *authorization, struct misskey_app *created,
		     int64_t unix_s, struct err_detail *detail)
{
	struct account *account = authorization->account;
	char callback_url[REGISTRY_CALLBACK_URL_BYTES] = "";
	struct registry_app app = {
		.server = account->server.origin,
		.name = account->app_name,
		.description = account->description,
		.permission = account->permission,
		.callback_url = callback_url,
		.id = created->id,
		.secret = created->secret,
		.created_at = unix_s,
	};
	int r;

	if (authorization->environment->callback_url)
		snprintf(callback_url, sizeof(callback_url), "%s",
			 authorization->environment->callback_url);
	r = registry_app_put(authorization->environment->registry, &app);
	if (r)
		return err_set(detail, r, "The app could not be kept: %s", err_text(r));
	return registry_save(authorization->environment->registry, unix_s, detail);
}

static void read_app(struct authorization *authorization, const struct http_answer *answer,
		     struct authorizer_input *event)
{
	struct misskey_problem problem;
	struct misskey_app app = {0};
	struct err_detail detail;
	enum misskey_verdict verdict = misskey_app_create_read(answer, &app, &problem);

	if (verdict != MISSKEY_DONE) {
		read_early_verdict(authorization, verdict, &problem, event);
	} else if (app_store(authorization, &app, event->now.unix_s, &detail)) {
		authorization_fail_for_good_here(authorization, &detail, event);
	} else {
		authorization_clear_problem(authorization);
		event->event = AUTHORIZER_APP_CREATED;
		log_info("account %s: registered the app at %s", authorization->account->name,
			 authorization->account->server.origin);
	}
	secret_done(&app.secret);
}

/* Of several logins that need the same app one registers it; authorization_settle_app() tells the
 * others. */
static bool create_app(struct authorization *authorization, struct authorizer_input *event)
{
	const struct authorization_environment *environment = authorization->environment;
	const struct account *account = authorization->account;
	_cleanup_(buf_done) struct buf body = {0};
	int r;

	/* Of those whose first try failed together, one may have succeeded since. */
	if (authorization->machine.attempts > 0 && authorization_find_app(authorization, NULL)) {
		event->event = AUTHORIZER_APP_CREATED;
		return true;
	}
	authorization->awaits_app = environment->is_registering(account, environment->context);
	if (authorization->awaits_app)
		return false;
	r = misskey_app_create_request(account->app_name, account->description, account->permission,
				       environment->callback_url, &body);
	return authorization_ask(authorization, MISSKEY_PATH_APP_CREATE, r, &body, read_app, event);
}

/* ---- Step 2: the session ---- */

/* What the callback's token and the result's page lead to from now on. */
static int finished_store(struct authorization *authorization,
			  const struct registry_session *session, enum outcome outcome,
			  int64_t unix_s)
{
	struct authorization_view *view = &authorization->view;
	const char *token = secret_reveal(&session->token);
	struct registry_finished finished = {
		.server = authorization->account->server.origin,
		.user = view->user.username[0] ? view->user.username : NULL,
		.expected = view->expected[0] ? view->expected : NULL,
		.detail = view->problem[0] ? view->problem : NULL,
		.outcome = outcome,
		.finished_at = unix_s,
	};

	memcpy(finished.account, session->account, sizeof(finished.account));
	memcpy(finished.result, session->result, sizeof(finished.result));
	memcpy(finished.start, session->start, sizeof(finished.start));
	if (digest_sha256_hex(token, strlen(token), "", 0, finished.token_digest))
		return ERR_CRYPTO;
	return registry_finished_add(authorization->environment->registry, &finished);
}

/* A session made anew by itself keeps the result's name, so that a page that waits there goes on.
 */
static int session_store(struct authorization *authorization, struct misskey_session *made,
			 struct moment now, struct err_detail *detail)
{
	const struct authorization_environment *environment = authorization->environment;
	const struct registry_session *before = authorization_session(authorization);
	struct registry_session session = {
		.server = authorization->account->server.origin,
		.app_id = authorization->app_id,
		.token = made->token,
		.consent_url = made->consent_url,
		.browser = authorization->machine.browser,
		/* It is polled from now on: so it is marked once, and not written again for it. */
		.exchanging = !authorization->machine.browser,
		/* Else the page that waits may be somebody else's. */
		.renewed = authorization->machine.session_renewed && before &&
			   registry_session_is_trusted(before),
		.expires_at = now.unix_s + environment->session_time_s,
	};
	int r;

	memcpy(session.account, authorization->account->name, sizeof(session.account));
	if (random_id(session.result) ||
	    (session.browser && (random_id(session.start) || random_id(session.cookie))))
		return err_set(detail, ERR_CRYPTO, "No random numbers can be had from the system");
	if (session.renewed) {
		memcpy(session.result, before->result, sizeof(session.result));
		/* A reload of the old callback leads to the same result. */
		(void)finished_store(authorization, before, OUTCOME_LOST, now.unix_s);
	}
	r = registry_session_put(environment->registry, &session);
	if (r)
		return err_set(detail, r, "The session could not be kept: %s", err_text(r));
	return registry_save(environment->registry, now.unix_s, detail);
}

static void read_session(struct authorization *authorization, const struct http_answer *answer,
			 struct authorizer_input *event)
{
	struct registry *registry = authorization->environment->registry;
	const char *server = authorization->account->server.origin;
	struct misskey_problem problem;
	struct misskey_session session = {0};
	struct err_detail detail;
	enum misskey_verdict verdict = misskey_session_generate_read(
		answer, &authorization->account->server, &session, &problem);

	if (verdict == MISSKEY_NO_SUCH_APP)
		registry_app_remove(registry, server, authorization->app_id);
	if (verdict != MISSKEY_DONE) {
		read_early_verdict(authorization, verdict, &problem, event);
	} else if (!registry_app_by_id(registry, server, authorization->app_id)) {
		event->event = AUTHORIZER_NO_SUCH_APP;
	} else if (session_store(authorization, &session, event->now, &detail)) {
		authorization_fail_for_good_here(authorization, &detail, event);
	} else {
		authorization_clear_problem(authorization);
		event->event = AUTHORIZER_SESSION_MADE;
		authorization->view.sessions++;
		event->expires_ms =
			event->now.mono_ms + authorization->environment->session_time_s * 1000;
		log_info("account %s: waiting for consent at %s", authorization->account->name,
			 authorization->account->server.origin);
	}
	secret_done(&session.token);
	secret_erase(session.consent_url, sizeof(session.consent_url));
}

static bool make_session(struct authorization *authorization, struct authorizer_input *event)
{
	const struct registry_app *app;
	_cleanup_(buf_done) struct buf body = {0};
	int r;

	if (!authorization_find_app(authorization, &app)) {
		event->event = AUTHORIZER_NO_SUCH_APP;
		return true;
	}
	snprintf(authorization->app_id, sizeof(authorization->app_id), "%s", app->id);
	r = misskey_session_generate_request(&app->secret, &body);
	return authorization_ask(authorization, MISSKEY_PATH_SESSION_GENERATE, r, &body,
				 read_session, event);
}

/* ---- The end ---- */

static void log_outcome(const struct authorization *authorization)
{
	const struct authorization_view *view = &authorization->view;
	enum outcome outcome = authorization->machine.outcome;
	_cleanup_(buf_done) struct buf user = {0};

	text_append_printable(&user, view->user.username, 64);
	if (outcome_is_success(outcome))
		log_info("account %s: signed in to %s as @%s (%s)", authorization->account->name,
			 authorization->account->server.origin, buf_text(&user),
			 outcome_code(outcome));
	else
		log_warning("account %s: login at %s ended: %s%s%s", authorization->account->name,
			    authorization->account->server.origin, outcome_code(outcome),
			    view->problem[0] ? ": " : "", view->problem);
}

static void end_login(struct authorization *authorization, struct moment now)
{
	struct registry *registry = authorization->environment->registry;
	const struct registry_session *session = authorization_session(authorization);
	struct err_detail detail = {"no memory"};
	int r = 0;

	authorization_release(authorization);
	log_outcome(authorization);
	if (!session)
		return;
	r = finished_store(authorization, session, authorization->machine.outcome, now.unix_s);
	registry_session_remove(registry, authorization->account->name);
	if (!r)
		r = registry_save(registry, now.unix_s, &detail);
	/* Nothing is lost: a start finds the session's digest among the credentials. */
	if (r)
		log_warning("account %s: the end of the login could not be noted: %s",
			    authorization->account->name, detail.text);
}

bool authorization_perform(struct authorization *authorization, enum authorizer_action action,
			   struct moment now, struct authorizer_input *ret_event)
{
	*ret_event = authorization_event(authorization, AUTHORIZER_FAILED, now);
	/* A session that is made anew anyhow is made as it is wanted. */
	if (authorization->renew_wanted &&
	    (action == AUTHORIZER_DO_CREATE_APP || action == AUTHORIZER_DO_MAKE_SESSION)) {
		authorization->renew_wanted = false;
		authorization->machine.browser = authorization->renew_browser;
	}

	switch (action) {
	case AUTHORIZER_DO_NOTHING:
		return false;
	case AUTHORIZER_DO_CREATE_APP:
		return create_app(authorization, ret_event);
	case AUTHORIZER_DO_MAKE_SESSION:
		return make_session(authorization, ret_event);
	case AUTHORIZER_DO_SECURE:
		return authorization_secure(authorization, ret_event);
	case AUTHORIZER_DO_EXCHANGE:
		return authorization_exchange(authorization, ret_event);
	case AUTHORIZER_DO_STORE:
		return authorization_store(authorization, ret_event);
	case AUTHORIZER_DO_VERIFY:
		return authorization_verify(authorization, ret_event);
	case AUTHORIZER_DO_FINISH:
		end_login(authorization, now);
		return false;
	}
	return false;
}
