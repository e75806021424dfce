/* SPDX-License-Identifier: MIT */
#include "login/login_machine.h"

#include <stddef.h>

const char *authorizer_state_text(enum authorizer_state state)
{
	static const char *const text[] = {
		[AUTHORIZER_IDLE] = "idle",	    [AUTHORIZER_REGISTERING] = "registering",
		[AUTHORIZER_SESSION] = "session",   [AUTHORIZER_CONSENT] = "consent",
		[AUTHORIZER_SECURING] = "securing", [AUTHORIZER_EXCHANGING] = "exchanging",
		[AUTHORIZER_STORING] = "storing",   [AUTHORIZER_VERIFYING] = "verifying",
		[AUTHORIZER_FINISHED] = "finished",
	};

	return text[state];
}

bool authorizer_is_active(const struct authorizer *authorizer)
{
	return authorizer->state != AUTHORIZER_IDLE && authorizer->state != AUTHORIZER_FINISHED;
}

/* MIN_MS, twice that, four times that … up to MAX_MS, a quarter more or less; not before the server
 * wants it. */
static int64_t retry_delay(const struct authorizer_input *input, unsigned attempts, int64_t min_ms,
			   int64_t max_ms)
{
	int64_t delay_ms = min_ms;
	int64_t asked_ms = 0;

	for (unsigned n = 1; n < attempts && delay_ms < max_ms; n++)
		delay_ms *= 2;
	if (delay_ms > max_ms)
		delay_ms = max_ms;
	delay_ms += delay_ms / 2 * (int64_t)(input->random % 1024) / 1024 - delay_ms / 4;

	if (input->retry_after_s > AUTHORIZER_RETRY_AFTER_MAX_S)
		asked_ms = (int64_t)AUTHORIZER_RETRY_AFTER_MAX_S * 1000;
	else if (input->retry_after_s > 0)
		asked_ms = input->retry_after_s * 1000;
	return asked_ms > delay_ms ? asked_ms : delay_ms;
}

static void wait_until(struct authorizer *authorizer, int64_t at_ms)
{
	authorizer->waiting = true;
	authorizer->retry_ms = at_ms;
}

static void wait_for_retry(struct authorizer *authorizer, const struct authorizer_input *input,
			   int64_t max_ms)
{
	authorizer->attempts++;
	wait_until(authorizer, input->now.mono_ms + retry_delay(input, authorizer->attempts,
								AUTHORIZER_RETRY_MIN_MS, max_ms));
	authorizer->server_asked = input->retry_after_s > 0;
}

/* The wait is over, or somebody does not want to wait any longer. */
static enum authorizer_action try_again(struct authorizer *authorizer,
					const struct authorizer_input *input,
					enum authorizer_action action)
{
	if (!authorizer->waiting)
		return AUTHORIZER_DO_NOTHING;
	if (input->event == AUTHORIZER_LOGIN && authorizer->server_asked)
		return AUTHORIZER_DO_NOTHING;
	authorizer->waiting = false;
	return action;
}

static enum authorizer_action enter(struct authorizer *authorizer, enum authorizer_state state,
				    enum authorizer_action action)
{
	authorizer->state = state;
	authorizer->attempts = 0;
	authorizer->waiting = false;
	authorizer->server_asked = false;
	return action;
}

static enum authorizer_action finish(struct authorizer *authorizer, enum outcome outcome)
{
	authorizer->outcome = outcome;
	return enter(authorizer, AUTHORIZER_FINISHED, AUTHORIZER_DO_FINISH);
}

static enum authorizer_action enter_session(struct authorizer *authorizer, bool app_known)
{
	authorizer->callback_arrived = false;
	authorizer->ask_again = false;
	authorizer->failures = 0;
	if (app_known)
		return enter(authorizer, AUTHORIZER_SESSION, AUTHORIZER_DO_MAKE_SESSION);
	return enter(authorizer, AUTHORIZER_REGISTERING, AUTHORIZER_DO_CREATE_APP);
}

