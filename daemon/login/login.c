/* SPDX-License-Identifier: MIT */
#include "login/login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/log.h"
#include "common/vocabulary.h"
#include "login_steps.h"

void login_adapt(struct login *login)
{
	login->machine.poll_interval_ms = login->environment->poll_interval_s * 1000;
	login->machine.poll_interval_max_ms = login->environment->poll_interval_max_s * 1000;
}

int login_new(struct account *account, const struct login_environment *environment,
	      struct login **ret_login)
{
	struct login *login = calloc(1, sizeof(*login));

	if (!login)
		return ERR_NOMEM;
	login->account = account;
	login->environment = environment;
	login->turn.owner = login;
	login->turn.server = account->server.origin;
	login_adapt(login);
	*ret_login = login;
	return 0;
}

static void cancel_call(struct login *login)
{
	if (login->call)
		http_call_cancel(login->call);
	login->call = NULL;
}

void login_free(struct login *login)
{
	if (!login)
		return;
	cancel_call(login);
	login_release(login);
	credential_done(&login->candidate);
	free(login);
}

struct machine_input login_event(const struct login *login, enum machine_event kind,
				 struct clock_time now)
{
	struct machine_input input = {
		.event = kind,
		.now = now,
		.browser = login->machine.browser,
		.app_known = login_find_app(login, NULL),
		.retry_after_s = -1,
	};

	/* Without random numbers retries are merely not spread. */
	if (random_bytes(&input.random, sizeof(input.random)))
		input.random = 512;
	return input;
}

bool login_find_app(const struct login *login, const struct registry_app **ret_app)
{
	const struct account *account = login->account;
	const char *callback_url = login->environment->callback_url;
	const struct registry_app *app = registry_app_find(
		login->environment->registry, account->server.origin, account->app_name,
		account->description, account->permission, callback_url ? callback_url : "");

	if (ret_app)
		*ret_app = app;
	return app != NULL;
}

const struct registry_session *login_session(const struct login *login)
{
	return registry_session_find(login->environment->registry, login->account->name);
}

static bool view_equals(const struct login_view *a, const struct login_view *b)
{
	return a->state == b->state && a->browser == b->browser && a->outcome == b->outcome &&
	       a->sessions == b->sessions && strcmp(a->problem_code, b->problem_code) == 0 &&
	       strcmp(a->problem, b->problem) == 0 && strcmp(a->user.id, b->user.id) == 0 &&
	       strcmp(a->user.username, b->user.username) == 0 &&
	       strcmp(a->expected, b->expected) == 0 &&
	       strcmp(a->browser_problem, b->browser_problem) == 0;
}

/* While the page waits for a browser. */
static void view_browser_problem(struct login *login)
{
	struct login_view *view = &login->view;
	const struct registry_session *session =
		view->state == MACHINE_CONSENT ? login_session(login) : NULL;

	snprintf(view->browser_problem, sizeof(view->browser_problem), "%s",
		 session && session->browser_problem ? session->browser_problem : "");
}

/* Brings the view in line with the machine and tells who waits. */
static void publish(struct login *login, struct clock_time now)
{
	struct login_view *view = &login->view;
	bool is_news;

	view->state = login_machine_visible_state(&login->machine);
	view->browser = login->machine.browser;
	view->outcome =
		login->machine.state == MACHINE_FINISHED ? login->machine.outcome : OUTCOME_NONE;
	view_browser_problem(login);
	is_news = !view_equals(view, &login->published);
	if (is_news)
		view->revision++;
	login->published = *view;
	login->environment->changed(login->account, is_news, now, login->environment->context);
}

/* What the login before said is not this one's. */
static void forget_last(struct login *login)
{
	login->view.user = (struct misskey_user){0};
	login->view.problem[0] = login->view.problem_code[0] = '\0';
	login->view.expected[0] = '\0';
}

/* Whether the login that has just ended well gave something else than what is wanted by now. */
static bool has_other_permissions(const struct login *login)
{
	const struct account *account = login->account;
	const struct credential *credential =
		credentials_find(login->environment->credentials, account->name);

	return outcome_is_success(login->machine.outcome) && credential &&
	       strcmp(credential->permission, account->permission) != 0;
}

/* A wish that had to wait comes true when nothing is under way: a new session for the pending one,
 * or, if that was consented to meanwhile and with other permissions, a new login. */
