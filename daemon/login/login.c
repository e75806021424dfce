/* SPDX-License-Identifier: MIT */
#include "login/login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/digest.h"
#include "common/log.h"
#include "common/text.h"
#include "common/vocabulary.h"
#include "login_steps.h"

struct login *login_find(const struct login_environment *environment, const struct account *account)
{
	return name_table_find(&environment->logins, account->name);
}

void *login_row(struct name_table *table, const struct account *account, size_t size)
{
	char *row = name_table_find(table, account->name);
	void *none;

	if (row)
		return row;
	row = calloc(1, size);
	if (!row)
		return NULL;
	memcpy(row, account->name, ACCOUNT_NAME_BYTES);
	if (name_table_put(table, row, &none) == 0)
		return row;
	free(row);
	return NULL;
}

int login_get(struct account *account, struct login_environment *environment,
	      struct login **ret_login)
{
	struct login *login = login_row(&environment->logins, account, sizeof(*login));

	if (!login)
		return ERR_NOMEM;
	login->account = account;
	login->environment = environment;
	login->turn.owner = login;
	login->turn.server = account->server.origin;
	*ret_login = login;
	return 0;
}

static void cancel_call(struct login *login)
{
	if (login->call)
		http_call_cancel(login->call);
	login->call = NULL;
	login->missing = MISSKEY_LACKS_NOTHING;
}

void login_free(struct login *login)
{
	if (!login)
		return;
	(void)name_table_take(&login->environment->logins, login->name);
	cancel_call(login);
	if (login->software_call)
		http_call_cancel(login->software_call);
	turns_leave(&login->environment->turns, &login->turn);
	credentials_reservation_free(login->reservation);
	credential_done(&login->candidate);
	wish_done(&login->wish);
	free(login);
}

struct machine_input login_event(const struct login *login, enum machine_event kind,
				 struct clock_time now)
{
	struct machine_input input = {
		.event = kind,
		.now = now,
		.browser = login->machine.browser,
		.app_known = login_is_registered(login),
		.expires_ms = now.mono_ms + login->environment->session_time_s * 1000,
		.retry_after_s = -1,
		.poll_interval_ms = login->environment->poll_interval_s * 1000,
		.poll_interval_max_ms = login->environment->poll_interval_max_s * 1000,
	};

	/* Without random numbers retries are merely not spread. */
	if (random_bytes(&input.random, sizeof(input.random)))
		input.random = 512;
	return input;
}

const struct registry_session *login_session(const struct login *login)
{
	return registry_session_find(login->environment->registry, login->account->name);
}

const struct credential *login_credential(const struct login *login)
{
	return credentials_find(login->environment->credentials, login->account->name);
}

void login_tell(const struct login *login, enum login_change change, struct clock_time now)
{
	login->environment->changed(change, login->account, now, login->environment->context);
}

/* Clears what the view says of the login before. */
static void forget_last(struct login *login)
{
	login->view.user = (struct misskey_user){0};
	login_clear_problem(login);
	login->view.expected[0] = '\0';
}

/* Whether the login has ended well, but not with what is asked for by now. */
static bool has_other_wish(const struct login *login)
{
	const struct credential *credential = login_credential(login);
	const struct wish *wish = &login->wish;

	return outcome_is_success(login->machine.outcome) && credential &&
	       (!method_fits(wish->method, credential->method) ||
		strcmp(credential->permission, wish->permission) != 0 ||
		(wish->user && strcasecmp(credential->username, wish->user) != 0));
}

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

/* Does one action. True: what came of it is known at once, and in *ret_event. False: an answer will
 * come, or nothing. */
static bool perform(struct login *login, enum machine_action action, struct clock_time now,
		    struct machine_input *ret_event)
{
	*ret_event = login_event(login, MACHINE_FAILED, now);
	/* This makes the session that login_renew() waits for. */
	if (login->renew_wanted &&
	    (action == MACHINE_DO_CREATE_APP || action == MACHINE_DO_MAKE_SESSION)) {
		login->renew_wanted = false;
		login->machine.browser = login->renew_browser;
	}