static enum authorizer_action enter_consent(struct authorizer *authorizer,
					    const struct authorizer_input *input)
{
	enter(authorizer, AUTHORIZER_CONSENT, AUTHORIZER_DO_NOTHING);
	authorizer->callback_arrived = false;
	authorizer->ask_again = false;
	wait_until(authorizer, authorizer->browser
				       ? MOMENT_NEVER
				       : input->now.mono_ms + authorizer->poll_interval_ms);
	return AUTHORIZER_DO_NOTHING;
}

/* The server does not know the app: once a login another is registered. */
static enum authorizer_action renew_app(struct authorizer *authorizer)
{
	if (authorizer->app_renewed)
		return finish(authorizer, OUTCOME_REFUSED);
	authorizer->app_renewed = true;
	/* A page may wait for the session that went with it: that page goes on with the new one. */
	if (authorizer->state == AUTHORIZER_EXCHANGING)
		authorizer->session_renewed = true;
	return enter_session(authorizer, false);
}

/* Forgets the login before; what the owner has set stays. */
static void begin_anew(struct authorizer *authorizer, bool browser)
{
	int64_t poll_interval_ms = authorizer->poll_interval_ms;
	int64_t poll_interval_max_ms = authorizer->poll_interval_max_ms;

	*authorizer = (struct authorizer){
		.browser = browser,
		.poll_interval_ms = poll_interval_ms,
		.poll_interval_max_ms = poll_interval_max_ms,
	};
}

static enum authorizer_action restore(struct authorizer *authorizer,
				      const struct authorizer_input *input)
{
	enum authorizer_action action;

	begin_anew(authorizer, input->browser);
	authorizer->session_renewed = input->renewed;
	authorizer->expires_ms = input->expires_ms;
	if (input->event == AUTHORIZER_RESTORED_CONSENT)
		return enter_consent(authorizer, input);
	if (input->event == AUTHORIZER_RESTORED_EXCHANGE) {
		authorizer->callback_arrived = input->browser;
		authorizer->is_polling = !input->browser;
		action = enter(authorizer, AUTHORIZER_SECURING, AUTHORIZER_DO_SECURE);
	} else {
		action = enter(authorizer, AUTHORIZER_VERIFYING, AUTHORIZER_DO_VERIFY);
	}
	if (input->resumes == 0)
		return action;
	/* The same call at once could end this start too. A verification can be asked for later. */
	action = action == AUTHORIZER_DO_VERIFY ? finish(authorizer, OUTCOME_UNVERIFIED)
						: AUTHORIZER_DO_NOTHING;
	wait_until(authorizer,
		   input->now.mono_ms + retry_delay(input, input->resumes, AUTHORIZER_RESUME_MIN_MS,
						    AUTHORIZER_RETRY_MAX_MS));
	return action;
}

static enum authorizer_action idle_step(struct authorizer *authorizer,
					const struct authorizer_input *input)
{
	switch (input->event) {
	case AUTHORIZER_LOGIN:
		begin_anew(authorizer, input->browser);
		return enter_session(authorizer, input->app_known);
	case AUTHORIZER_RESTORED_CONSENT:
	case AUTHORIZER_RESTORED_EXCHANGE:
	case AUTHORIZER_RESTORED_STORED:
		return restore(authorizer, input);
	default:
		return AUTHORIZER_DO_NOTHING;
	}
}

