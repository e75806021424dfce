/* SPDX-License-Identifier: MIT */
#include "login/login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/log.h"
#include "login_steps.h"

void authorization_adapt(struct authorization *authorization)
{
	authorization->machine.poll_interval_ms =
		authorization->environment->poll_interval_s * 1000;
	authorization->machine.poll_interval_max_ms =
		authorization->environment->poll_interval_max_s * 1000;
}

int authorization_new(struct account *account, const struct authorization_environment *environment,
		      struct authorization **ret_authorization)
{
	struct authorization *authorization = calloc(1, sizeof(*authorization));

	if (!authorization)
		return ERR_NOMEM;
	authorization->account = account;
	authorization->environment = environment;
	authorization->turn.owner = authorization;
	authorization->turn.server = account->server.origin;
	authorization_adapt(authorization);
	*ret_authorization = authorization;
	return 0;
}

static void cancel_call(struct authorization *authorization)
{
	if (authorization->call)
		http_call_cancel(authorization->call);
	authorization->call = NULL;
}

void authorization_free(struct authorization *authorization)
{
	if (!authorization)
		return;
	cancel_call(authorization);
	authorization_release(authorization);
	credential_done(&authorization->candidate);
	free(authorization);
}

struct authorizer_input authorization_event(const struct authorization *authorization,
					    enum authorizer_event kind, struct moment now)
{
	struct authorizer_input input = {
		.event = kind,
		.now = now,
		.browser = authorization->machine.browser,
		.app_known = authorization_find_app(authorization, NULL),
		.retry_after_s = -1,
	};

	/* Without random numbers retries are merely not spread. */
	if (random_bytes(&input.random, sizeof(input.random)))
		input.random = 512;
	return input;
}

bool authorization_find_app(const struct authorization *authorization,
			    const struct registry_app **ret_app)
{
	const struct account *account = authorization->account;
	const char *callback_url = authorization->environment->callback_url;
	const struct registry_app *app = registry_app_find(
		authorization->environment->registry, account->server.origin, account->app_name,
		account->description, account->permission, callback_url ? callback_url : "");

	if (ret_app)
		*ret_app = app;
	return app != NULL;
}

const struct registry_session *authorization_session(const struct authorization *authorization)
{
	return registry_session_find(authorization->environment->registry,
				     authorization->account->name);
}

static bool view_equals(const struct authorization_view *a, const struct authorization_view *b)
{
	return a->state == b->state && a->browser == b->browser && a->outcome == b->outcome &&
	       a->sessions == b->sessions && strcmp(a->problem_code, b->problem_code) == 0 &&
	       strcmp(a->problem, b->problem) == 0 && strcmp(a->user.id, b->user.id) == 0 &&
	       strcmp(a->user.username, b->user.username) == 0 &&
	       strcmp(a->expected, b->expected) == 0 &&
	       strcmp(a->browser_problem, b->browser_problem) == 0;
}

/* While the page waits for a browser. */
static void view_browser_problem(struct authorization *authorization)
{
	struct authorization_view *view = &authorization->view;
	const struct registry_session *session =
		view->state == AUTHORIZER_CONSENT ? authorization_session(authorization) : NULL;

	snprintf(view->browser_problem, sizeof(view->browser_problem), "%s",
		 session && session->browser_problem ? session->browser_problem : "");
}

/* Brings the view in line with the machine and tells who waits. */
static void publish(struct authorization *authorization, struct moment now)
{
	struct authorization_view *view = &authorization->view;
	bool is_news;

	view->state = authorizer_visible_state(&authorization->machine);
	view->browser = authorization->machine.browser;
	view->outcome = authorization->machine.state == AUTHORIZER_FINISHED
				? authorization->machine.outcome
				: OUTCOME_NONE;
	view_browser_problem(authorization);
	is_news = !view_equals(view, &authorization->published);
	if (is_news)
		view->revision++;
	authorization->published = *view;
	authorization->environment->changed(authorization->account, is_news, now,
					    authorization->environment->context);
}

/* What the login before said is not this one's. */
static void forget_last(struct authorization *authorization)
{
	authorization->view.user = (struct misskey_user){0};
	authorization->view.problem[0] = authorization->view.problem_code[0] = '\0';
	authorization->view.expected[0] = '\0';
}

/* Whether the login that has just ended well gave something else than what is wanted by now. */
static bool has_other_permissions(const struct authorization *authorization)
{
	const struct account *account = authorization->account;
	const struct credential *credential =
		credentials_find(authorization->environment->credentials, account->name);

	return outcome_is_success(authorization->machine.outcome) && credential &&
	       strcmp(credential->permission, account->permission) != 0;
}

/* A wish that had to wait comes true when nothing is under way: a new session for the pending one,
 * or, if that was consented to meanwhile and with other permissions, a new login. */
static bool take_renew(struct authorization *authorization, struct moment now,
		       struct authorizer_input *ret_event)
{
	enum authorizer_state state = authorization->machine.state;

