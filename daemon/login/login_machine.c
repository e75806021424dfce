/* SPDX-License-Identifier: MIT */
#include "login/login_machine.h"

#include <stddef.h>

bool login_machine_is_active(const struct login_machine *machine)
{
	return machine->state != MACHINE_IDLE && machine->state != MACHINE_FINISHED;
}

/* MIN_MS, twice that, four times that … up to MAX_MS, a quarter more or less; but at least as long
 * as the server asked for. */
static int64_t retry_delay(const struct machine_input *input, unsigned attempts, int64_t min_ms,
			   int64_t max_ms)
{
	int64_t delay_ms = min_ms;
	int64_t asked_ms = 0;

	for (unsigned n = 1; n < attempts && delay_ms < max_ms; n++)
		delay_ms *= 2;
	if (delay_ms > max_ms)
		delay_ms = max_ms;
	delay_ms += delay_ms / 2 * (int64_t)(input->random % 1024) / 1024 - delay_ms / 4;

	if (input->retry_after_s > MACHINE_RETRY_AFTER_MAX_S)
		asked_ms = (int64_t)MACHINE_RETRY_AFTER_MAX_S * 1000;
	else if (input->retry_after_s > 0)
		asked_ms = input->retry_after_s * 1000;
	return asked_ms > delay_ms ? asked_ms : delay_ms;
}

static void wait_until(struct login_machine *machine, int64_t at_ms)
{
	machine->waiting = true;
	machine->retry_ms = at_ms;
}

static void wait_for_retry(struct login_machine *machine, const struct machine_input *input,
			   int64_t max_ms)
{
	machine->attempts++;
	wait_until(machine, input->now.mono_ms + retry_delay(input, machine->attempts,
							     MACHINE_RETRY_MIN_MS, max_ms));
	machine->server_asked = input->retry_after_s > 0;
}

/* The wait is over, or a person asked for the login again. */
static enum machine_action try_again(struct login_machine *machine,
				     const struct machine_input *input, enum machine_action action)
{
	if (!machine->waiting)
		return MACHINE_DO_NOTHING;
	if (input->event == MACHINE_LOGIN && machine->server_asked)
		return MACHINE_DO_NOTHING;
	machine->waiting = false;
	return action;
}

static enum machine_action enter(struct login_machine *machine, enum machine_state state,
				 enum machine_action action)
{
	machine->state = state;
	machine->attempts = 0;
	machine->waiting = false;
	machine->server_asked = false;
	return action;
}

static enum machine_action finish(struct login_machine *machine, enum outcome outcome)
{
	machine->outcome = outcome;
	return enter(machine, MACHINE_FINISHED, MACHINE_DO_FINISH);
}

static enum machine_action enter_session(struct login_machine *machine,
					 const struct machine_input *input, bool app_known)
{
	machine->expires_ms = input->expires_ms;
	machine->callback_arrived = false;
	machine->ask_again = false;
	machine->failures = 0;
	if (app_known)
		return enter(machine, MACHINE_SESSION, MACHINE_DO_MAKE_SESSION);
	return enter(machine, MACHINE_REGISTERING, MACHINE_DO_CREATE_APP);
}

static enum machine_action enter_consent(struct login_machine *machine,
					 const struct machine_input *input)
{
	/* Many logins that were restored together are not polled together for ever. */
	int64_t pause_ms = retry_delay(input, 1, input->poll_interval_ms, input->poll_interval_ms);

	enter(machine, MACHINE_CONSENT, MACHINE_DO_NOTHING);
	machine->callback_arrived = false;
	machine->ask_again = false;
	wait_until(machine, machine->browser ? CLOCK_NEVER : input->now.mono_ms + pause_ms);
	return MACHINE_DO_NOTHING;
}

/* The server does not know the app. Once in each login another is registered. */
static enum machine_action renew_app(struct login_machine *machine,
				     const struct machine_input *input)
{
	if (machine->app_renewed)
		return finish(machine, OUTCOME_REFUSED);
	machine->app_renewed = true;
	/* The old session is lost with the app. A result page that waits goes on with the new one.
	 */
	if (machine->state == MACHINE_EXCHANGING)
		machine->session_renewed = true;
	return enter_session(machine, input, false);
}

static enum machine_action restore(struct login_machine *machine, const struct machine_input *input)
{
	enum machine_action action;