/* REGISTERING and SESSION: somebody sits and waits for a page. */
static enum authorizer_action early_step(struct authorizer *authorizer,
					 const struct authorizer_input *input)
{
	bool registering = authorizer->state == AUTHORIZER_REGISTERING;

	switch (input->event) {
	case AUTHORIZER_APP_CREATED:
		return enter(authorizer, AUTHORIZER_SESSION, AUTHORIZER_DO_MAKE_SESSION);
	case AUTHORIZER_SESSION_MADE:
		authorizer->expires_ms = input->expires_ms;
		return enter_consent(authorizer, input);
	case AUTHORIZER_NO_SUCH_APP:
		return renew_app(authorizer);
	case AUTHORIZER_FAILED_FOR_NOW:
		wait_for_retry(authorizer, input, AUTHORIZER_EARLY_RETRY_MAX_MS);
		if (authorizer->attempts >= AUTHORIZER_EARLY_ATTEMPTS ||
		    authorizer->retry_ms - input->now.mono_ms > AUTHORIZER_RETRY_MAX_MS)
			return finish(authorizer, OUTCOME_UNREACHABLE);
		return AUTHORIZER_DO_NOTHING;
	case AUTHORIZER_TIMER:
	case AUTHORIZER_LOGIN:
		return try_again(authorizer, input,
				 registering ? AUTHORIZER_DO_CREATE_APP
					     : AUTHORIZER_DO_MAKE_SESSION);
	case AUTHORIZER_FAILED:
		return finish(authorizer, input->outcome);
	case AUTHORIZER_PENDING:
	case AUTHORIZER_NO_SUCH_SESSION:
		/* No answer to these questions. */
		return finish(authorizer, OUTCOME_BAD_REPLY);
	default:
		return AUTHORIZER_DO_NOTHING;
	}
}

/* Back to waiting for consent; without a browser the next poll comes later with every failure. */
static enum authorizer_action miss_poll(struct authorizer *authorizer,
					const struct authorizer_input *input)
{
	unsigned failures = ++authorizer->failures;

	enter_consent(authorizer, input);
	if (!authorizer->browser) {
		wait_until(authorizer,
			   input->now.mono_ms + retry_delay(input, failures,
							    authorizer->poll_interval_ms,
							    authorizer->poll_interval_max_ms));
		authorizer->server_asked = input->retry_after_s > 0;
	}
	return AUTHORIZER_DO_NOTHING;
}

/* The polls that failed before do not count: somebody has consented. */
static void take_callback(struct authorizer *authorizer)
{
	if (!authorizer->callback_arrived)
		authorizer->failures = 0;
	authorizer->callback_arrived = true;
}

static enum authorizer_action consent_step(struct authorizer *authorizer,
					   const struct authorizer_input *input)
{
	switch (input->event) {
	case AUTHORIZER_CALLBACK:
		take_callback(authorizer);
		authorizer->is_polling = false;
		return enter(authorizer, AUTHORIZER_SECURING, AUTHORIZER_DO_SECURE);
	case AUTHORIZER_LOGIN:
		/* Who has the start link may have consented: only the callback shows who it was. */
		if (authorizer->browser)
			return AUTHORIZER_DO_NOTHING;
		authorizer->is_polling = false;
		if (authorizer->server_asked && input->now.mono_ms < authorizer->retry_ms)
			return AUTHORIZER_DO_NOTHING;
		/* The redirect may have been lost, or the session forgotten: ask the server. */
		return enter(authorizer, AUTHORIZER_SECURING, AUTHORIZER_DO_SECURE);
	case AUTHORIZER_RENEW:
		authorizer->browser = input->browser;
		return enter_session(authorizer, input->app_known);
	case AUTHORIZER_TIMER:
		if (input->now.mono_ms >= authorizer->expires_ms)
			return finish(authorizer, OUTCOME_EXPIRED);
		if (authorizer->browser || input->now.mono_ms < authorizer->retry_ms)
			return AUTHORIZER_DO_NOTHING;
		authorizer->is_polling = true;
		return enter(authorizer, AUTHORIZER_SECURING, AUTHORIZER_DO_SECURE);
	default:
		return AUTHORIZER_DO_NOTHING;
	}
}

static enum authorizer_action securing_step(struct authorizer *authorizer,
					    const struct authorizer_input *input)
{
	switch (input->event) {
	case AUTHORIZER_SECURED:
		return enter(authorizer, AUTHORIZER_EXCHANGING, AUTHORIZER_DO_EXCHANGE);
	case AUTHORIZER_UNTRUSTED:
		return enter_session(authorizer, input->app_known);
	case AUTHORIZER_FAILED_FOR_NOW:
		if (!authorizer->callback_arrived)
			return miss_poll(authorizer, input);
		/* Consent is given: the session stays usable for as long as it takes to make room.
		 */
		wait_for_retry(authorizer, input, AUTHORIZER_DISK_RETRY_MAX_MS);
		return AUTHORIZER_DO_NOTHING;
	case AUTHORIZER_CALLBACK:
		take_callback(authorizer);
		return AUTHORIZER_DO_NOTHING;
	case AUTHORIZER_TIMER:
	case AUTHORIZER_LOGIN:
		return try_again(authorizer, input, AUTHORIZER_DO_SECURE);
	case AUTHORIZER_FAILED:
		return finish(authorizer, input->outcome);
	default:
		return AUTHORIZER_DO_NOTHING;
	}
}