	if (!authorization->renew_wanted ||
	    (state != AUTHORIZER_CONSENT && state != AUTHORIZER_FINISHED))
		return false;
	authorization->renew_wanted = false;
	if (state == AUTHORIZER_FINISHED) {
		if (!has_other_permissions(authorization))
			return false;
		forget_last(authorization);
	}
	*ret_event = authorization_event(
		authorization, state == AUTHORIZER_CONSENT ? AUTHORIZER_RENEW : AUTHORIZER_LOGIN,
		now);
	ret_event->browser = authorization->renew_browser;
	return true;
}

/* Turn and room are for an answer that is awaited; room also for one that is not stored yet. */
static void give_back(struct authorization *authorization)
{
	const struct authorizer *machine = &authorization->machine;

	if (machine->state == AUTHORIZER_SECURING && !machine->waiting)
		authorization_queue(authorization); /* a callback may have come to a poll */
	else if (!authorization_is_exchanging(authorization))
		authorization_release(authorization);
	else if (authorization->has_candidate)
		turns_leave(authorization->environment->turns, &authorization->turn);
}

void authorization_advance(struct authorization *authorization,
			   const struct authorizer_input *event)
{
	struct moment now = event->now;
	struct authorizer_input input = *event;
	bool goes_on;

	do {
		enum authorizer_action action = authorizer_step(&authorization->machine, &input);

		goes_on = authorization_perform(authorization, action, now, &input) ||
			  take_renew(authorization, now, &input);
	} while (goes_on);
	give_back(authorization);
	publish(authorization, now);
}

void authorization_login(struct authorization *authorization, bool browser, struct moment now)
{
	struct authorizer_input input = authorization_event(authorization, AUTHORIZER_LOGIN, now);

	if (!authorizer_is_active(&authorization->machine)) {
		forget_last(authorization);
		/* A verification may still be under way from the login before. */
		cancel_call(authorization);
	}
	input.browser = browser;
	authorization_advance(authorization, &input);
}

void authorization_renew(struct authorization *authorization, bool browser, struct moment now)
{
	struct authorizer_input input;

	authorization->renew_wanted = true;
	authorization->renew_browser = browser;
	if (take_renew(authorization, now, &input))
		authorization_advance(authorization, &input);
}

void authorization_cancel(struct authorization *authorization, const char *reason,
			  struct moment now)
{
	struct authorizer_input input = authorization_event(authorization, AUTHORIZER_CANCEL, now);

	cancel_call(authorization);
	authorization->renew_wanted = authorization->awaits_app = false;
	credential_done(&authorization->candidate);
	authorization->has_candidate = false;
	if (authorizer_is_active(&authorization->machine)) {
		authorization_set_problem(authorization, "CANCELLED", reason);
		authorization_advance(authorization, &input);
	} else {
		/* Only a question in the background may end: nothing to tell. */
		(void)authorizer_step(&authorization->machine, &input);
	}
}

/* authorization_secure() writes it down. While userkey is under way that is over. */
static void note_proof(struct authorization *authorization, enum registry_proof proof,
		       struct moment now)
{
	struct registry *registry = authorization->environment->registry;
	struct registry_session *session =
		registry_session_edit(registry, authorization->account->name);
	struct err_detail detail;

	if (proof <= session->proof)
		return;
	session->proof = proof;
	if (authorization->machine.state != AUTHORIZER_EXCHANGING)
		session->exchanging = false;
	else if (registry_save(registry, now.unix_s, &detail))
		log_warning("account %s: %s", authorization->account->name, detail.text);
}

void authorization_callback(struct authorization *authorization, enum registry_proof proof,
			    struct moment now)
{
	struct authorizer_input input =
		authorization_event(authorization, AUTHORIZER_CALLBACK, now);

	note_proof(authorization, proof, now);
	authorization_advance(authorization, &input);
}

void authorization_spoil(struct authorization *authorization, struct moment now)
{
	authorization_set_problem(authorization, "START_RACED",
				  "The login's page was opened twice, perhaps by another user of "
				  "this machine. Log in again.");
	publish(authorization, now);
}

void authorization_refresh(struct authorization *authorization, struct moment now)
{
	publish(authorization, now);
}

/* Rule 4: whether the answer of the exchange that was under way is stored already. */
static bool is_stored(const struct authorization *authorization,
		      const struct registry_session *session)
{
	const struct credential *credential = credentials_find(
		authorization->environment->credentials, authorization->account->name);
	const char *token = secret_reveal(&session->token);
	char digest[SHA256_HEX_BYTES];

	if (!credential || digest_sha256_hex(token, strlen(token), "", 0, digest))
		return false;
	return digest_text_equal(credential->session_digest, digest);
}

static void restore_stored(struct authorization *authorization)
{
	const struct credential *credential = credentials_find(
		authorization->environment->credentials, authorization->account->name);
	struct misskey_user *user = &authorization->view.user;

	snprintf(user->id, sizeof(user->id), "%s", credential->user_id);
	snprintf(user->username, sizeof(user->username), "%s", credential->username);
}

/* Whether the app's callbackUrl is still ours. */
static bool redirect_arrives(const struct authorization *authorization,
			     const struct registry_session *session)
{
	const struct registry_app *app = registry_app_by_id(authorization->environment->registry,
							    session->server, session->app_id);
	const char *callback_url = authorization->environment->callback_url;

	return app && callback_url && strcmp(app->callback_url, callback_url) == 0;
}

