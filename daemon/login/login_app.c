/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "common/digest.h"
#include "common/log.h"
#include "common/text.h"
#include "common/vocabulary.h"
#include "login_steps.h"

/* ---- What went wrong ---- */

void login_set_problem(struct login *login, const char *code, const char *text)
{
	snprintf(login->view.problem_code, sizeof(login->view.problem_code), "%s", code);
	snprintf(login->view.problem, sizeof(login->view.problem), "%s", text);
}

void login_clear_problem(struct login *login)
{
	login_set_problem(login, "", "");
}

void login_fail(struct machine_input *event, enum outcome outcome)
{
	event->event = MACHINE_FAILED;
	event->outcome = outcome;
}

/* This machine is in the way: said, logged once for each new reason, and tried again. */
void login_fail_here(struct login *login, const char *code, const struct err_detail *detail,
		     struct machine_input *event)
{
	if (strcmp(login->view.problem, detail->text) != 0)
		log_error("account %s: %s", login->account->name, detail->text);
	login_set_problem(login, code, detail->text);
	event->event = MACHINE_FAILED_FOR_NOW;
}

void login_fail_for_good_here(struct login *login, const struct err_detail *detail,
			      struct machine_input *event)
{
	login_fail_here(login, "LOCAL", detail, event);
	login_fail(event, OUTCOME_LOCAL);
}

/* What any verdict but DONE means for the machine. */
void login_read_verdict(struct login *login, enum misskey_verdict verdict,
			const struct misskey_problem *problem, struct machine_input *event)
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
		event->event = MACHINE_PENDING;
		return;
	case MISSKEY_NO_SUCH_SESSION:
		event->event = MACHINE_NO_SUCH_SESSION;
		break;
	case MISSKEY_NO_SUCH_APP:
		event->event = MACHINE_NO_SUCH_APP;
		break;
	case MISSKEY_FOR_NOW:
		event->event = MACHINE_FAILED_FOR_NOW;
		event->retry_after_s = problem->retry_after_s;
		break;
	default:
		login_fail(event, outcome[verdict]);
		break;
	}
	login_set_problem(login, problem->code[0] ? problem->code : CODE_SERVER, problem->text);
	log_warning("account %s: %s: %s", login->account->name, login->account->server.origin,
		    problem->text);
}

/* ---- Asking the server ---- */

static void on_answer(const struct http_answer *answer, void *context)
{
	struct login *login = context;
	struct machine_input event = login_event(login, MACHINE_FAILED_FOR_NOW, clock_now());

	login->call = NULL;
	login->reader(login, answer, &event);
	if (login->call)
		return; /* something else has to be known first */
	/* What was learnt may have added or removed an app. */
	event.app_known = login_find_app(login, NULL);
	login_advance(login, &event);
}

/* POSTs BODY, whose building gave BUILT (0 or an error); READER gets the answer. */
bool login_ask(struct login *login, const char *path, int built, const struct buf *body,
	       answer_reader *reader, struct machine_input *event)
{
	struct err_detail detail = {"a request could not be put together: no memory"};

	login->reader = reader;
	if (!built && !buf_error(body) &&
	    !http_client_post(login->environment->client, &login->account->server, path,
			      buf_text(body), body->size, on_answer, login, &login->call, &detail))
		return false;
	login_fail_here(login, "LOCAL", &detail, event);
	return true;
}

static void read_missing(struct login *login, const struct http_answer *answer,
			 struct machine_input *event)
{
	struct misskey_problem problem;

	misskey_missing_read(answer, login->missing, &problem);
	login_read_verdict(login, MISSKEY_REFUSED, &problem, event);
}

/* Before there is a page: a server that does not know the endpoint is asked what it is. */
static void read_early_verdict(struct login *login, enum misskey_verdict verdict,
			       const struct misskey_problem *problem, struct machine_input *event)
{
	_cleanup_(buf_done) struct buf body = {0};

	if (verdict != MISSKEY_REFUSED || problem->status != 404) {
		login_read_verdict(login, verdict, problem, event);
		return;
	}
	login->missing = problem->endpoint;
	(void)login_ask(login, MISSKEY_PATH_META, misskey_meta_request(&body), &body, read_missing,
			event);
}

