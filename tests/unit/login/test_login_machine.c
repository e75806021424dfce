/* SPDX-License-Identifier: MIT */
/*
 * Proves the order of a login's steps, its retries and its ends, without a clock, a socket or a
 * file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "login/login_machine.h"

#define POLL_MS 5000
#define POLL_MAX_MS 30000
#define EXPIRES_MS 1000000

/* Steps MACHINE with EVENT at NOW_MS and expects ACTION. */
#define step(machine, kind, now_ms, expected) \
	assert_int_equal(step_at(machine, kind, now_ms), MACHINE_DO_##expected)

static struct machine_input input_at(enum machine_event event, int64_t now_ms)
{
	return (struct machine_input){
		.event = event,
		.now = {.mono_ms = now_ms, .unix_s = now_ms / 1000},
		.random = 512, /* no jitter */
		.app_known = true,
		.browser = true,
		.expires_ms = EXPIRES_MS,
		.retry_after_s = -1,
		.outcome = OUTCOME_REFUSED,
		.poll_interval_ms = POLL_MS,
		.poll_interval_max_ms = POLL_MAX_MS,
	};
}

static enum machine_action step_at(struct login_machine *machine, enum machine_event event,
				   int64_t now_ms)
{
	struct machine_input input = input_at(event, now_ms);

	return login_machine_step(machine, &input);
}

static enum machine_action step_without_browser(struct login_machine *machine,
						enum machine_event event, int64_t now_ms)
{
	struct machine_input input = input_at(event, now_ms);

	input.browser = false;
	return login_machine_step(machine, &input);
}

/* A machine whose session waits for a browser. */
static struct login_machine consenting(void)
{
	struct login_machine machine = {0};

	step(&machine, MACHINE_LOGIN, 0, MAKE_SESSION);
	step(&machine, MACHINE_SESSION_MADE, 0, NOTHING);
	return machine;
}

static struct login_machine exchanging(void)
{
	struct login_machine machine = consenting();

	step(&machine, MACHINE_CALLBACK, 10, SECURE);
	step(&machine, MACHINE_SECURED, 10, EXCHANGE);
	return machine;
}

static struct login_machine polling(void)
{
	struct login_machine machine = {0};

	assert_int_equal(step_without_browser(&machine, MACHINE_LOGIN, 0), MACHINE_DO_MAKE_SESSION);
	step(&machine, MACHINE_SESSION_MADE, 0, NOTHING);
	return machine;
}

static void a_login_goes_through(void **state)
{
	struct login_machine machine = {0};
	struct machine_input input = input_at(MACHINE_LOGIN, 0);

	(void)state;
	input.app_known = false;
	assert_int_equal(login_machine_step(&machine, &input), MACHINE_DO_CREATE_APP);
	step(&machine, MACHINE_APP_CREATED, 1, MAKE_SESSION);
	step(&machine, MACHINE_SESSION_MADE, 2, NOTHING);
	assert_int_equal(machine.state, MACHINE_CONSENT);
	assert_true(login_machine_deadline(&machine) == EXPIRES_MS);
	step(&machine, MACHINE_CALLBACK, 3, SECURE);
	step(&machine, MACHINE_SECURED, 3, EXCHANGE);
	step(&machine, MACHINE_EXCHANGED, 4, STORE);
	step(&machine, MACHINE_STORED, 4, VERIFY);
	step(&machine, MACHINE_VERIFIED, 5, FINISH);
	assert_int_equal(machine.outcome, OUTCOME_AUTHORIZED);
	assert_false(login_machine_is_active(&machine));
	assert_true(login_machine_deadline(&machine) == CLOCK_NEVER);
}

static void a_known_app_is_used_again(void **state)
{
	struct login_machine machine = {0};

	(void)state;
	step(&machine, MACHINE_LOGIN, 0, MAKE_SESSION);
}

static void a_server_without_apps_gets_a_session_without_one(void **state)
{
	struct login_machine machine = {0};

	(void)state;
	/* It knows no session/generate any more, or no app/create. */
	step(&machine, MACHINE_LOGIN, 0, MAKE_SESSION);
	step(&machine, MACHINE_OTHER_METHOD, 1, MAKE_SESSION);
	step(&machine, MACHINE_NO_SUCH_APP, 1, CREATE_APP);
	step(&machine, MACHINE_OTHER_METHOD, 2, MAKE_SESSION);
	step(&machine, MACHINE_SESSION_MADE, 3, NOTHING);
	step(&machine, MACHINE_OTHER_METHOD, 4, NOTHING);
	assert_int_equal(machine.state, MACHINE_CONSENT);
}

static void a_forgotten_app_is_made_again_once(void **state)
{
	struct login_machine machine = {0};

	(void)state;
	step(&machine, MACHINE_LOGIN, 0, MAKE_SESSION);
	step(&machine, MACHINE_NO_SUCH_APP, 1, CREATE_APP);
	step(&machine, MACHINE_APP_CREATED, 2, MAKE_SESSION);
	step(&machine, MACHINE_NO_SUCH_APP, 3, FINISH);
	assert_int_equal(machine.outcome, OUTCOME_REFUSED);
}

static void an_untrusted_session_is_made_anew(void **state)
{
	struct login_machine before = consenting();
	struct login_machine during = exchanging();

	(void)state;
	step(&before, MACHINE_CALLBACK, 10, SECURE);
	step(&before, MACHINE_UNTRUSTED, 10, MAKE_SESSION);
	assert_false(before.callback_arrived);
	step(&during, MACHINE_UNTRUSTED, 10, MAKE_SESSION);
	assert_int_equal(during.state, MACHINE_SESSION);
}

static void userkey_never_goes_out_unsecured(void **state)
{
	struct login_machine machine = consenting();

	(void)state;
	step(&machine, MACHINE_CALLBACK, 10, SECURE);
	step(&machine, MACHINE_FAILED_FOR_NOW, 10, NOTHING);
	assert_int_equal(machine.state, MACHINE_SECURING);
	/* For an hour, far beyond the session's time: it stays usable. */
	for (int n = 0; n < 1000; n++) {
		int64_t at_ms = login_machine_deadline(&machine);

		assert_true(at_ms != CLOCK_NEVER);
		step(&machine, MACHINE_TIMER, at_ms, SECURE);
		step(&machine, MACHINE_FAILED_FOR_NOW, at_ms, NOTHING);
		assert_true(login_machine_deadline(&machine) - at_ms <= MACHINE_DISK_RETRY_MAX_MS);
	}
	step(&machine, MACHINE_TIMER, login_machine_deadline(&machine), SECURE);
	step(&machine, MACHINE_SECURED, 0, EXCHANGE);
}

static void storing_never_gives_up(void **state)
{
	struct login_machine machine = exchanging();

	(void)state;
	step(&machine, MACHINE_EXCHANGED, 20, STORE);
	for (int n = 0; n < 1000; n++) {
		step(&machine, MACHINE_FAILED_FOR_NOW, 20, NOTHING);
		step(&machine, MACHINE_TIMER, login_machine_deadline(&machine), STORE);
	}
	assert_int_equal(machine.state, MACHINE_STORING);
	step(&machine, MACHINE_STORED, 30, VERIFY);
}

static void consent_not_given_yet_goes_on_waiting(void **state)
{
	struct login_machine machine = exchanging();

	(void)state;
	step(&machine, MACHINE_PENDING, 20, NOTHING);
	assert_int_equal(machine.state, MACHINE_CONSENT);
	assert_true(login_machine_deadline(&machine) == EXPIRES_MS);
	step(&machine, MACHINE_CALLBACK, 30, SECURE);
}

static void a_lost_session_is_renewed_once(void **state)
{
	struct login_machine machine = exchanging();

	(void)state;
	step(&machine, MACHINE_NO_SUCH_SESSION, 20, MAKE_SESSION);
	assert_true(machine.session_renewed);
	step(&machine, MACHINE_SESSION_MADE, 21, NOTHING);
	step(&machine, MACHINE_CALLBACK, 22, SECURE);
	step(&machine, MACHINE_SECURED, 22, EXCHANGE);
	step(&machine, MACHINE_NO_SUCH_SESSION, 23, FINISH);
	assert_int_equal(machine.outcome, OUTCOME_LOST);
}

static void retries_back_off_and_end(void **state)
{
	struct login_machine machine = exchanging();
	int64_t now_ms = 100;
	int64_t last_ms = 0;
	unsigned tries = 1;

	(void)state;
	for (;; tries++) {
		int64_t delay_ms;

		if (step_at(&machine, MACHINE_FAILED_FOR_NOW, now_ms) == MACHINE_DO_FINISH)
			break;
		delay_ms = login_machine_deadline(&machine) - now_ms;
		assert_true(delay_ms >= last_ms && delay_ms <= MACHINE_RETRY_MAX_MS);
		last_ms = delay_ms;
		now_ms += delay_ms;
		/* Room and turn were given back. Waiting for room does not count as a try. */
		step(&machine, MACHINE_TIMER, now_ms, SECURE);
		step(&machine, MACHINE_FAILED_FOR_NOW, now_ms, NOTHING);
		now_ms = login_machine_deadline(&machine);
		step(&machine, MACHINE_TIMER, now_ms, SECURE);
		step(&machine, MACHINE_SECURED, now_ms, EXCHANGE);
	}
	assert_int_equal(tries, MACHINE_EXCHANGE_ATTEMPTS);
	assert_int_equal(machine.outcome, OUTCOME_UNREACHABLE);
}

static void jitter_is_a_quarter(void **state)
{
	(void)state;
	for (uint32_t random = 0; random < 1024; random += 31) {
		struct login_machine machine = exchanging();
		struct machine_input input = input_at(MACHINE_FAILED_FOR_NOW, 0);

		input.random = random;
		(void)login_machine_step(&machine, &input);
		assert_in_range(login_machine_deadline(&machine), 750, 1250);
	}
}

static void polls_that_failed_do_not_shorten_a_callback(void **state)
{
	struct login_machine machine = polling();
	int64_t now_ms = POLL_MS;

	(void)state;
	for (unsigned n = 0; n < MACHINE_EXCHANGE_ATTEMPTS; n++) {
		step(&machine, MACHINE_TIMER, now_ms, SECURE);
		step(&machine, MACHINE_SECURED, now_ms, EXCHANGE);
		step(&machine, MACHINE_FAILED_FOR_NOW, now_ms, NOTHING);
		now_ms = login_machine_deadline(&machine);
	}
	step(&machine, MACHINE_CALLBACK, now_ms, SECURE);
	step(&machine, MACHINE_SECURED, now_ms, EXCHANGE);
	step(&machine, MACHINE_FAILED_FOR_NOW, now_ms, NOTHING);
	assert_in_range(login_machine_deadline(&machine) - now_ms, 0, MACHINE_RETRY_MIN_MS * 5 / 4);
}

static void retry_after_is_respected(void **state)
{
	struct login_machine machine = exchanging();
	struct machine_input input = input_at(MACHINE_FAILED_FOR_NOW, 0);

	(void)state;
	input.retry_after_s = 90;
	assert_int_equal(login_machine_step(&machine, &input), MACHINE_DO_NOTHING);
	assert_true(login_machine_deadline(&machine) == 90000);
	machine = exchanging();
	input.retry_after_s = INT64_MAX;
	(void)login_machine_step(&machine, &input);
	assert_true(login_machine_deadline(&machine) == MACHINE_RETRY_AFTER_MAX_S * 1000);
}

static void nobody_waits_long_for_a_page(void **state)
{
	struct login_machine machine = {0};

	(void)state;
	step(&machine, MACHINE_LOGIN, 0, MAKE_SESSION);
	for (int n = 1; n < MACHINE_EARLY_ATTEMPTS; n++) {
		step(&machine, MACHINE_FAILED_FOR_NOW, 0, NOTHING);
		step(&machine, MACHINE_TIMER, login_machine_deadline(&machine), MAKE_SESSION);
	}
	step(&machine, MACHINE_FAILED_FOR_NOW, 0, FINISH);
	assert_int_equal(machine.outcome, OUTCOME_UNREACHABLE);
}

static void a_server_in_maintenance_is_waited_for(void **state)
{
	struct login_machine machine = {0};
	struct machine_input input = input_at(MACHINE_LOGIN, 0);

	(void)state;
	input.expires_ms = 1000 * 1000;
	assert_int_equal(login_machine_step(&machine, &input), MACHINE_DO_MAKE_SESSION);
	input.event = MACHINE_FAILED_FOR_NOW;
	input.retry_after_s = 120;
	for (int64_t n = 1; n <= 2 * MACHINE_EARLY_ATTEMPTS; n++) {
		assert_int_equal(login_machine_step(&machine, &input), MACHINE_DO_NOTHING);
		assert_true(login_machine_deadline(&machine) == n * 120 * 1000);
		step(&machine, MACHINE_TIMER, n * 120 * 1000, MAKE_SESSION);
		input.now.mono_ms = n * 120 * 1000;
	}
	/* The next try would be too late. */
	assert_int_equal(login_machine_step(&machine, &input), MACHINE_DO_FINISH);
	assert_int_equal(machine.outcome, OUTCOME_UNREACHABLE);
}

static void nobody_hurries_a_server_that_asked_for_time(void **state)
{
	struct login_machine machine = {0};
	struct machine_input input = input_at(MACHINE_FAILED_FOR_NOW, 0);

	(void)state;
	step(&machine, MACHINE_LOGIN, 0, MAKE_SESSION);
	step(&machine, MACHINE_FAILED_FOR_NOW, 0, NOTHING);
	step(&machine, MACHINE_LOGIN, 10, MAKE_SESSION);
	input.retry_after_s = 30;
	assert_int_equal(login_machine_step(&machine, &input), MACHINE_DO_NOTHING);
	step(&machine, MACHINE_LOGIN, 20, NOTHING);
	step(&machine, MACHINE_TIMER, 30000, MAKE_SESSION);
}

static void an_answer_that_fits_no_question_ends_the_login(void **state)
{
	static const enum machine_event answers[] = {MACHINE_PENDING, MACHINE_NO_SUCH_SESSION};

	(void)state;
	for (size_t n = 0; n < 2; n++) {
		struct login_machine machine = {0};

		step(&machine, MACHINE_LOGIN, 0, MAKE_SESSION);
		step(&machine, answers[n], 1, FINISH);
		assert_int_equal(machine.outcome, OUTCOME_BAD_REPLY);
	}
}

static void a_full_disk_misses_a_poll_and_no_more(void **state)
{
	struct login_machine machine = polling();

	(void)state;
	step(&machine, MACHINE_TIMER, POLL_MS, SECURE);
	step(&machine, MACHINE_FAILED_FOR_NOW, POLL_MS, NOTHING);
	assert_int_equal(machine.state, MACHINE_CONSENT);
	step(&machine, MACHINE_TIMER, EXPIRES_MS, FINISH);
	assert_int_equal(machine.outcome, OUTCOME_EXPIRED);
}

static void without_a_browser_userkey_is_polled(void **state)
{
	struct login_machine machine = polling();

	(void)state;
	assert_true(login_machine_deadline(&machine) == POLL_MS);
	step(&machine, MACHINE_TIMER, POLL_MS, SECURE);
	step(&machine, MACHINE_SECURED, POLL_MS, EXCHANGE);
	step(&machine, MACHINE_PENDING, POLL_MS, NOTHING);
	assert_true(login_machine_deadline(&machine) == POLL_MS * 2);
	step(&machine, MACHINE_TIMER, POLL_MS * 2, SECURE);
	step(&machine, MACHINE_SECURED, POLL_MS * 2, EXCHANGE);
	step(&machine, MACHINE_EXCHANGED, POLL_MS * 2, STORE);
}

/* Polls when it is due and gets ANSWER; returns the pause until the next poll. */
static int64_t poll_once(struct login_machine *machine, const struct machine_input *answer)
{
	struct machine_input input = *answer;

	input.now.mono_ms = login_machine_deadline(machine);
	step(machine, MACHINE_TIMER, input.now.mono_ms, SECURE);
	step(machine, MACHINE_SECURED, input.now.mono_ms, EXCHANGE);
	assert_int_equal(login_machine_step(machine, &input), MACHINE_DO_NOTHING);
	assert_int_equal(machine->state, MACHINE_CONSENT);
	return machine->retry_ms - input.now.mono_ms;
}

static void polls_that_fail_back_off_until_one_succeeds(void **state)
{
	const struct machine_input failed = input_at(MACHINE_FAILED_FOR_NOW, 0);
	const struct machine_input pending = input_at(MACHINE_PENDING, 0);
	struct login_machine machine = polling();

	(void)state;
	for (int n = 0; n < 2; n++) {
		static const int64_t pauses_ms[] = {POLL_MS, 10000, 20000, POLL_MAX_MS,
						    POLL_MAX_MS};

		for (size_t i = 0; i < sizeof(pauses_ms) / sizeof(pauses_ms[0]); i++)
			assert_int_equal(poll_once(&machine, &failed), pauses_ms[i]);
		assert_int_equal(poll_once(&machine, &pending), POLL_MS);
	}
}

static void polls_that_fail_are_spread_by_chance(void **state)
{
	struct machine_input failed = input_at(MACHINE_FAILED_FOR_NOW, 0);
	struct login_machine machine = polling();

	(void)state;
	failed.random = 0;
	assert_int_equal(poll_once(&machine, &failed), POLL_MS - POLL_MS / 4);
	failed.random = 1023;
	assert_true(poll_once(&machine, &failed) > 2 * POLL_MS + POLL_MS / 3);
}

static void polls_are_spread_by_chance(void **state)
{
	struct machine_input pending = input_at(MACHINE_PENDING, 0);
	struct login_machine machine = polling();

	(void)state;
	pending.random = 0;
	assert_int_equal(poll_once(&machine, &pending), POLL_MS - POLL_MS / 4);
	pending.random = 1023;
	assert_true(poll_once(&machine, &pending) > POLL_MS + POLL_MS / 5);
}

static void polls_that_fail_end_with_the_session(void **state)
{
	const struct machine_input failed = input_at(MACHINE_FAILED_FOR_NOW, 0);
	struct login_machine machine = polling();

	(void)state;
	while (login_machine_deadline(&machine) < EXPIRES_MS)
		assert_true(poll_once(&machine, &failed) > 0);
	step(&machine, MACHINE_TIMER, EXPIRES_MS, FINISH);
	assert_int_equal(machine.outcome, OUTCOME_EXPIRED);
}

static void a_server_that_wants_to_be_polled_later_is_obeyed(void **state)
{
	struct machine_input failed = input_at(MACHINE_FAILED_FOR_NOW, 0);
	struct login_machine machine = polling();

	(void)state;
	failed.retry_after_s = 300;
	assert_int_equal(poll_once(&machine, &failed), 300000);
	/* A login cannot shorten the pause; after it, every login asks. */
	step(&machine, MACHINE_LOGIN, POLL_MS + 299999, NOTHING);
	assert_int_equal(machine.state, MACHINE_CONSENT);
	step(&machine, MACHINE_LOGIN, POLL_MS + 300000, SECURE);
}

static void a_poll_that_a_person_waits_for_is_none(void **state)
{
	struct login_machine machine = polling();
	struct machine_input input = input_at(MACHINE_TIMER, machine.retry_ms);

	(void)state;
	input.browser = false;
	assert_int_equal(login_machine_step(&machine, &input), MACHINE_DO_SECURE);
	step(&machine, MACHINE_SECURED, machine.retry_ms, EXCHANGE);
	assert_int_equal(login_machine_visible_state(&machine), MACHINE_CONSENT);
	step(&machine, MACHINE_LOGIN, machine.retry_ms, NOTHING);
	assert_int_equal(login_machine_visible_state(&machine), MACHINE_EXCHANGING);
	step(&machine, MACHINE_PENDING, machine.retry_ms, NOTHING);
	assert_int_equal(login_machine_visible_state(&machine), MACHINE_CONSENT);
}

static void a_failed_poll_can_be_hurried(void **state)
{
	const struct machine_input failed = input_at(MACHINE_FAILED_FOR_NOW, 0);
	struct login_machine machine = polling();

	(void)state;
	poll_once(&machine, &failed);
	step(&machine, MACHINE_LOGIN, POLL_MS + 1, SECURE);
}

static void a_later_login_polls_as_the_first_did(void **state)
{
	const struct machine_input failed = input_at(MACHINE_FAILED_FOR_NOW, 0);
	struct login_machine machine = polling();

	(void)state;
	poll_once(&machine, &failed);
	step(&machine, MACHINE_TIMER, EXPIRES_MS, FINISH);
	assert_int_equal(step_without_browser(&machine, MACHINE_LOGIN, 0), MACHINE_DO_MAKE_SESSION);
	step(&machine, MACHINE_SESSION_MADE, 0, NOTHING);
	assert_int_equal(poll_once(&machine, &failed), POLL_MS);
	assert_int_equal(poll_once(&machine, &failed), 2 * POLL_MS);
}

static void a_callback_during_a_poll_asks_again(void **state)
{
	struct login_machine machine = polling();

	(void)state;
	step(&machine, MACHINE_TIMER, POLL_MS, SECURE);
	step(&machine, MACHINE_SECURED, POLL_MS, EXCHANGE);
	step(&machine, MACHINE_CALLBACK, POLL_MS, NOTHING); /* never two at once */
	/* The place that the poll had may have been given back. */
	step(&machine, MACHINE_PENDING, POLL_MS, SECURE);
	step(&machine, MACHINE_SECURED, POLL_MS, EXCHANGE);
	step(&machine, MACHINE_PENDING, POLL_MS, NOTHING); /* and not for ever */
	assert_int_equal(machine.state, MACHINE_CONSENT);
}

static void a_second_callback_changes_nothing(void **state)
{
	struct login_machine machine = exchanging();

	(void)state;
	step(&machine, MACHINE_CALLBACK, 20, NOTHING);
	step(&machine, MACHINE_EXCHANGED, 20, STORE);
	step(&machine, MACHINE_CALLBACK, 20, NOTHING);
	step(&machine, MACHINE_STORED, 20, VERIFY);
	step(&machine, MACHINE_CALLBACK, 20, NOTHING);
	step(&machine, MACHINE_VERIFIED, 20, FINISH);
	step(&machine, MACHINE_CALLBACK, 20, NOTHING);
}

static void a_new_login_does_not_look_at_a_session_with_a_link(void **state)
{
	struct login_machine machine = consenting();

	(void)state;
	step(&machine, MACHINE_LOGIN, 50, NOTHING);
	assert_int_equal(machine.state, MACHINE_CONSENT);
	assert_true(login_machine_deadline(&machine) == EXPIRES_MS);
}

static void a_distrusted_session_is_replaced(void **state)
{
	struct login_machine machine = consenting();

	(void)state;
	assert_int_equal(step_without_browser(&machine, MACHINE_RENEW, 50),
			 MACHINE_DO_MAKE_SESSION);
	assert_false(machine.browser);
	assert_false(machine.session_renewed);
}

static void consent_ends_with_its_time(void **state)
{
	struct login_machine machine = consenting();

	(void)state;
	step(&machine, MACHINE_TIMER, EXPIRES_MS - 1, NOTHING);
	step(&machine, MACHINE_TIMER, EXPIRES_MS, FINISH);
	assert_int_equal(machine.outcome, OUTCOME_EXPIRED);
	step(&machine, MACHINE_LOGIN, EXPIRES_MS, MAKE_SESSION);
}

static void a_silent_verification_is_repeated(void **state)
{
	struct login_machine machine = exchanging();

	(void)state;
	step(&machine, MACHINE_EXCHANGED, 20, STORE);
	step(&machine, MACHINE_STORED, 20, VERIFY);
	step(&machine, MACHINE_FAILED_FOR_NOW, 20, FINISH);
	assert_int_equal(machine.outcome, OUTCOME_UNVERIFIED);
	step(&machine, MACHINE_TIMER, login_machine_deadline(&machine), VERIFY);
	step(&machine, MACHINE_FAILED_FOR_NOW, 5000, NOTHING);
	step(&machine, MACHINE_TIMER, login_machine_deadline(&machine), VERIFY);
	step(&machine, MACHINE_VERIFIED, 9000, FINISH);
	assert_int_equal(machine.outcome, OUTCOME_AUTHORIZED);
}

static void verification_gives_up(void **state)
{
	struct login_machine machine = exchanging();
	int tries = 1;

	(void)state;
	step(&machine, MACHINE_EXCHANGED, 20, STORE);
	step(&machine, MACHINE_STORED, 20, VERIFY);
	step(&machine, MACHINE_FAILED_FOR_NOW, 20, FINISH);
	while (login_machine_deadline(&machine) != CLOCK_NEVER) {
		step(&machine, MACHINE_TIMER, login_machine_deadline(&machine), VERIFY);
		step(&machine, MACHINE_FAILED_FOR_NOW, 20, NOTHING);
		tries++;
	}
	assert_int_equal(tries, MACHINE_VERIFY_ATTEMPTS);
}

static void restarts_go_on(void **state)
{
	struct login_machine machine = {0};
	struct machine_input polled = input_at(MACHINE_RESTORED_EXCHANGE, 5);

	(void)state;
	step(&machine, MACHINE_RESTORED_CONSENT, 5, NOTHING);
	assert_int_equal(machine.state, MACHINE_CONSENT);
	step(&machine, MACHINE_CALLBACK, 6, SECURE);

	/* The answer may have been lost: asked at once, again if the server is away. */
	machine = (struct login_machine){0};
	step(&machine, MACHINE_RESTORED_EXCHANGE, 5, SECURE);
	step(&machine, MACHINE_SECURED, 5, EXCHANGE);
	step(&machine, MACHINE_FAILED_FOR_NOW, 5, NOTHING);
	assert_int_equal(machine.state, MACHINE_EXCHANGING);
	step(&machine, MACHINE_TIMER, login_machine_deadline(&machine), SECURE);
	step(&machine, MACHINE_SECURED, 8, EXCHANGE);
	step(&machine, MACHINE_NO_SUCH_SESSION, 9, MAKE_SESSION);

	machine = (struct login_machine){0};
	step(&machine, MACHINE_RESTORED_STORED, 5, VERIFY);

	/* One that is polled is seen as it was before. */
	machine = (struct login_machine){0};
	polled.browser = false;
	assert_int_equal(login_machine_step(&machine, &polled), MACHINE_DO_SECURE);
	assert_int_equal(login_machine_visible_state(&machine), MACHINE_CONSENT);
}

/* What may have ended the starts before is not begun at once: 5 s, 10 s … 60 s. */
static void what_ended_starts_before_waits(void **state)
{
	static const int64_t pauses_ms[] = {0, 5000, 10000, 20000, 40000, 60000, 60000};

	(void)state;
	for (unsigned n = 1; n < sizeof(pauses_ms) / sizeof(pauses_ms[0]); n++) {
		struct login_machine machine = {0};
		struct machine_input input = input_at(MACHINE_RESTORED_EXCHANGE, 7);

		input.resumes = n;
		assert_int_equal(login_machine_step(&machine, &input), MACHINE_DO_NOTHING);
		assert_int_equal(login_machine_deadline(&machine), 7 + pauses_ms[n]);
		step(&machine, MACHINE_CALLBACK, 8, NOTHING);
		step(&machine, MACHINE_TIMER, 7 + pauses_ms[n], SECURE);

		machine = (struct login_machine){0};
		input.event = MACHINE_RESTORED_STORED;
		assert_int_equal(login_machine_step(&machine, &input), MACHINE_DO_FINISH);
		assert_int_equal(machine.outcome, OUTCOME_UNVERIFIED);
		step(&machine, MACHINE_TIMER, 7 + pauses_ms[n], VERIFY);
	}
}

static void a_restored_renewal_is_not_renewed_again(void **state)
{
	struct login_machine machine = {0};
	struct machine_input input = input_at(MACHINE_RESTORED_EXCHANGE, 0);

	(void)state;
	input.renewed = true;
	assert_int_equal(login_machine_step(&machine, &input), MACHINE_DO_SECURE);
	step(&machine, MACHINE_SECURED, 0, EXCHANGE);
	step(&machine, MACHINE_NO_SUCH_SESSION, 0, FINISH);
	assert_int_equal(machine.outcome, OUTCOME_LOST);
}

/* Whatever comes in any order: no exchange without SECURED before it, and no step out of nothing.
 */
static void random_events_keep_the_rules(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int run = 0; run < 2000; run++) {
		struct login_machine machine = {0};
		enum machine_action last = MACHINE_DO_NOTHING;
		bool secured = false;

		for (int n = 0; n < 40; n++) {
			enum machine_event event;
			enum machine_action action;

			seed = seed * 1664525U + 1013904223U;
			event = (seed >> 16) % (MACHINE_RESTORED_STORED + 1);
			/* An owner answers SECURE alone with SECURED. */
			if (event == MACHINE_SECURED && last != MACHINE_DO_SECURE)
				continue;
			action = step_at(&machine, event, n * 100);
			if (action == MACHINE_DO_SECURE || action == MACHINE_DO_MAKE_SESSION)
				secured = false;
			if (event == MACHINE_SECURED)
				secured = true;
			if (action == MACHINE_DO_EXCHANGE)
				assert_true(secured);
			secured = secured && action != MACHINE_DO_EXCHANGE;
			if (action == MACHINE_DO_FINISH)
				assert_true(machine.outcome != OUTCOME_NONE);
			last = action;
		}
	}
}

