/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "fuzz.h"
#include "login/login_machine.h"

#define SESSION_MS 600000
/* No machine that is left alone takes more steps to its end: three sessions, polled every second.
 */
#define STEPS_TO_THE_END 10000

/* What the machine's owner knows of the login beside the machine. */
struct owner {
	struct login_machine machine;
	enum machine_action awaited; /* what has no answer yet; DO_NOTHING: none */
	int64_t now_ms;
	uint32_t random;
	bool has_room;	   /* the place for the answer is secured */
	bool has_i;	   /* and not stored */
	bool is_stored;	   /* by this login */
	bool may_have_app; /* no app was registered yet */
	bool may_renew;	   /* no session was made anew yet */
	bool has_link;	   /* the session's page is opened by a start link, which others can read */
	bool came_back;	   /* that session's callback came */
};

static void require(bool is_so)
{
	if (!is_so)
		abort();
}

/* ---- What an owner does ---- */

/* Nobody can foretell these, but the same input gives the same ones. */
static uint32_t draw(struct owner *owner, uint32_t count)
{
	owner->random = owner->random * 1664525U + 1013904223U;
	return (owner->random >> 8) % count;
}

/* The answers to ACTION that an owner can give: the good one first. */
static enum machine_event answer_to(enum machine_action action, uint32_t choice)
{
	static const enum machine_event questions[][6] = {
		[MACHINE_DO_CREATE_APP] = {MACHINE_APP_CREATED, MACHINE_FAILED_FOR_NOW,
					   MACHINE_FAILED, MACHINE_NO_SUCH_APP,
					   MACHINE_NO_SUCH_SESSION, MACHINE_PENDING},
		[MACHINE_DO_MAKE_SESSION] = {MACHINE_SESSION_MADE, MACHINE_FAILED_FOR_NOW,
					     MACHINE_FAILED, MACHINE_NO_SUCH_APP,
					     MACHINE_NO_SUCH_SESSION, MACHINE_PENDING},
		[MACHINE_DO_SECURE] = {MACHINE_SECURED, MACHINE_FAILED_FOR_NOW, MACHINE_FAILED,
				       MACHINE_SECURED, MACHINE_SECURED, MACHINE_SECURED},
		[MACHINE_DO_EXCHANGE] = {MACHINE_EXCHANGED, MACHINE_FAILED_FOR_NOW, MACHINE_FAILED,
					 MACHINE_NO_SUCH_APP, MACHINE_NO_SUCH_SESSION,
					 MACHINE_PENDING},
		[MACHINE_DO_STORE] = {MACHINE_STORED, MACHINE_FAILED_FOR_NOW,
				      MACHINE_FAILED_FOR_NOW, MACHINE_STORED, MACHINE_STORED,
				      MACHINE_STORED},
		[MACHINE_DO_VERIFY] = {MACHINE_VERIFIED, MACHINE_FAILED_FOR_NOW, MACHINE_FAILED,
				       MACHINE_VERIFIED, MACHINE_VERIFIED, MACHINE_VERIFIED},
	};

	return questions[action][choice % 6];
}

static bool is_answer(enum machine_event event)
{
	return event >= MACHINE_APP_CREATED && event <= MACHINE_FAILED;
}

/* What is true before the machine hears of the event. */
static void prepare(struct owner *owner, enum machine_event event)
{
	bool is_active = login_machine_is_active(&owner->machine);

	if (event == MACHINE_LOGIN && !is_active) {
		owner->is_stored = owner->has_room = false;
		owner->may_have_app = owner->may_renew = true;
	}
	/* A call that is under way is given up. */
	if (is_answer(event) || event == MACHINE_CANCEL || (event == MACHINE_LOGIN && !is_active))
		owner->awaited = MACHINE_DO_NOTHING;
	if (event == MACHINE_CANCEL)
		owner->has_i = false;
	if (event == MACHINE_SECURED)
		owner->has_room = true;
	/* What the place was for is over. */
	if (event == MACHINE_PENDING)
		owner->has_room = false;
	if (event == MACHINE_EXCHANGED)
		owner->has_i = true;
	if (event == MACHINE_STORED || event == MACHINE_RESTORED_STORED)
		owner->is_stored = true;
	if (event == MACHINE_STORED) {
		owner->has_i = owner->has_room = false;
	}
}

/* ---- What must be true ---- */

static void check_renewals(struct owner *owner, enum machine_event event)
{
	if (event == MACHINE_NO_SUCH_SESSION && owner->machine.state != MACHINE_FINISHED) {
		require(owner->may_renew);
		owner->may_renew = false;
	}
	if (event == MACHINE_NO_SUCH_APP && owner->machine.state != MACHINE_FINISHED) {
		require(owner->may_have_app);
		owner->may_have_app = false;
	}
}

static void check_action(const struct owner *owner, enum machine_action action)
{
	const struct login_machine *machine = &owner->machine;

	/* Nothing is asked while an answer is awaited. */
	require(!owner->awaited || !action);
	/* No exchange without its place. */
	require(action != MACHINE_DO_EXCHANGE || owner->has_room);
	/* Somebody else may have approved a session whose start link was opened: never polled. */
	require(action != MACHINE_DO_SECURE || !owner->has_link || owner->came_back);
	/* While i is not stored, storing is all there is. */
	require(!owner->has_i || !action || action == MACHINE_DO_STORE);
	require(!owner->has_i || machine->state == MACHINE_STORING);
	require(action != MACHINE_DO_STORE || owner->has_i);
	require(action != MACHINE_DO_VERIFY || owner->is_stored);
	/* Every end has a name, and no success without a credential. */
	require(action != MACHINE_DO_FINISH ||
		(machine->state == MACHINE_FINISHED && machine->outcome != OUTCOME_NONE));
	require(machine->state != MACHINE_FINISHED || !outcome_is_success(machine->outcome) ||
		owner->is_stored);
}

