/* SPDX-License-Identifier: MIT */
/* Proves that never more than the stated number of turns is taken, that each kind is served in
 * order, callbacks beside polls, that a server that keeps its turns holds up nobody else, that no
 * server is polled more often than stated, and that everybody who waits has a turn in the end,
 * whatever happens in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "login/turns.h"
#include "runtime/clock.h"

#define COUNT 100
#define HERE "https://here.example"
#define THERE "https://there.example"

struct waiting {
	struct turns turns;
	int64_t now_ms;
	struct turn turn[COUNT];
};

/* The turns wait, in their order, for a server each in alternation. */
static void begin(struct waiting *waiting, enum turn_kind kind)
{
	*waiting = (struct waiting){0};
	for (unsigned n = 0; n < COUNT; n++) {
		waiting->turn[n].owner = &waiting->turn[n];
		waiting->turn[n].server = n % 2 ? THERE : HERE;
		turns_wait(&waiting->turns, &waiting->turn[n], kind);
	}
}

static unsigned count_in(const struct waiting *waiting, int state, enum turn_kind kind,
			 const char *server)
{
	unsigned count = 0;

	for (unsigned n = 0; n < COUNT; n++)
		count += (int)waiting->turn[n].state == state && waiting->turn[n].kind == kind &&
			 (!server || waiting->turn[n].server == server);
	return count;
}

/* So much later that no server is left in peace any more. */
static struct turn *next_later(struct waiting *waiting)
{
	waiting->now_ms += TURNS_POLL_PAUSE_MS;
	return turns_next(&waiting->turns, waiting->now_ms);
}

static void assert_next(struct waiting *waiting, unsigned number)
{
	assert_ptr_equal(next_later(waiting), &waiting->turn[number]);
	assert_int_equal(waiting->turn[number].state, TURN_TAKEN);
}

static void test_first_come_first_served_up_to_the_limit(void **state)
{
	struct waiting waiting;

	(void)state;
	begin(&waiting, TURN_POLL);
	for (unsigned n = 0; n < TURNS_MAX; n++)
		assert_next(&waiting, n);
	assert_null(next_later(&waiting));
	assert_true(turns_deadline(&waiting.turns, waiting.now_ms) == CLOCK_NEVER);
	for (unsigned n = TURNS_MAX; n < COUNT; n++) {
		turns_leave(&waiting.turns, &waiting.turn[n - TURNS_MAX]);
		assert_true(turns_deadline(&waiting.turns, waiting.now_ms) == waiting.now_ms);
		assert_next(&waiting, n);
		assert_null(next_later(&waiting));
	}
}

static void test_who_waits_or_has_a_turn_keeps_it(void **state)
{
	struct waiting waiting;

	(void)state;
	begin(&waiting, TURN_POLL);
	assert_next(&waiting, 0);
	turns_wait(&waiting.turns, &waiting.turn[0], TURN_POLL);
	turns_wait(&waiting.turns, &waiting.turn[0], TURN_CALLBACK);
	turns_wait(&waiting.turns, &waiting.turn[1], TURN_POLL);
	for (unsigned n = 1; n < TURNS_MAX; n++)
		assert_next(&waiting, n);
	assert_null(next_later(&waiting));
	assert_int_equal(waiting.turn[0].kind, TURN_POLL);
}