static void a_poll_is_seen_as_waiting(void **state)
{
	struct login_machine machine = polling();

	(void)state;
	step(&machine, MACHINE_TIMER, POLL_MS, SECURE);
	assert_int_equal(login_machine_visible_state(&machine), MACHINE_CONSENT);
	step(&machine, MACHINE_SECURED, POLL_MS, EXCHANGE);
	assert_int_equal(login_machine_visible_state(&machine), MACHINE_CONSENT);
	/* A person's hint is not a poll. */
	step(&machine, MACHINE_CALLBACK, POLL_MS, NOTHING);
	assert_int_equal(login_machine_visible_state(&machine), MACHINE_EXCHANGING);
	machine = polling();
	step(&machine, MACHINE_LOGIN, 1, SECURE);
	assert_int_equal(login_machine_visible_state(&machine), MACHINE_SECURING);
	/* Nor is what follows its success. */
	machine = polling();
	step(&machine, MACHINE_TIMER, POLL_MS, SECURE);
	step(&machine, MACHINE_SECURED, POLL_MS, EXCHANGE);
	step(&machine, MACHINE_EXCHANGED, POLL_MS, STORE);
	assert_int_equal(login_machine_visible_state(&machine), MACHINE_STORING);
}

/* Whatever the login is at. */
static void a_login_can_be_cancelled_in_every_state(void **state)
{
	(void)state;
	for (int at = MACHINE_REGISTERING; at < MACHINE_FINISHED; at++) {
		struct login_machine machine = {
			.state = (enum machine_state)at,
			.waiting = true,
			.retry_ms = 50,
			.expires_ms = EXPIRES_MS,
		};

		step(&machine, MACHINE_CANCEL, 10, FINISH);
		assert_int_equal(machine.outcome, OUTCOME_CANCELLED);
		assert_false(login_machine_is_active(&machine));
		assert_true(login_machine_deadline(&machine) == CLOCK_NEVER);
		step(&machine, MACHINE_CANCEL, 11, NOTHING);
		step(&machine, MACHINE_LOGIN, 12, MAKE_SESSION);
	}
}