static bool take_renew(struct login *login, struct clock_time now, struct machine_input *ret_event)
{
	enum machine_state state = login->machine.state;

	if (!login->renew_wanted || (state != MACHINE_CONSENT && state != MACHINE_FINISHED))
		return false;
	login->renew_wanted = false;
	if (state == MACHINE_FINISHED) {
		if (!has_other_permissions(login))
			return false;
		forget_last(login);
	}
	*ret_event =
		login_event(login, state == MACHINE_CONSENT ? MACHINE_RENEW : MACHINE_LOGIN, now);
	ret_event->browser = login->renew_browser;
	return true;
}

/* Turn and room are for an answer that is awaited; room also for one that is not stored yet. */
static void give_back(struct login *login)
{
	const struct login_machine *machine = &login->machine;

	if (machine->state == MACHINE_SECURING && !machine->waiting)
		login_queue(login); /* a callback may have come to a poll */
	else if (!login_is_exchanging(login))
		login_release(login);
	else if (login->has_candidate)
		turns_leave(login->environment->turns, &login->turn);
}

void login_advance(struct login *login, const struct machine_input *event)
{
	struct clock_time now = event->now;
	struct machine_input input = *event;
	bool goes_on;

	do {
		enum machine_action action = login_machine_step(&login->machine, &input);

		goes_on =
			login_perform(login, action, now, &input) || take_renew(login, now, &input);
	} while (goes_on);
	give_back(login);
	publish(login, now);
}

void login_begin(struct login *login, bool browser, struct clock_time now)
{
	struct machine_input input = login_event(login, MACHINE_LOGIN, now);

	if (!login_machine_is_active(&login->machine)) {
		forget_last(login);
		/* A verification may still be under way from the login before. */
		cancel_call(login);
	}
	input.browser = browser;
	login_advance(login, &input);
}

void login_renew(struct login *login, bool browser, struct clock_time now)
{
	struct machine_input input;

	login->renew_wanted = true;
	login->renew_browser = browser;
	if (take_renew(login, now, &input))
		login_advance(login, &input);
}

void login_cancel(struct login *login, const char *reason, struct clock_time now)
{
	struct machine_input input = login_event(login, MACHINE_CANCEL, now);

	cancel_call(login);
	login->renew_wanted = login->awaits_app = false;
	credential_done(&login->candidate);
	login->has_candidate = false;
	if (login_machine_is_active(&login->machine)) {
		login_set_problem(login, "CANCELLED", reason);
		login_advance(login, &input);
	} else {
		/* Only a question in the background may end: nothing to tell. */
		(void)login_machine_step(&login->machine, &input);
	}
}

/* login_secure() writes it down. While userkey is under way that is over. */
static void note_proof(struct login *login, enum registry_proof proof, struct clock_time now)
{
	struct registry *registry = login->environment->registry;
	struct registry_session *session = registry_session_edit(registry, login->account->name);
	struct err_detail detail;

	if (proof <= session->proof)
		return;
	session->proof = proof;
	if (login->machine.state != MACHINE_EXCHANGING)
		session->exchanging = false;
	else if (registry_save(registry, now.unix_s, &detail))
		log_warning("account %s: %s", login->account->name, detail.text);
}

void login_callback(struct login *login, enum registry_proof proof, struct clock_time now)
{
	struct machine_input input = login_event(login, MACHINE_CALLBACK, now);

	note_proof(login, proof, now);
	login_advance(login, &input);
}

void login_spoil(struct login *login, struct clock_time now)
{
	login_set_problem(login, "START_RACED",
			  "The login's page was opened twice, perhaps by another user of "
			  "this machine. Log in again.");
	publish(login, now);
}

void login_refresh(struct login *login, struct clock_time now)
{
	publish(login, now);
}

/* Rule 4: whether the answer of the exchange that was under way is stored already. */
static bool is_stored(const struct login *login, const struct registry_session *session)
{
	const struct credential *credential =
		credentials_find(login->environment->credentials, login->account->name);
	const char *token = secret_reveal(&session->token);
	char digest[SHA256_HEX_BYTES];

	if (!credential || digest_sha256_hex(token, strlen(token), "", 0, digest))
		return false;
	return digest_text_equal(credential->session_digest, digest);
}

static void restore_stored(struct login *login)
{
	const struct credential *credential =
		credentials_find(login->environment->credentials, login->account->name);
	struct misskey_user *user = &login->view.user;

	snprintf(user->id, sizeof(user->id), "%s", credential->user_id);
	snprintf(user->username, sizeof(user->username), "%s", credential->username);
}