	switch (action) {
	case MACHINE_DO_NOTHING:
		return false;
	case MACHINE_DO_CREATE_APP:
		return login_create_app(login, ret_event);
	case MACHINE_DO_MAKE_SESSION:
		login_ask_software(login);
		return login_make_session(login, ret_event);
	case MACHINE_DO_SECURE:
		return login_secure(login, ret_event);
	case MACHINE_DO_EXCHANGE:
		return login_exchange(login, ret_event);
	case MACHINE_DO_STORE:
		return login_store(login, ret_event);
	case MACHINE_DO_VERIFY:
		return login_verify(login, ret_event);
	case MACHINE_DO_FINISH:
		log_outcome(login);
		login_end_session(login, now);
		return false;
	}
	return false;
}

/* Does what login_renew() asked for, once no answer is awaited: replaces the pending session; or
 * begins a new login, if the old session ended meanwhile and with something else. */
static bool take_renew(struct login *login, struct clock_time now, struct machine_input *ret_event)
{
	enum machine_state state = login->machine.state;

	if (!login->renew_wanted || (state != MACHINE_CONSENT && state != MACHINE_FINISHED))
		return false;
	login->renew_wanted = false;
	if (state == MACHINE_FINISHED) {
		if (!has_other_wish(login))
			return false;
		forget_last(login);
	}
	*ret_event =
		login_event(login, state == MACHINE_CONSENT ? MACHINE_RENEW : MACHINE_LOGIN, now);
	ret_event->browser = login->renew_browser;
	return true;
}

/* A login needs its turn until the answer is in, and its room until that is stored. */
static void give_back(struct login *login)
{
	struct turns *turns = &login->environment->turns;
	bool is_asking = login->machine.state == MACHINE_EXCHANGING && login->call;

	if (login->machine.state == MACHINE_SECURING && !login->machine.waiting) {
		login_queue(login); /* a callback may have come to a poll */
		return;
	}
	if (!is_asking)
		turns_leave(turns, &login->turn);
	if (!is_asking && !login->has_candidate) {
		credentials_reservation_free(login->reservation);
		login->reservation = NULL;
	}
}

void login_advance(struct login *login, const struct machine_input *event)
{
	struct clock_time now = event->now;
	struct machine_input input = *event;
	bool goes_on;

	do {
		enum machine_action action = login_machine_step(&login->machine, &input);

		goes_on = perform(login, action, now, &input) || take_renew(login, now, &input);
	} while (goes_on);
	give_back(login);
	login_publish(login, now);
}

void login_set_wish(struct login *login, struct wish *wish)
{
	wish_done(&login->wish);
	login->wish = *wish;
	login->has_no_apps = false;
	*wish = (struct wish){0};
}

const struct wish *login_wish(const struct login *login)
{
	return login_machine_is_active(&login->machine) ? &login->wish : NULL;
}

void login_begin(struct login *login, bool browser, struct clock_time now)
{
	struct machine_input input = login_event(login, MACHINE_LOGIN, now);

	if (!login_machine_is_active(&login->machine)) {
		forget_last(login);
		/* A verification may still be under way from the login before. */
		cancel_call(login);
	}
	/* That is what the person does about it. */
	if (strcmp(login->view.problem_code, CODE_ANSWER_LOST) == 0)
		login_clear_problem(login);
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
	login->renew_wanted = false;
	credential_done(&login->candidate);
	login->has_candidate = false;
	if (login_machine_is_active(&login->machine)) {
		login_set_problem(login, outcome_code(OUTCOME_CANCELLED), reason);
		login_advance(login, &input);
	} else {
		/* At most the question whether the credential works ends: nothing to tell. */
		(void)login_machine_step(&login->machine, &input);
	}
}

/* login_secure() writes the proof down. While userkey is under way, that is over: then this does.
 */