/* userkey said PENDING_SESSION. A callback that came while a poll was under way is newer than
 * the poll's answer, so the server is asked again at once. */
static enum authorizer_action exchange_pending(struct authorizer *authorizer,
					       const struct authorizer_input *input)
{
	authorizer->failures = 0;
	if (authorizer->ask_again) {
		authorizer->ask_again = false;
		return enter(authorizer, AUTHORIZER_SECURING, AUTHORIZER_DO_SECURE);
	}
	return enter_consent(authorizer, input);
}

/* A poll that fails is a missed poll; an exchange after the callback is tried again. */
static enum authorizer_action exchange_failed_for_now(struct authorizer *authorizer,
						      const struct authorizer_input *input)
{
	if (!authorizer->callback_arrived)
		return miss_poll(authorizer, input);
	/* Each try is secured anew, with which `attempts` began anew. */
	authorizer->attempts = authorizer->failures++;
	wait_for_retry(authorizer, input, AUTHORIZER_RETRY_MAX_MS);
	if (authorizer->failures >= AUTHORIZER_EXCHANGE_ATTEMPTS)
		return finish(authorizer, OUTCOME_UNREACHABLE);
	return AUTHORIZER_DO_NOTHING;
}

static enum authorizer_action exchange_again(struct authorizer *authorizer,
					     const struct authorizer_input *input)
{
	if (try_again(authorizer, input, AUTHORIZER_DO_SECURE) == AUTHORIZER_DO_NOTHING)
		return AUTHORIZER_DO_NOTHING;
	return enter(authorizer, AUTHORIZER_SECURING, AUTHORIZER_DO_SECURE);
}

static enum authorizer_action exchanging_step(struct authorizer *authorizer,
					      const struct authorizer_input *input)
{
	switch (input->event) {
	case AUTHORIZER_EXCHANGED:
		return enter(authorizer, AUTHORIZER_STORING, AUTHORIZER_DO_STORE);
	case AUTHORIZER_UNTRUSTED:
		return enter_session(authorizer, input->app_known);
	case AUTHORIZER_CALLBACK:
		authorizer->ask_again = !authorizer->callback_arrived;
		take_callback(authorizer);
		return AUTHORIZER_DO_NOTHING;
	case AUTHORIZER_PENDING:
		return exchange_pending(authorizer, input);
	case AUTHORIZER_NO_SUCH_APP:
		return renew_app(authorizer);
	case AUTHORIZER_NO_SUCH_SESSION:
		if (authorizer->session_renewed)
			return finish(authorizer, OUTCOME_LOST);
		authorizer->session_renewed = true;
		return enter_session(authorizer, input->app_known);
	case AUTHORIZER_FAILED_FOR_NOW:
		return exchange_failed_for_now(authorizer, input);
	case AUTHORIZER_TIMER:
	case AUTHORIZER_LOGIN:
		return exchange_again(authorizer, input);
	case AUTHORIZER_FAILED:
		return finish(authorizer, input->outcome);
	default:
		return AUTHORIZER_DO_NOTHING;
	}
}

static enum authorizer_action storing_step(struct authorizer *authorizer,
					   const struct authorizer_input *input)
{
	switch (input->event) {
	case AUTHORIZER_STORED:
		return enter(authorizer, AUTHORIZER_VERIFYING, AUTHORIZER_DO_VERIFY);
	case AUTHORIZER_FAILED_FOR_NOW:
		/* i cannot be had a second time from this session: never give up. */
		wait_for_retry(authorizer, input, AUTHORIZER_DISK_RETRY_MAX_MS);
		return AUTHORIZER_DO_NOTHING;
	case AUTHORIZER_TIMER:
	case AUTHORIZER_LOGIN:
		return try_again(authorizer, input, AUTHORIZER_DO_STORE);
	default:
		return AUTHORIZER_DO_NOTHING;
	}
}