	*machine = (struct login_machine){.browser = input->browser};
	machine->session_renewed = input->renewed;
	machine->expires_ms = input->expires_ms;
	if (input->event == MACHINE_RESTORED_CONSENT)
		return enter_consent(machine, input);
	if (input->event == MACHINE_RESTORED_EXCHANGE) {
		machine->callback_arrived = input->browser;
		machine->is_polling = !input->browser;
		action = enter(machine, MACHINE_SECURING, MACHINE_DO_SECURE);
	} else {
		action = enter(machine, MACHINE_VERIFYING, MACHINE_DO_VERIFY);
	}
	if (input->resumes == 0)
		return action;
	/* The same call at once could end this start too. */
	action = action == MACHINE_DO_VERIFY ? finish(machine, OUTCOME_UNVERIFIED)
					     : MACHINE_DO_NOTHING;
	wait_until(machine,
		   input->now.mono_ms + retry_delay(input, input->resumes, MACHINE_RESUME_MIN_MS,
						    MACHINE_RETRY_MAX_MS));
	return action;
}

static enum machine_action idle_step(struct login_machine *machine,
				     const struct machine_input *input)
{
	switch (input->event) {
	case MACHINE_LOGIN:
		*machine = (struct login_machine){.browser = input->browser};
		return enter_session(machine, input, input->app_known);
	case MACHINE_RESTORED_CONSENT:
	case MACHINE_RESTORED_EXCHANGE:
	case MACHINE_RESTORED_STORED:
		return restore(machine, input);
	default:
		return MACHINE_DO_NOTHING;
	}
}

/* A person waits for a page: soon it is said that there is none. A server that says how long it is
 * in maintenance is waited for. */
static enum machine_action early_failed_for_now(struct login_machine *machine,
						const struct machine_input *input)
{
	wait_for_retry(machine, input, MACHINE_EARLY_RETRY_MAX_MS);
	if (machine->server_asked)
		machine->attempts = 0;
	if (machine->attempts >= MACHINE_EARLY_ATTEMPTS || machine->retry_ms >= machine->expires_ms)
		return finish(machine, OUTCOME_UNREACHABLE);
	return MACHINE_DO_NOTHING;
}

/* REGISTERING and SESSION. */
static enum machine_action early_step(struct login_machine *machine,
				      const struct machine_input *input)
{
	bool registering = machine->state == MACHINE_REGISTERING;

	switch (input->event) {
	case MACHINE_APP_CREATED:
	case MACHINE_OTHER_METHOD:
		return enter(machine, MACHINE_SESSION, MACHINE_DO_MAKE_SESSION);
	case MACHINE_SESSION_MADE:
		machine->expires_ms = input->expires_ms;
		return enter_consent(machine, input);
	case MACHINE_NO_SUCH_APP:
		return renew_app(machine, input);
	case MACHINE_FAILED_FOR_NOW:
		return early_failed_for_now(machine, input);
	case MACHINE_TIMER:
	case MACHINE_LOGIN:
		return try_again(machine, input,
				 registering ? MACHINE_DO_CREATE_APP : MACHINE_DO_MAKE_SESSION);
	case MACHINE_FAILED:
		return finish(machine, input->outcome);
	case MACHINE_PENDING:
	case MACHINE_NO_SUCH_SESSION:
		/* No answer to these questions. */
		return finish(machine, OUTCOME_BAD_REPLY);
	default:
		return MACHINE_DO_NOTHING;
	}
}

/* Goes back to waiting for consent. Without a browser each failure delays the next poll more. */
static enum machine_action miss_poll(struct login_machine *machine,
				     const struct machine_input *input)
{
	unsigned failures = ++machine->failures;

	enter_consent(machine, input);
	if (!machine->browser) {
		wait_until(machine, input->now.mono_ms + retry_delay(input, failures,
								     input->poll_interval_ms,
								     input->poll_interval_max_ms));
		machine->server_asked = input->retry_after_s > 0;
	}
	return MACHINE_DO_NOTHING;
}

/* Polls that failed before do not count any more: now somebody has consented. */
static void take_callback(struct login_machine *machine)
{
	if (!machine->callback_arrived)
		machine->failures = 0;
	machine->callback_arrived = true;
}