/* ---- Step 1: the app ---- */

static int app_store(struct login *login, struct misskey_app *created, int64_t unix_s,
		     struct err_detail *detail)
{
	struct account *account = login->account;
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

	if (login->environment->callback_url)
		snprintf(callback_url, sizeof(callback_url), "%s",
			 login->environment->callback_url);
	r = registry_app_put(login->environment->registry, &app);
	if (r)
		return err_set(detail, r, "The app could not be kept: %s", err_text(r));
	return registry_save(login->environment->registry, unix_s, detail);
}

static void read_app(struct login *login, const struct http_answer *answer,
		     struct machine_input *event)
{
	struct misskey_problem problem;
	struct misskey_app app = {0};
	struct err_detail detail;
	enum misskey_verdict verdict = misskey_app_create_read(answer, &app, &problem);

	if (verdict != MISSKEY_DONE) {
		read_early_verdict(login, verdict, &problem, event);
	} else if (app_store(login, &app, event->now.unix_s, &detail)) {
		login_fail_for_good_here(login, &detail, event);
	} else {
		login_clear_problem(login);
		event->event = MACHINE_APP_CREATED;
		log_info("account %s: registered the app at %s", login->account->name,
			 login->account->server.origin);
	}
	secret_done(&app.secret);
}

/* Of several logins that need the same app one registers it; login_settle_app() tells the
 * others. */
static bool create_app(struct login *login, struct machine_input *event)
{
	const struct login_environment *environment = login->environment;
	const struct account *account = login->account;
	_cleanup_(buf_done) struct buf body = {0};
	int r;

	/* Of those whose first try failed together, one may have succeeded since. */
	if (login->machine.attempts > 0 && login_find_app(login, NULL)) {
		event->event = MACHINE_APP_CREATED;
		return true;
	}
	login->awaits_app = environment->is_registering(account, environment->context);
	if (login->awaits_app)
		return false;
	r = misskey_app_create_request(account->app_name, account->description, account->permission,
				       environment->callback_url, &body);
	return login_ask(login, MISSKEY_PATH_APP_CREATE, r, &body, read_app, event);
}

/* ---- Step 2: the session ---- */

/* What the callback's token and the result's page lead to from now on. */
static int finished_store(struct login *login, const struct registry_session *session,
			  enum outcome outcome, int64_t unix_s)
{
	struct login_view *view = &login->view;
	const char *token = secret_reveal(&session->token);
	struct registry_finished finished = {
		.server = login->account->server.origin,
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
	return registry_finished_add(login->environment->registry, &finished);
}

/* A session made anew by itself keeps the result's name, so that a page that waits there goes on.
 */
static int session_store(struct login *login, struct misskey_session *made, struct clock_time now,
			 struct err_detail *detail)
{
	const struct login_environment *environment = login->environment;
	const struct registry_session *before = login_session(login);
	struct registry_session session = {
		.server = login->account->server.origin,
		.app_id = login->app_id,
		.token = made->token,
		.consent_url = made->consent_url,
		.browser = login->machine.browser,
		/* It is polled from now on: so it is marked once, and not written again for it. */
		.exchanging = !login->machine.browser,
		/* Else the page that waits may be somebody else's. */
		.renewed = login->machine.session_renewed && before &&
			   registry_session_is_trusted(before),
		.expires_at = now.unix_s + environment->session_time_s,
	};
	int r;

	memcpy(session.account, login->account->name, sizeof(session.account));
	if (random_id(session.result) ||
	    (session.browser && (random_id(session.start) || random_id(session.cookie))))
		return err_set(detail, ERR_CRYPTO, "No random numbers can be had from the system");
	if (session.renewed) {
		memcpy(session.result, before->result, sizeof(session.result));
		/* A reload of the old callback leads to the same result. */
		(void)finished_store(login, before, OUTCOME_LOST, now.unix_s);
	}
	r = registry_session_put(environment->registry, &session);
	if (r)
		return err_set(detail, r, "The session could not be kept: %s", err_text(r));
	return registry_save(environment->registry, now.unix_s, detail);
}

static void read_session(struct login *login, const struct http_answer *answer,
			 struct machine_input *event)
{
	struct registry *registry = login->environment->registry;
	const char *server = login->account->server.origin;
	struct misskey_problem problem;
	struct misskey_session session = {0};
	struct err_detail detail;
	enum misskey_verdict verdict =
		misskey_session_generate_read(answer, &login->account->server, &session, &problem);