void authorization_restore(struct authorization *authorization, struct moment now)
{
	const struct authorization_environment *environment = authorization->environment;
	struct registry_session *session =
		registry_session_edit(environment->registry, authorization->account->name);
	int64_t left_s = session->expires_at - now.unix_s;
	struct authorizer_input input =
		authorization_event(authorization, AUTHORIZER_RESTORED_CONSENT, now);

	bool arrives = redirect_arrives(authorization, session);

	/* Its callback cannot come or would not be taken, and it is never polled. */
	if (session->start[0] && (!arrives || session->start_raced)) {
		authorization->renew_wanted = true;
		authorization->renew_browser = arrives;
	}
	/* A clock that was set back must not make it wait for years. */
	if (left_s > environment->session_time_s)
		left_s = environment->session_time_s;
	input.browser = session->browser;
	input.renewed = session->renewed;
	input.resumes =
		session->resumes > 1 ? (unsigned)session->resumes - 1 : 0; /* less this start */
	input.expires_ms = now.mono_ms + left_s * 1000;
	if (session->exchanging && is_stored(authorization, session)) {
		input.event = AUTHORIZER_RESTORED_STORED;
		restore_stored(authorization);
	} else if (session->exchanging) {
		input.event = AUTHORIZER_RESTORED_EXCHANGE;
	}
	log_info("account %s: going on with the login that was pending (%s)",
		 authorization->account->name,
		 input.event == AUTHORIZER_RESTORED_CONSENT ? "consent" : "exchange");
	authorization_advance(authorization, &input);
}

int64_t authorization_deadline(const struct authorization *authorization)
{
	return authorizer_deadline(&authorization->machine);
}

void authorization_tick(struct authorization *authorization, struct moment now)
{
	struct authorizer_input input;

	if (now.mono_ms < authorization_deadline(authorization))
		return;
	input = authorization_event(authorization, AUTHORIZER_TIMER, now);
	authorization_advance(authorization, &input);
}

void authorization_take_turn(struct authorization *authorization, struct moment now)
{
	struct authorizer_input input = authorization_event(authorization, AUTHORIZER_SECURED, now);

	(void)authorization_secure(authorization, &input);
	authorization_advance(authorization, &input);
}

bool authorization_is_active(const struct authorization *authorization)
{
	return authorizer_is_active(&authorization->machine);
}

bool authorization_awaits_consent(const struct authorization *authorization)
{
	const struct authorizer *machine = &authorization->machine;

	return machine->state == AUTHORIZER_CONSENT ||
	       (!machine->callback_arrived &&
		(machine->state == AUTHORIZER_SECURING || machine->state == AUTHORIZER_EXCHANGING));
}

bool authorization_awaits_page(const struct authorization *authorization)
{
	return authorization->machine.state == AUTHORIZER_REGISTERING ||
	       authorization->machine.state == AUTHORIZER_SESSION;
}

bool authorization_awaits_renewal(const struct authorization *authorization)
{
	return authorization->renew_wanted;
}

bool authorization_has_session(const struct authorization *authorization)
{
	return authorization->machine.state >= AUTHORIZER_CONSENT &&
	       authorization_session(authorization);
}

bool authorization_is_exchanging(const struct authorization *authorization)
{
	return authorization->has_candidate ||
	       (authorization->machine.state == AUTHORIZER_EXCHANGING && authorization->call);
}

bool authorization_is_resting(const struct authorization *authorization, bool wakes)
{
	const struct authorizer *machine = &authorization->machine;

	if (authorization->call || authorization->has_candidate || authorization->awaits_app ||
	    authorization->renew_wanted || (machine->waiting && machine->retry_ms != MOMENT_NEVER))
		return false;
	if (machine->state == AUTHORIZER_CONSENT)
		return machine->browser && wakes;
	return machine->state == AUTHORIZER_IDLE || machine->state == AUTHORIZER_FINISHED;
}

bool authorization_is_registering(const struct authorization *authorization)
{
	return authorization->machine.state == AUTHORIZER_REGISTERING && authorization->call;
}

void authorization_settle_app(struct authorization *authorization, struct moment now)
{
	struct authorizer_input input;

	if (!authorization->awaits_app ||
	    authorization->environment->is_registering(authorization->account,
						       authorization->environment->context))
		return;
	authorization->awaits_app = false;
	input = authorization_event(authorization, AUTHORIZER_APP_CREATED, now);
	if (!authorization_find_app(authorization, NULL)) {
		input.event = AUTHORIZER_FAILED_FOR_NOW;
		authorization_set_problem(authorization, "SERVER",
					  "Another login could not register the app there");
	}
	authorization_advance(authorization, &input);
}

int authorization_flush(struct authorization *authorization, struct err_detail *detail)
{
	if (!authorization->has_candidate)
		return 0;
	return credentials_store(authorization->environment->credentials, &authorization->candidate,
				 authorization->reservation, detail);
}

const struct authorization_view *authorization_view(const struct authorization *authorization)
{
	return &authorization->view;
}