/* Whether the app's callbackUrl is still ours. */
static bool redirect_arrives(const struct login *login, const struct registry_session *session)
{
	const struct registry_app *app =
		registry_app_by_id(login->environment->registry, session->server, session->app_id);
	const char *callback_url = login->environment->callback_url;

	return app && callback_url && strcmp(app->callback_url, callback_url) == 0;
}

void login_restore(struct login *login, struct clock_time now)
{
	const struct login_environment *environment = login->environment;
	struct registry_session *session =
		registry_session_edit(environment->registry, login->account->name);
	int64_t left_s = session->expires_at - now.unix_s;
	struct machine_input input = login_event(login, MACHINE_RESTORED_CONSENT, now);

	bool arrives = redirect_arrives(login, session);

	/* Its callback cannot come or would not be taken, and it is never polled. */
	if (session->start[0] && (!arrives || session->start_raced)) {
		login->renew_wanted = true;
		login->renew_browser = arrives;
	}
	/* A clock that was set back must not make it wait for years. */
	if (left_s > environment->session_time_s)
		left_s = environment->session_time_s;
	input.browser = session->browser;
	input.renewed = session->renewed;
	input.resumes =
		session->resumes > 1 ? (unsigned)session->resumes - 1 : 0; /* less this start */
	input.expires_ms = now.mono_ms + left_s * 1000;
	if (session->exchanging && is_stored(login, session)) {
		input.event = MACHINE_RESTORED_STORED;
		restore_stored(login);
	} else if (session->exchanging) {
		input.event = MACHINE_RESTORED_EXCHANGE;
	}
	log_info("account %s: going on with the login that was pending (%s)", login->account->name,
		 input.event == MACHINE_RESTORED_CONSENT ? "consent" : "exchange");
	login_advance(login, &input);
}

int64_t login_deadline(const struct login *login)
{
	return login_machine_deadline(&login->machine);
}

void login_tick(struct login *login, struct clock_time now)
{
	struct machine_input input;

	if (now.mono_ms < login_deadline(login))
		return;
	input = login_event(login, MACHINE_TIMER, now);
	login_advance(login, &input);
}

void login_take_turn(struct login *login, struct clock_time now)
{
	struct machine_input input = login_event(login, MACHINE_SECURED, now);

	(void)login_secure(login, &input);
	login_advance(login, &input);
}

bool login_is_active(const struct login *login)
{
	return login_machine_is_active(&login->machine);
}

bool login_awaits_consent(const struct login *login)
{
	const struct login_machine *machine = &login->machine;

	return machine->state == MACHINE_CONSENT ||
	       (!machine->callback_arrived &&
		(machine->state == MACHINE_SECURING || machine->state == MACHINE_EXCHANGING));
}

bool login_awaits_page(const struct login *login)
{
	return login->machine.state == MACHINE_REGISTERING ||
	       login->machine.state == MACHINE_SESSION;
}

bool login_awaits_renewal(const struct login *login)
{
	return login->renew_wanted;
}

bool login_has_session(const struct login *login)
{
	return login->machine.state >= MACHINE_CONSENT && login_session(login);
}

bool login_is_exchanging(const struct login *login)
{
	return login->has_candidate || (login->machine.state == MACHINE_EXCHANGING && login->call);
}

bool login_is_resting(const struct login *login, bool wakes)
{
	const struct login_machine *machine = &login->machine;

	if (login->call || login->has_candidate || login->awaits_app || login->renew_wanted ||
	    (machine->waiting && machine->retry_ms != CLOCK_NEVER))
		return false;
	if (machine->state == MACHINE_CONSENT)
		return machine->browser && wakes;
	return machine->state == MACHINE_IDLE || machine->state == MACHINE_FINISHED;
}

bool login_is_registering(const struct login *login)
{
	return login->machine.state == MACHINE_REGISTERING && login->call;
}

void login_settle_app(struct login *login, struct clock_time now)
{
	struct machine_input input;

	if (!login->awaits_app ||
	    login->environment->is_registering(login->account, login->environment->context))
		return;
	login->awaits_app = false;
	input = login_event(login, MACHINE_APP_CREATED, now);
	if (!login_find_app(login, NULL)) {
		input.event = MACHINE_FAILED_FOR_NOW;
		login_set_problem(login, CODE_SERVER,
				  "Another login could not register the app there");
	}
	login_advance(login, &input);
}

int login_flush(struct login *login, struct err_detail *detail)
{
	if (!login->has_candidate)
		return 0;
	return credentials_store(login->environment->credentials, &login->candidate,
				 login->reservation, detail);
}

const struct login_view *login_view(const struct login *login)
{
	return &login->view;
}