static enum machine_action consent_step(struct login_machine *machine,
					const struct machine_input *input)
{
	switch (input->event) {
	case MACHINE_CALLBACK:
		take_callback(machine);
		machine->is_polling = false;
		return enter(machine, MACHINE_SECURING, MACHINE_DO_SECURE);
	case MACHINE_LOGIN:
		/* Anybody who saw the start link may have consented. Only the callback shows who.
		 */
		if (machine->browser)
			return MACHINE_DO_NOTHING;
		machine->is_polling = false;
		if (machine->server_asked && input->now.mono_ms < machine->retry_ms)
			return MACHINE_DO_NOTHING;
		/* Does the server know of a consent, or has it forgotten the session? */
		return enter(machine, MACHINE_SECURING, MACHINE_DO_SECURE);
	case MACHINE_RENEW:
		machine->browser = input->browser;
		return enter_session(machine, input, input->app_known);
	case MACHINE_TIMER:
		if (input->now.mono_ms >= machine->expires_ms)
			return finish(machine, OUTCOME_EXPIRED);
		if (machine->browser || input->now.mono_ms < machine->retry_ms)
			return MACHINE_DO_NOTHING;
		machine->is_polling = true;
		return enter(machine, MACHINE_SECURING, MACHINE_DO_SECURE);
	default:
		return MACHINE_DO_NOTHING;
	}
}

static enum machine_action securing_step(struct login_machine *machine,
					 const struct machine_input *input)
{
	switch (input->event) {
	case MACHINE_SECURED:
		return enter(machine, MACHINE_EXCHANGING, MACHINE_DO_EXCHANGE);
	case MACHINE_UNTRUSTED:
		return enter_session(machine, input, input->app_known);
	case MACHINE_FAILED_FOR_NOW:
		if (!machine->callback_arrived)
			return miss_poll(machine, input);
		/* The consent stays valid for as long as it takes to make room. */
		wait_for_retry(machine, input, MACHINE_DISK_RETRY_MAX_MS);
		return MACHINE_DO_NOTHING;
	case MACHINE_CALLBACK:
		take_callback(machine);
		return MACHINE_DO_NOTHING;
	case MACHINE_LOGIN:
		machine->is_polling = false;
		return try_again(machine, input, MACHINE_DO_SECURE);
	case MACHINE_TIMER:
		return try_again(machine, input, MACHINE_DO_SECURE);
	case MACHINE_FAILED:
		return finish(machine, input->outcome);
	default:
		return MACHINE_DO_NOTHING;
	}
}

/* userkey said PENDING_SESSION. If a callback came during that poll, consent may be newer than the
 * answer: asks again at once. */
static enum machine_action exchange_pending(struct login_machine *machine,
					    const struct machine_input *input)
{
	machine->failures = 0;
	if (machine->ask_again) {
		machine->ask_again = false;
		return enter(machine, MACHINE_SECURING, MACHINE_DO_SECURE);
	}
	return enter_consent(machine, input);
}

/* A poll that fails is a missed poll; an exchange after the callback is tried again. */
static enum machine_action exchange_failed_for_now(struct login_machine *machine,
						   const struct machine_input *input)
{
	if (!machine->callback_arrived)
		return miss_poll(machine, input);
	/* MACHINE_SECURING, before each try, set `attempts` to 0. */
	machine->attempts = machine->failures++;
	wait_for_retry(machine, input, MACHINE_RETRY_MAX_MS);
	if (machine->failures >= MACHINE_EXCHANGE_ATTEMPTS)
		return finish(machine, OUTCOME_UNREACHABLE);
	return MACHINE_DO_NOTHING;
}

static enum machine_action exchange_again(struct login_machine *machine,
					  const struct machine_input *input)
{
	if (try_again(machine, input, MACHINE_DO_SECURE) == MACHINE_DO_NOTHING)
		return MACHINE_DO_NOTHING;
	return enter(machine, MACHINE_SECURING, MACHINE_DO_SECURE);
}

static enum machine_action exchanging_step(struct login_machine *machine,
					   const struct machine_input *input)
{
	switch (input->event) {
	case MACHINE_EXCHANGED:
		return enter(machine, MACHINE_STORING, MACHINE_DO_STORE);
	case MACHINE_UNTRUSTED:
		return enter_session(machine, input, input->app_known);
	case MACHINE_CALLBACK:
		machine->ask_again = !machine->callback_arrived;
		take_callback(machine);
		return MACHINE_DO_NOTHING;
	case MACHINE_PENDING:
		return exchange_pending(machine, input);
	case MACHINE_NO_SUCH_APP:
		return renew_app(machine, input);
	case MACHINE_NO_SUCH_SESSION:
		if (machine->session_renewed)
			return finish(machine, OUTCOME_LOST);
		machine->session_renewed = true;
		return enter_session(machine, input, input->app_known);
	case MACHINE_FAILED_FOR_NOW:
		return exchange_failed_for_now(machine, input);
	case MACHINE_LOGIN:
		machine->is_polling = false;
		return exchange_again(machine, input);
	case MACHINE_TIMER:
		return exchange_again(machine, input);
	case MACHINE_FAILED:
		return finish(machine, input->outcome);
	default:
		return MACHINE_DO_NOTHING;
	}
}