static void test_a_callback_does_not_wait_for_polls(void **state)
{
	struct waiting waiting;

	(void)state;
	begin(&waiting, TURN_POLL);
	/* Before the polls, and also when all of their turns are taken. */
	turns_wait(&waiting.turns, &waiting.turn[50], TURN_CALLBACK);
	assert_next(&waiting, 50);
	for (unsigned n = 0; n < TURNS_MAX; n++)
		assert_next(&waiting, n);
	turns_wait(&waiting.turns, &waiting.turn[COUNT - 1], TURN_CALLBACK);
	turns_wait(&waiting.turns, &waiting.turn[COUNT - 2], TURN_CALLBACK);
	turns_wait(&waiting.turns, &waiting.turn[COUNT - 1], TURN_POLL); /* no way back */
	assert_next(&waiting, COUNT - 1);
	assert_next(&waiting, COUNT - 2);
	assert_null(next_later(&waiting));
	/* Nor do polls wait for callbacks. */
	begin(&waiting, TURN_CALLBACK);
	turns_leave(&waiting.turns, &waiting.turn[COUNT - 1]);
	while (next_later(&waiting))
		continue;
	turns_wait(&waiting.turns, &waiting.turn[COUNT - 1], TURN_POLL);
	assert_next(&waiting, COUNT - 1);
}

static void test_a_server_has_half_of_the_turns_at_most(void **state)
{
	struct waiting waiting;

	(void)state;
	begin(&waiting, TURN_POLL);
	/* First all of one server, which never answers, then those of the other. */
	for (unsigned n = 0; n < COUNT; n++)
		waiting.turn[n].server = n < COUNT / 2 ? HERE : THERE;
	for (unsigned n = 0; n < TURNS_OF_SERVER_MAX; n++)
		assert_next(&waiting, n);
	for (unsigned n = COUNT / 2; n < COUNT; n++) {
		assert_next(&waiting, n);
		turns_leave(&waiting.turns, &waiting.turn[n]);
	}
	assert_null(next_later(&waiting));
	turns_leave(&waiting.turns, &waiting.turn[1]);
	assert_next(&waiting, TURNS_OF_SERVER_MAX);
}

static void test_whoever_leaves_the_rest_stays_in_order(void **state)
{
	static const unsigned left[] = {0, 7, 8, COUNT - 1, COUNT - 2, 1};
	struct waiting waiting;

	(void)state;
	begin(&waiting, TURN_POLL);
	for (unsigned i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		turns_leave(&waiting.turns, &waiting.turn[left[i]]);
		turns_leave(&waiting.turns, &waiting.turn[left[i]]); /* once more is nothing */
	}
	turns_wait(&waiting.turns, &waiting.turn[0], TURN_POLL); /* at the end now */
	for (unsigned n = 2; n < COUNT - 2; n++) {
		if (n == 7 || n == 8)
			continue;
		assert_next(&waiting, n);
		turns_leave(&waiting.turns, &waiting.turn[n]);
	}
	assert_next(&waiting, 0);
	assert_null(next_later(&waiting));
}

static void test_polls_of_a_server_are_spread(void **state)
{
	const int64_t pause_ms = TURNS_POLL_PAUSE_MS;
	struct waiting waiting;

	(void)state;
	begin(&waiting, TURN_POLL);
	assert_ptr_equal(turns_next(&waiting.turns, 5000), &waiting.turn[0]); /* HERE */
	turns_leave(&waiting.turns, &waiting.turn[0]);
	assert_ptr_equal(turns_next(&waiting.turns, 5300), &waiting.turn[1]); /* THERE */
	turns_leave(&waiting.turns, &waiting.turn[1]);
	assert_null(turns_next(&waiting.turns, 5300));
	assert_true(turns_deadline(&waiting.turns, 5300) == 5000 + pause_ms);
	assert_null(turns_next(&waiting.turns, 4999 + pause_ms));
	assert_ptr_equal(turns_next(&waiting.turns, 5000 + pause_ms), &waiting.turn[2]);
	assert_null(turns_next(&waiting.turns, 5000 + pause_ms));
	assert_true(turns_deadline(&waiting.turns, 5300) == 5300 + pause_ms);
	/* A callback does not wait, but the next poll waits for it. */
	turns_wait(&waiting.turns, &waiting.turn[3], TURN_CALLBACK);
	assert_ptr_equal(turns_next(&waiting.turns, 5200 + pause_ms), &waiting.turn[3]);
	assert_null(turns_next(&waiting.turns, 5300 + pause_ms));
	assert_ptr_equal(turns_next(&waiting.turns, 5000 + 2 * pause_ms), &waiting.turn[4]);
	assert_null(turns_next(&waiting.turns, 5000 + 2 * pause_ms));
	assert_ptr_equal(turns_next(&waiting.turns, 5200 + 2 * pause_ms), &waiting.turn[5]);
}

