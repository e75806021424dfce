/* SPDX-License-Identifier: MIT */
/*
 * The app, and the session from its making to its end. login_miauth.c makes one without an app.
 */
#include <stdio.h>
#include <string.h>

#include "common/digest.h"
#include "common/log.h"
#include "common/vocabulary.h"
#include "login_steps.h"

/* ---- The app ---- */

/* What the login's app is to be made with. CALLBACK_URL has room for that. */
static struct registry_app wanted_app(const struct login *login,
				      char callback_url[static REGISTRY_CALLBACK_URL_BYTES])
{
	const char *url = login->environment->callback_url;
	struct registry_app app = {
		.server = login->account->server.origin,
		.name = login->wish.app_name,
		.description = login->wish.description,
		.permission = login->wish.permission,
		.callback_url = callback_url,
	};

	snprintf(callback_url, REGISTRY_CALLBACK_URL_BYTES, "%s", url ? url : "");
	memcpy(app.account, login->account->name, sizeof(app.account));
	return app;
}

const struct registry_app *login_find_app(const struct login *login)
{
	char callback_url[REGISTRY_CALLBACK_URL_BYTES];
	struct registry_app wanted;

	/* Before the first login nothing is wished for. */
	if (!login->wish.permission)
		return NULL;
	wanted = wanted_app(login, callback_url);
	return registry_app_find(login->environment->registry, &wanted);
}

bool login_is_registered(const struct login *login)
{
	return login->wish.method == METHOD_MIAUTH || login_find_app(login);
}

static int app_store(struct login *login, struct misskey_app *created, int64_t unix_s,
		     struct err_detail *detail)
{
	char callback_url[REGISTRY_CALLBACK_URL_BYTES];
	struct registry_app app = wanted_app(login, callback_url);
	int r;

	app.id = created->id;
	app.secret = created->secret;
	app.created_at = unix_s;
	r = registry_app_put(login->environment->registry, &app);
	if (r)
		return err_set(detail, r, "The app could not be kept: %s", err_text(r));
	return registry_save(login->environment->registry, unix_s, detail);
}

void login_read_app(struct login *login, const struct http_answer *answer,
		    struct machine_input *event)
{
	struct misskey_problem problem;
	struct misskey_app app = {0};
	struct err_detail detail;
	enum misskey_verdict verdict = misskey_app_create_read(answer, &app, &problem);