static void note_proof(struct login *login, enum registry_proof proof, struct clock_time now)
{
	bool is_asked = login->machine.state == MACHINE_EXCHANGING;
	struct err_detail detail;

	if (registry_session_mark_proof(login->environment->registry, login->account->name, proof,
					is_asked, now.unix_s, &detail))
		log_warning("account %s: %s", login->account->name, detail.text);
}

void login_callback(struct login *login, enum registry_proof proof, struct clock_time now)
{
	struct machine_input input = login_event(login, MACHINE_CALLBACK, now);

	if (login_phase(login) == LOGIN_MAKES_PAGE)
		return;
	note_proof(login, proof, now);
	login_advance(login, &input);
}

void login_refresh(struct login *login, struct clock_time now)
{
	login_publish(login, now);
}

/* Rule 4: whether the answer to the session's exchange is stored already. */
static bool is_stored(const struct login *login, const struct registry_session *session)
{
	const struct credential *credential = login_credential(login);
	const char *token = secret_reveal(&session->token);
	char digest[SHA256_HEX_BYTES];

	if (!credential || digest_sha256_hex(token, strlen(token), "", 0, digest))
		return false;
	return digest_text_equal(credential->session_digest, digest);
}

static void restore_stored(struct login *login)
{
	const struct credential *credential = login_credential(login);
	struct misskey_user *user = &login->view.user;

	snprintf(user->id, sizeof(user->id), "%s", credential->user_id);
	snprintf(user->username, sizeof(user->username), "%s", credential->username);
}

void login_restore(struct login *login, struct clock_time now)
{
	const struct login_environment *environment = login->environment;
	const struct registry_session *session = login_session(login);
	int64_t left_s = session->expires_at - now.unix_s;
	struct machine_input input = login_event(login, MACHINE_RESTORED_CONSENT, now);
	/* Else the redirect goes elsewhere. */
	bool arrives = environment->callback_url &&
		       strcmp(session->callback_url, environment->callback_url) == 0;
	const struct wish wish = login_session_wish(session);

	wish_done(&login->wish);
	if (wish_copy(&wish, &login->wish))
		return;
	login->is_in_doubt = session->method == METHOD_MIAUTH && session->exchanging;
	/* A session with a start link is never polled: without a callback that counts, it would
	 * wait in vain. */
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

enum login_phase login_phase(const struct login *login)
{
	const struct login_machine *machine = login ? &login->machine : NULL;

	if (!machine || !login_machine_is_active(machine))
		return LOGIN_IS_OVER;
	if (machine->state < MACHINE_CONSENT)
		return LOGIN_MAKES_PAGE;
	if (machine->state == MACHINE_CONSENT ||
	    (machine->state < MACHINE_STORING && !machine->callback_arrived))
		return LOGIN_AWAITS_CONSENT;
	return LOGIN_HAS_CONSENT;
}

bool login_awaits_renewal(const struct login *login)
{
	return login->renew_wanted;
}

bool login_is_exchanging(const struct login *login)
{
	return login->has_candidate || (login->machine.state == MACHINE_EXCHANGING && login->call);
}

bool login_is_resting(const struct login *login, bool wakes)
{
	const struct login_machine *machine = &login->machine;

	if (login->call || login->has_candidate || login->renew_wanted ||
	    (machine->waiting && machine->retry_ms != CLOCK_NEVER))
		return false;
	if (machine->state == MACHINE_CONSENT)
		return machine->browser && wakes;
	return !login_machine_is_active(machine);
}

int login_flush(struct login *login, struct err_detail *detail)
{
	if (!login->has_candidate)
		return 0;
	return credentials_store(login->environment->credentials, &login->candidate,
				 login->reservation, detail);
}

const struct account *login_account(const struct login *login)
{
	return login->account;
}

const char *login_software(const struct login *login)
{
	return login && login->software[0] ? login->software : NULL;
}

const struct login_view *login_view(const struct login *login)
{
	return &login->view;
}