static enum machine_action storing_step(struct login_machine *machine,
					const struct machine_input *input)
{
	switch (input->event) {
	case MACHINE_STORED:
		return enter(machine, MACHINE_VERIFYING, MACHINE_DO_VERIFY);
	case MACHINE_FAILED_FOR_NOW:
		/* This session gives i only once: never give up. */
		wait_for_retry(machine, input, MACHINE_DISK_RETRY_MAX_MS);
		return MACHINE_DO_NOTHING;
	case MACHINE_TIMER:
	case MACHINE_LOGIN:
		return try_again(machine, input, MACHINE_DO_STORE);
	default:
		return MACHINE_DO_NOTHING;
	}
}

static enum machine_action verifying_step(struct login_machine *machine,
					  const struct machine_input *input)
{
	enum machine_action action;

	switch (input->event) {
	case MACHINE_VERIFIED:
		return finish(machine, OUTCOME_AUTHORIZED);
	case MACHINE_FAILED_FOR_NOW:
		/* The login is over for whoever waits. The question is repeated in the background.
		 */
		action = finish(machine, OUTCOME_UNVERIFIED);
		wait_for_retry(machine, input, MACHINE_RETRY_MAX_MS);
		return action;
	case MACHINE_FAILED:
		return finish(machine, input->outcome);
	default:
		return MACHINE_DO_NOTHING;
	}
}

static enum machine_action finished_step(struct login_machine *machine,
					 const struct machine_input *input)
{
	if (machine->outcome != OUTCOME_UNVERIFIED || input->event == MACHINE_LOGIN)
		return idle_step(machine, input);

	switch (input->event) {
	case MACHINE_TIMER:
		return try_again(machine, input, MACHINE_DO_VERIFY);
	case MACHINE_VERIFIED:
		return finish(machine, OUTCOME_AUTHORIZED);
	case MACHINE_FAILED_FOR_NOW:
		wait_for_retry(machine, input, MACHINE_RETRY_MAX_MS);
		if (machine->attempts >= MACHINE_VERIFY_ATTEMPTS)
			machine->waiting = false;
		return MACHINE_DO_NOTHING;
	case MACHINE_FAILED:
		return finish(machine, input->outcome);
	default:
		return MACHINE_DO_NOTHING;
	}
}

static enum machine_action cancel(struct login_machine *machine)
{
	if (login_machine_is_active(machine))
		return finish(machine, OUTCOME_CANCELLED);
	machine->waiting = false; /* does not ask again whether the credential works */
	return MACHINE_DO_NOTHING;
}

enum machine_action login_machine_step(struct login_machine *machine,
				       const struct machine_input *input)
{
	if (input->event == MACHINE_CANCEL)
		return cancel(machine);
	switch (machine->state) {
	case MACHINE_IDLE:
		return idle_step(machine, input);
	case MACHINE_REGISTERING:
	case MACHINE_SESSION:
		return early_step(machine, input);
	case MACHINE_CONSENT:
		return consent_step(machine, input);
	case MACHINE_SECURING:
		return securing_step(machine, input);
	case MACHINE_EXCHANGING:
		return exchanging_step(machine, input);
	case MACHINE_STORING:
		return storing_step(machine, input);
	case MACHINE_VERIFYING:
		return verifying_step(machine, input);
	case MACHINE_FINISHED:
		return finished_step(machine, input);
	}
	return MACHINE_DO_NOTHING;
}

enum machine_state login_machine_visible_state(const struct login_machine *machine)
{
	bool asks = machine->state == MACHINE_SECURING || machine->state == MACHINE_EXCHANGING;

	if (asks && machine->is_polling && !machine->callback_arrived)
		return MACHINE_CONSENT;
	return machine->state;
}

int64_t login_machine_deadline(const struct login_machine *machine)
{
	int64_t deadline_ms = machine->waiting ? machine->retry_ms : CLOCK_NEVER;

	if (machine->state == MACHINE_CONSENT && machine->expires_ms < deadline_ms)
		deadline_ms = machine->expires_ms;
	return deadline_ms;
}