/* The login will continue: an answer comes, or a time that is in the near future. */
static void check_deadline(const struct owner *owner, enum machine_event event)
{
	const struct login_machine *machine = &owner->machine;
	int64_t left_ms = login_machine_deadline(machine) - owner->now_ms;

	if (login_machine_deadline(machine) == CLOCK_NEVER) {
		require(!login_machine_is_active(machine) || owner->awaited);
		return;
	}
	require(!owner->awaited);
	require(machine->state != MACHINE_CONSENT || machine->browser ||
		machine->retry_ms != CLOCK_NEVER);
	require(left_ms <= MACHINE_RETRY_AFTER_MAX_S * INT64_C(1000) || left_ms <= SESSION_MS);
	/* The loop would turn without a rest. */
	require(event != MACHINE_TIMER || left_ms > 0);
	/* No server is asked twice within a moment, unless a person wants it so. */
	require(event != MACHINE_FAILED_FOR_NOW || machine->state == MACHINE_CONSENT ||
		left_ms >= MACHINE_RETRY_MIN_MS * 3 / 4);
}

static void tell(struct owner *owner, enum machine_event event)
{
	static const int64_t retry_after_s[] = {-1, 0, 1, 30, 61, 7200, INT64_MAX, -1};
	struct machine_input input = {
		.poll_interval_ms = 5000,
		.poll_interval_max_ms = 30000,
		.event = event,
		.now = {.mono_ms = owner->now_ms},
		.random = draw(owner, 1024),
		.app_known = draw(owner, 2) == 0,
		.browser = draw(owner, 2) == 0,
		.renewed = draw(owner, 4) == 0,
		.expires_ms = owner->now_ms + SESSION_MS,
		.retry_after_s = retry_after_s[draw(owner, 8)],
		.outcome = (enum outcome)(OUTCOME_WRONG_USER +
					  draw(owner, OUTCOME_COUNT - OUTCOME_WRONG_USER)),
	};
	enum machine_action action;

	prepare(owner, event);
	action = login_machine_step(&owner->machine, &input);
	check_renewals(owner, event);
	if (event == MACHINE_SESSION_MADE || event >= MACHINE_RESTORED_CONSENT) {
		owner->has_link = owner->machine.browser;
		owner->came_back = event == MACHINE_RESTORED_EXCHANGE;
	}
	owner->came_back |= event == MACHINE_CALLBACK;
	check_action(owner, action);
	if (action == MACHINE_DO_CREATE_APP || action == MACHINE_DO_MAKE_SESSION ||
	    action == MACHINE_DO_SECURE || action == MACHINE_DO_FINISH ||
	    owner->machine.state == MACHINE_CONSENT)
		owner->has_room = false;
	if (action && action != MACHINE_DO_FINISH)
		owner->awaited = action;
	check_deadline(owner, event);
}

/* ---- Orders of events ---- */

/* What a byte of the input stands for. */
static void tell_byte(struct owner *owner, uint8_t byte)
{
	static const enum machine_event people[] = {MACHINE_LOGIN, MACHINE_RENEW, MACHINE_CALLBACK,
						    MACHINE_CANCEL};
	int64_t deadline_ms = login_machine_deadline(&owner->machine);

	if (byte >= 'a' && byte <= 'd') {
		tell(owner, people[byte - 'a']);
	} else if (byte == 't' && deadline_ms != CLOCK_NEVER) {
		if (owner->now_ms < deadline_ms)
			owner->now_ms = deadline_ms;
		tell(owner, MACHINE_TIMER);
	} else if (byte == 'e') {
		/* Too early. */
		owner->now_ms += 100;
		tell(owner, MACHINE_TIMER);
	} else if (byte >= '0' && byte <= '5' && owner->awaited) {
		tell(owner, answer_to(owner->awaited, byte - '0'));
	}
}

/* Left alone, with a disk that works and a server that always gives the answer CHOICE, or any if
 * that is none of the six. */
static void end(struct owner *owner, uint32_t choice)
{
	for (int steps = 0;
	     owner->awaited || login_machine_deadline(&owner->machine) != CLOCK_NEVER; steps++) {
		bool is_disk =
			owner->awaited == MACHINE_DO_SECURE || owner->awaited == MACHINE_DO_STORE;

		require(steps < STEPS_TO_THE_END);
		if (owner->awaited)
			tell(owner, answer_to(owner->awaited, is_disk	   ? 0
							      : choice < 6 ? choice
									   : draw(owner, 6)));
		else
			tell_byte(owner, 't');
	}
	require(!login_machine_is_active(&owner->machine));
}

/* The first byte is how a start finds the login (R, X, S: consent, exchange, credential; anything
 * else: there is none), the second is for chance and the end, see
 * end(); then a to d are people, t and e the clock, and
 * 0 to 5 answers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct owner owner = {
		.now_ms = 1000,
		.may_have_app = true,
		.may_renew = true,
	};

	if (size < 2)
		return 0;
	owner.random = data[1];
	if (data[0] == 'R')
		tell(&owner, MACHINE_RESTORED_CONSENT);
	else if (data[0] == 'X')
		tell(&owner, MACHINE_RESTORED_EXCHANGE);
	else if (data[0] == 'S')
		tell(&owner, MACHINE_RESTORED_STORED);
	for (size_t n = 2; n < size; n++)
		tell_byte(&owner, data[n]);
	end(&owner, (uint32_t)data[1] - '0');
	return 0;
}