static void cancelling_ends_the_question_in_the_background(void **state)
{
	struct login_machine machine = {.state = MACHINE_VERIFYING};

	(void)state;
	step(&machine, MACHINE_FAILED_FOR_NOW, 10, FINISH);
	assert_int_equal(machine.outcome, OUTCOME_UNVERIFIED);
	assert_true(login_machine_deadline(&machine) != CLOCK_NEVER);
	step(&machine, MACHINE_CANCEL, 11, NOTHING);
	assert_true(login_machine_deadline(&machine) == CLOCK_NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_login_goes_through),
		cmocka_unit_test(a_known_app_is_used_again),
		cmocka_unit_test(a_server_without_apps_gets_a_session_without_one),
		cmocka_unit_test(a_forgotten_app_is_made_again_once),
		cmocka_unit_test(userkey_never_goes_out_unsecured),
		cmocka_unit_test(an_untrusted_session_is_made_anew),
		cmocka_unit_test(storing_never_gives_up),
		cmocka_unit_test(consent_not_given_yet_goes_on_waiting),
		cmocka_unit_test(a_lost_session_is_renewed_once),
		cmocka_unit_test(retries_back_off_and_end),
		cmocka_unit_test(jitter_is_a_quarter),
		cmocka_unit_test(polls_that_failed_do_not_shorten_a_callback),
		cmocka_unit_test(retry_after_is_respected),
		cmocka_unit_test(nobody_waits_long_for_a_page),
		cmocka_unit_test(a_server_in_maintenance_is_waited_for),
		cmocka_unit_test(nobody_hurries_a_server_that_asked_for_time),
		cmocka_unit_test(an_answer_that_fits_no_question_ends_the_login),
		cmocka_unit_test(a_full_disk_misses_a_poll_and_no_more),
		cmocka_unit_test(without_a_browser_userkey_is_polled),
		cmocka_unit_test(polls_that_fail_back_off_until_one_succeeds),
		cmocka_unit_test(polls_that_fail_are_spread_by_chance),
		cmocka_unit_test(polls_are_spread_by_chance),
		cmocka_unit_test(polls_that_fail_end_with_the_session),
		cmocka_unit_test(a_server_that_wants_to_be_polled_later_is_obeyed),
		cmocka_unit_test(a_poll_that_a_person_waits_for_is_none),
		cmocka_unit_test(a_failed_poll_can_be_hurried),
		cmocka_unit_test(a_later_login_polls_as_the_first_did),
		cmocka_unit_test(a_callback_during_a_poll_asks_again),
		cmocka_unit_test(a_second_callback_changes_nothing),
		cmocka_unit_test(a_new_login_does_not_look_at_a_session_with_a_link),
		cmocka_unit_test(a_distrusted_session_is_replaced),
		cmocka_unit_test(consent_ends_with_its_time),
		cmocka_unit_test(a_silent_verification_is_repeated),
		cmocka_unit_test(verification_gives_up),
		cmocka_unit_test(restarts_go_on),
		cmocka_unit_test(what_ended_starts_before_waits),
		cmocka_unit_test(a_restored_renewal_is_not_renewed_again),
		cmocka_unit_test(random_events_keep_the_rules),
		cmocka_unit_test(a_poll_is_seen_as_waiting),
		cmocka_unit_test(a_login_can_be_cancelled_in_every_state),
		cmocka_unit_test(cancelling_ends_the_question_in_the_background),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