static void test_as_many_servers_as_are_known_are_polled_in_a_pause(void **state)
{
	static char servers[COUNT][40];
	struct waiting waiting = {0};
	unsigned polled = 0;
	struct turn *turn;

	(void)state;
	for (unsigned n = 0; n < COUNT; n++) {
		snprintf(servers[n], sizeof(servers[n]), "https://%u.example", n);
		waiting.turn[n].owner = &waiting.turn[n];
		waiting.turn[n].server = servers[n];
		turns_wait(&waiting.turns, &waiting.turn[n], TURN_POLL);
	}
	while ((turn = turns_next(&waiting.turns, 5000))) {
		turns_leave(&waiting.turns, turn);
		polled++;
	}
	assert_int_equal(polled, TURNS_PAUSES);
	assert_true(turns_deadline(&waiting.turns, 5000) == 5000 + TURNS_POLL_PAUSE_MS);
	waiting.now_ms = 5000;
	assert_next(&waiting, TURNS_PAUSES);
}

static void check_bounds(const struct waiting *waiting)
{
	for (unsigned kind = 0; kind < TURN_KINDS; kind++) {
		assert_in_range(count_in(waiting, TURN_TAKEN, kind, NULL), 0, TURNS_MAX);
		assert_in_range(count_in(waiting, TURN_TAKEN, kind, HERE), 0, TURNS_OF_SERVER_MAX);
		assert_in_range(count_in(waiting, TURN_TAKEN, kind, THERE), 0, TURNS_OF_SERVER_MAX);
	}
}

static void test_whatever_comes_in_any_order(void **state)
{
	uint32_t seed = 1;
	struct waiting waiting;

	(void)state;
	begin(&waiting, TURN_POLL);
	for (unsigned n = 0; n < 100000; n++) {
		struct turn *turn;

		seed = seed * 1664525U + 1013904223U;
		turn = &waiting.turn[(seed >> 8) % COUNT];
		switch ((seed >> 24) % 5) {
		case 0:
			turns_wait(&waiting.turns, turn, TURN_POLL);
			break;
		case 1:
			turns_wait(&waiting.turns, turn, TURN_CALLBACK);
			break;
		case 2:
			turns_leave(&waiting.turns, turn);
			break;
		default:
			waiting.now_ms += (int64_t)(seed >> 4) % 300;
			turn = turns_next(&waiting.turns, waiting.now_ms);
			assert_true(!turn || turn->state == TURN_TAKEN);
			break;
		}
		check_bounds(&waiting);
	}
	/* Once all that are taken are given back, again and again, nobody waits any more. */
	for (unsigned rounds = 0; rounds < COUNT; rounds++) {
		while (next_later(&waiting))
			continue;
		for (unsigned n = 0; n < COUNT; n++)
			if (waiting.turn[n].state == TURN_TAKEN)
				turns_leave(&waiting.turns, &waiting.turn[n]);
	}
	for (unsigned kind = 0; kind < TURN_KINDS; kind++)
		assert_int_equal(count_in(&waiting, TURN_WAITS, kind, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_come_first_served_up_to_the_limit),
		cmocka_unit_test(test_who_waits_or_has_a_turn_keeps_it),
		cmocka_unit_test(test_a_callback_does_not_wait_for_polls),
		cmocka_unit_test(test_a_server_has_half_of_the_turns_at_most),
		cmocka_unit_test(test_whoever_leaves_the_rest_stays_in_order),
		cmocka_unit_test(test_polls_of_a_server_are_spread),
		cmocka_unit_test(test_as_many_servers_as_are_known_are_polled_in_a_pause),
		cmocka_unit_test(test_whatever_comes_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