static enum authorizer_action verifying_step(struct authorizer *authorizer,
					     const struct authorizer_input *input)
{
	enum authorizer_action action;

	switch (input->event) {
	case AUTHORIZER_VERIFIED:
		return finish(authorizer, OUTCOME_AUTHORIZED);
	case AUTHORIZER_FAILED_FOR_NOW:
		/* Nobody is kept waiting for this; the question is repeated in the background. */
		action = finish(authorizer, OUTCOME_UNVERIFIED);
		wait_for_retry(authorizer, input, AUTHORIZER_RETRY_MAX_MS);
		return action;
	case AUTHORIZER_FAILED:
		return finish(authorizer, input->outcome);
	default:
		return AUTHORIZER_DO_NOTHING;
	}
}

static enum authorizer_action finished_step(struct authorizer *authorizer,
					    const struct authorizer_input *input)
{
	if (authorizer->outcome != OUTCOME_UNVERIFIED || input->event == AUTHORIZER_LOGIN)
		return idle_step(authorizer, input);

	switch (input->event) {
	case AUTHORIZER_TIMER:
		return try_again(authorizer, input, AUTHORIZER_DO_VERIFY);
	case AUTHORIZER_VERIFIED:
		return finish(authorizer, OUTCOME_AUTHORIZED);
	case AUTHORIZER_FAILED_FOR_NOW:
		wait_for_retry(authorizer, input, AUTHORIZER_RETRY_MAX_MS);
		if (authorizer->attempts >= AUTHORIZER_VERIFY_ATTEMPTS)
			authorizer->waiting = false;
		return AUTHORIZER_DO_NOTHING;
	case AUTHORIZER_FAILED:
		return finish(authorizer, input->outcome);
	default:
		return AUTHORIZER_DO_NOTHING;
	}
}

static enum authorizer_action cancel(struct authorizer *authorizer)
{
	if (authorizer_is_active(authorizer))
		return finish(authorizer, OUTCOME_CANCELLED);
	authorizer->waiting = false; /* for another question whether the credential works */
	return AUTHORIZER_DO_NOTHING;
}

enum authorizer_action authorizer_step(struct authorizer *authorizer,
				       const struct authorizer_input *input)
{
	if (input->event == AUTHORIZER_CANCEL)
		return cancel(authorizer);
	switch (authorizer->state) {
	case AUTHORIZER_IDLE:
		return idle_step(authorizer, input);
	case AUTHORIZER_REGISTERING:
	case AUTHORIZER_SESSION:
		return early_step(authorizer, input);
	case AUTHORIZER_CONSENT:
		return consent_step(authorizer, input);
	case AUTHORIZER_SECURING:
		return securing_step(authorizer, input);
	case AUTHORIZER_EXCHANGING:
		return exchanging_step(authorizer, input);
	case AUTHORIZER_STORING:
		return storing_step(authorizer, input);
	case AUTHORIZER_VERIFYING:
		return verifying_step(authorizer, input);
	case AUTHORIZER_FINISHED:
		return finished_step(authorizer, input);
	}
	return AUTHORIZER_DO_NOTHING;
}

enum authorizer_state authorizer_visible_state(const struct authorizer *authorizer)
{
	bool asks = authorizer->state == AUTHORIZER_SECURING ||
		    authorizer->state == AUTHORIZER_EXCHANGING;

	if (asks && authorizer->is_polling && !authorizer->callback_arrived)
		return AUTHORIZER_CONSENT;
	return authorizer->state;
}

int64_t authorizer_deadline(const struct authorizer *authorizer)
{
	int64_t deadline_ms = authorizer->waiting ? authorizer->retry_ms : MOMENT_NEVER;

	if (authorizer->state == AUTHORIZER_CONSENT && authorizer->expires_ms < deadline_ms)
		deadline_ms = authorizer->expires_ms;
	return deadline_ms;
}