	if (verdict == MISSKEY_NO_SUCH_APP)
		registry_app_remove(registry, server, login->app_id);
	if (verdict != MISSKEY_DONE) {
		read_early_verdict(login, verdict, &problem, event);
	} else if (!registry_app_by_id(registry, server, login->app_id)) {
		event->event = MACHINE_NO_SUCH_APP;
	} else if (session_store(login, &session, event->now, &detail)) {
		login_fail_for_good_here(login, &detail, event);
	} else {
		login_clear_problem(login);
		event->event = MACHINE_SESSION_MADE;
		login->view.sessions++;
		event->expires_ms = event->now.mono_ms + login->environment->session_time_s * 1000;
		log_info("account %s: waiting for consent at %s", login->account->name,
			 login->account->server.origin);
	}
	secret_done(&session.token);
	secret_erase(session.consent_url, sizeof(session.consent_url));
}

static bool make_session(struct login *login, struct machine_input *event)
{
	const struct registry_app *app;
	_cleanup_(buf_done) struct buf body = {0};
	int r;

	if (!login_find_app(login, &app)) {
		event->event = MACHINE_NO_SUCH_APP;
		return true;
	}
	snprintf(login->app_id, sizeof(login->app_id), "%s", app->id);
	r = misskey_session_generate_request(&app->secret, &body);
	return login_ask(login, MISSKEY_PATH_SESSION_GENERATE, r, &body, read_session, event);
}

/* ---- The end ---- */

static void log_outcome(const struct login *login)
{
	const struct login_view *view = &login->view;
	enum outcome outcome = login->machine.outcome;
	_cleanup_(buf_done) struct buf user = {0};

	text_append_printable(&user, view->user.username, 64);
	if (outcome_is_success(outcome))
		log_info("account %s: signed in to %s as @%s (%s)", login->account->name,
			 login->account->server.origin, buf_text(&user), outcome_code(outcome));
	else
		log_warning("account %s: login at %s ended: %s%s%s", login->account->name,
			    login->account->server.origin, outcome_code(outcome),
			    view->problem[0] ? ": " : "", view->problem);
}

static void end_login(struct login *login, struct clock_time now)
{
	struct registry *registry = login->environment->registry;
	const struct registry_session *session = login_session(login);
	struct err_detail detail = {"no memory"};
	int r = 0;

	login_release(login);
	log_outcome(login);
	if (!session)
		return;
	r = finished_store(login, session, login->machine.outcome, now.unix_s);
	registry_session_remove(registry, login->account->name);
	if (!r)
		r = registry_save(registry, now.unix_s, &detail);
	/* Nothing is lost: a start finds the session's digest among the credentials. */
	if (r)
		log_warning("account %s: the end of the login could not be noted: %s",
			    login->account->name, detail.text);
}

bool login_perform(struct login *login, enum machine_action action, struct clock_time now,
		   struct machine_input *ret_event)
{
	*ret_event = login_event(login, MACHINE_FAILED, now);
	/* A session that is made anew anyhow is made as it is wanted. */
	if (login->renew_wanted &&
	    (action == MACHINE_DO_CREATE_APP || action == MACHINE_DO_MAKE_SESSION)) {
		login->renew_wanted = false;
		login->machine.browser = login->renew_browser;
	}

	switch (action) {
	case MACHINE_DO_NOTHING:
		return false;
	case MACHINE_DO_CREATE_APP:
		return create_app(login, ret_event);
	case MACHINE_DO_MAKE_SESSION:
		return make_session(login, ret_event);
	case MACHINE_DO_SECURE:
		return login_secure(login, ret_event);
	case MACHINE_DO_EXCHANGE:
		return login_exchange(login, ret_event);
	case MACHINE_DO_STORE:
		return login_store(login, ret_event);
	case MACHINE_DO_VERIFY:
		return login_verify(login, ret_event);
	case MACHINE_DO_FINISH:
		end_login(login, now);
		return false;
	}
	return false;
}