	if (verdict != MISSKEY_DONE) {
		login_read_early_verdict(login, verdict, &problem, event);
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

bool login_create_app(struct login *login, struct machine_input *event)
{
	const struct wish *wish = &login->wish;
	_cleanup_(buf_done) struct buf body = {0};
	int r = misskey_app_create_request(wish->app_name, wish->description, wish->permission,
					   login->environment->callback_url, &body);

	return login_ask(login, MISSKEY_PATH_APP_CREATE, r, &body, event);
}

/* ---- The session ---- */

/* Keeps what the callback's token and the result page lead to from now on. */
static int finished_store(struct login *login, const struct registry_session *session,
			  enum outcome outcome, int64_t unix_s)
{
	struct login_view *view = &login->view;
	const char *token = secret_reveal(&session->token);
	struct registry_finished finished = {
		.server = login->account->server.origin,
		.user = view->user.username[0] ? view->user.username : NULL,
		.expected = view->expected[0] ? view->expected : NULL,
		/* What is wrong with the link is what OUTCOME_OPENED_TWICE says itself. */
		.detail =
			view->problem[0] && outcome != OUTCOME_OPENED_TWICE ? view->problem : NULL,
		.method = session->method,
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

/* A session that replaces a lost one keeps its result's name: a page that waits there goes on. */
static int session_store(struct login *login, struct misskey_session *made, enum method method,
			 struct clock_time now, struct err_detail *detail)
{
	const struct login_environment *environment = login->environment;
	const struct registry_session *before = login_session(login);
	char callback_url[REGISTRY_CALLBACK_URL_BYTES];
	/* What the login wishes, and an app would be made with. */
	const struct registry_app wanted = wanted_app(login, callback_url);
	struct registry_session session = {
		.from_config = login->account->from_config,
		.user = login->wish.user,
		.replace = login->wish.replace,
		.server = wanted.server,
		.method = method,
		.permission = wanted.permission,
		.app_name = wanted.name,
		.description = wanted.description,
		.callback_url = callback_url,
		.app_id = method == METHOD_APP ? login->app_id : NULL,
		.token = made->token,
		.consent_url = made->consent_url,
		.browser = login->machine.browser,
		/* Without a browser it is polled from now on: it is marked here, once for all
		   polls. */
		.exchanging = !login->machine.browser,
		/* The result page of an untrusted session may be somebody else's: it is not kept.
		 */
		.renewed = login->machine.session_renewed && before &&
			   registry_session_is_trusted(before),
		.expires_at = now.unix_s + environment->session_time_s,
	};
	int r;

	/* Then MiAuth's page leads nowhere. */
	if (method == METHOD_MIAUTH && !session.browser)
		callback_url[0] = '\0';
	memcpy(session.account, login->account->name, sizeof(session.account));
	if (random_id(session.result) ||
	    (session.browser && (random_id(session.start) || random_id(session.cookie))))
		return err_set(detail, ERR_CRYPTO, "No random numbers can be had from the system");
	if (session.renewed) {
		memcpy(session.result, before->result, sizeof(session.result));
		/* A reload of the old callback leads to the same result. */
		(void)finished_store(login, before, OUTCOME_LOST, now.unix_s);
	} else if (before) {
		/* Its pages say why nothing comes of them. */
		(void)finished_store(login, before,
				     before->start_raced ? OUTCOME_OPENED_TWICE : OUTCOME_CANCELLED,
				     now.unix_s);
	}
	r = registry_session_put(environment->registry, &session);
	if (r)
		return err_set(detail, r, "The session could not be kept: %s", err_text(r));
	return registry_save(environment->registry, now.unix_s, detail);
}

void login_keep_session(struct login *login, struct misskey_session *made, enum method method,
			struct machine_input *event)
{
	struct err_detail detail;

	if (session_store(login, made, method, event->now, &detail)) {
		login_fail_for_good_here(login, &detail, event);
		return;
	}
	login_clear_problem(login);
	login->is_in_doubt = false;
	login->view.sessions++;
	event->event = MACHINE_SESSION_MADE;
	log_info("account %s: waiting for consent at %s", login->account->name,
		 login->account->server.origin);
}

void login_read_session(struct login *login, const struct http_answer *answer,
			struct machine_input *event)
{
	struct registry *registry = login->environment->registry;
	const char *server = login->account->server.origin;
	struct misskey_problem problem;
	struct misskey_session session = {0};
	enum misskey_verdict verdict =
		misskey_session_generate_read(answer, &login->account->server, &session, &problem);

	if (verdict == MISSKEY_NO_SUCH_APP)
		registry_app_remove(registry, login->account->name, server, login->app_id);
	if (verdict != MISSKEY_DONE) {
		login_read_early_verdict(login, verdict, &problem, event);
	} else if (!registry_app_by_id(registry, login->account->name, server, login->app_id)) {
		event->event = MACHINE_NO_SUCH_APP;
	} else {
		login_keep_session(login, &session, METHOD_APP, event);
	}
	secret_done(&session.token);
	secret_erase(session.consent_url, sizeof(session.consent_url));
}

bool login_make_session(struct login *login, struct machine_input *event)
{
	const struct registry_app *app = login_find_app(login);
	_cleanup_(buf_done) struct buf body = {0};
	int r;

	if (login->wish.method == METHOD_MIAUTH)
		return login_make_miauth_session(login, event);
	if (!app) {
		event->event = MACHINE_NO_SUCH_APP;
		return true;
	}
	snprintf(login->app_id, sizeof(login->app_id), "%s", app->id);
	r = misskey_session_generate_request(&app->secret, &body);
	return login_ask(login, MISSKEY_PATH_SESSION_GENERATE, r, &body, event);
}

struct wish login_session_wish(const struct registry_session *session)
{
	return (struct wish){
		.permission = session->permission,
		.user = session->user,
		.replace = session->replace,
		.app_name = session->app_name,
		.description = session->description,
		.method = session->method,
	};
}

bool login_session_fits(const struct login *login)
{
	const struct registry_session *session = login_session(login);
	struct wish made;

	if (!session)
		return false;
	made = login_session_wish(session);
	return wish_fits(&login->wish, &made);
}

void login_end_session(struct login *login, struct clock_time now)
{
	struct registry *registry = login->environment->registry;
	const struct registry_session *session = login_session(login);
	struct err_detail detail = {"no memory"};
	int r = 0;

	if (!session)
		return;
	r = finished_store(login, session, login->machine.outcome, now.unix_s);
	registry_session_remove(registry, login->account->name);
	if (!r)
		r = registry_save(registry, now.unix_s, &detail);
	/* Nothing is lost: the next start finds the session's digest in credentials.json. */
	if (r)
		log_warning("account %s: the end of the login could not be noted: %s",
			    login->account->name, detail.text);
}
