/* SPDX-License-Identifier: MIT */
/*
 * The loop: deadlines are kept and never busy-waited for, descriptors wake it, signals end it, and
 * every source is dispatched in each round.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "runtime/loop.h"

struct probe {
	struct loop *loop;
	int64_t due_ms;
	int64_t dispatched_ms;
	unsigned rounds;
	unsigned stop_after; /* rounds; 0: never */
	int fd;
	char byte;
};

static int64_t probe_deadline(void *context, struct clock_time now)
{
	struct probe *probe = context;

	(void)now;
	return probe->due_ms;
}

static void probe_dispatch(void *context, struct clock_time now)
{
	struct probe *probe = context;

	probe->rounds++;
	probe->dispatched_ms = now.mono_ms;
	if (probe->fd >= 0 && read(probe->fd, &probe->byte, 1) == 1)
		loop_stop(probe->loop);
	if (now.mono_ms >= probe->due_ms)
		loop_stop(probe->loop);
	if (probe->stop_after && probe->rounds >= probe->stop_after)
		loop_stop(probe->loop);
}

static struct loop *loop_with(struct probe *probe, CURLM *multi)
{
	struct loop_source source = {
		.fd = probe->fd,
		.deadline = probe_deadline,
		.dispatch = probe_dispatch,
		.context = probe,
	};

	assert_int_equal(loop_new(multi, &probe->loop, NULL), 0);
	assert_int_equal(loop_add(probe->loop, &source), 0);
	return probe->loop;
}

static void test_deadline_is_kept_without_spinning(void **state)
{
	struct probe probe = {.fd = -1, .due_ms = clock_now().mono_ms + 80};
	struct loop *loop = loop_with(&probe, NULL);

	(void)state;
	assert_int_equal(loop_run(loop, NULL), 0);
	assert_true(probe.dispatched_ms >= probe.due_ms);
	assert_true(probe.dispatched_ms < probe.due_ms + 500);
	assert_in_range(probe.rounds, 1, 3);
	loop_free(loop);
}

/* The seconds that the process's only timerfd still has, 0 if it is not set, -1 without one. */
static long timer_seconds(void)
{
	char path[64];
	char line[128];
	long seconds = -1;

	for (int fd = 3; fd < 64 && seconds < 0; fd++) {
		FILE *info;

		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
		info = fopen(path, "re");
		while (info && fgets(line, sizeof(line), info))
			(void)sscanf(line, "it_value: (%ld,", &seconds);
		if (info)
			fclose(info);
	}
	return seconds;
}

/* poll(2) would wake up for nothing, or be late after a suspend. */
static void test_far_deadline_is_left_to_a_timer(void **state)
{
	struct probe probe = {.fd = -1, .due_ms = clock_now().mono_ms + 30000, .stop_after = 1};
	struct loop *loop = loop_with(&probe, NULL);
	struct probe stopper = {.loop = loop, .due_ms = CLOCK_NEVER, .stop_after = 1};
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	stopper.fd = ends[0];
	assert_int_equal(loop_add(loop, &(struct loop_source){.fd = ends[0],
							      .deadline = probe_deadline,
							      .dispatch = probe_dispatch,
							      .context = &stopper}),
			 0);
	assert_int_equal(loop_run(loop, NULL), 0);
	assert_int_equal(timer_seconds(), 0);

	probe.due_ms = clock_now().mono_ms + 3600 * 1000;
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(loop_run(loop, NULL), 0);
	assert_in_range(timer_seconds(), 3590, 3600);
	loop_free(loop);
	close(ends[0]);
	close(ends[1]);
}

static void test_deadline_in_the_past_does_not_wait(void **state)
{
	int64_t start_ms = clock_now().mono_ms;
	struct probe probe = {.fd = -1, .due_ms = start_ms - 5000};
	struct loop *loop = loop_with(&probe, NULL);

	(void)state;
	assert_int_equal(loop_run(loop, NULL), 0);
	assert_int_equal(probe.rounds, 1);
	assert_true(clock_now().mono_ms - start_ms < 500);
	loop_free(loop);
}

static void test_descriptor_wakes_it(void **state)
{
	struct probe probe = {.due_ms = clock_now().mono_ms + 10000};
	struct loop *loop;
	int pipe_fds[2];

	(void)state;
	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(write(pipe_fds[1], "x", 1), 1);
	probe.fd = pipe_fds[0];
	loop = loop_with(&probe, NULL);
	assert_int_equal(loop_run(loop, NULL), 0);
	assert_int_equal(probe.byte, 'x');
	assert_true(probe.dispatched_ms < probe.due_ms - 5000);
	loop_free(loop);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void test_a_given_multi_handle_is_waited_on_and_kept(void **state)
{
	CURLM *multi = curl_multi_init();
	struct probe probe = {.fd = -1, .due_ms = CLOCK_NEVER, .stop_after = 1};
	struct loop *loop;
	int64_t start_ms = clock_now().mono_ms;

	(void)state;
	assert_non_null(multi);
	loop = loop_with(&probe, multi);
	/* Ends its wait only if it is this handle that is waited on. */
	assert_int_equal(curl_multi_wakeup(multi), CURLM_OK);
	assert_int_equal(loop_run(loop, NULL), 0);
	assert_true(clock_now().mono_ms - start_ms < 5000);
	loop_free(loop);
	assert_int_equal(curl_multi_cleanup(multi), CURLM_OK);
}

static void test_signals(void **state)
{
	static const int ending[] = {SIGTERM, SIGINT};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct probe probe = {.fd = -1, .due_ms = clock_now().mono_ms + 5000};
		struct loop *loop = loop_with(&probe, NULL);

		/* SIGHUP and SIGPIPE would kill, if they were not taken and ignored. */
		assert_int_equal(raise(SIGHUP), 0);
		assert_int_equal(raise(SIGPIPE), 0);
		assert_int_equal(raise(ending[i]), 0);
		assert_int_equal(loop_run(loop, NULL), 0);
		assert_true(clock_now().mono_ms < probe.due_ms - 2000);
		loop_free(loop);
	}
}

static void count_hangup(void *context, struct clock_time now)
{
	(void)now;
	++*(unsigned *)context;
}

static void test_sighup_is_told_and_does_not_end_it(void **state)
{
	struct probe probe = {.fd = -1, .due_ms = clock_now().mono_ms + 60};
	struct loop *loop = loop_with(&probe, NULL);
	unsigned hangups = 0;

	(void)state;
	loop_on_hangup(loop, count_hangup, &hangups);
	assert_int_equal(raise(SIGHUP), 0);
	assert_int_equal(loop_run(loop, NULL), 0);
	assert_int_equal(hangups, 1);
	assert_true(probe.dispatched_ms >= probe.due_ms);
	loop_free(loop);
}

static bool three_rounds(void *context)
{
	return ((struct probe *)context)->rounds >= 3;
}

static bool never(void *context)
{
	(void)context;
	return false;
}

static void test_drain_ends_when_done_or_late(void **state)
{
	struct probe probe = {.fd = -1, .due_ms = 0};
	struct loop *loop = loop_with(&probe, NULL);
	int64_t start_ms;

	(void)state;
	loop_drain(loop, three_rounds, &probe, 5000);
	assert_int_equal(probe.rounds, 3);

	probe.due_ms = CLOCK_NEVER;
	start_ms = clock_now().mono_ms;
	loop_drain(loop, never, NULL, 60);
	assert_in_range(clock_now().mono_ms - start_ms, 60, 1000);
	loop_free(loop);
}

static struct loop_source source_of(struct probe *probe)
{
	return (struct loop_source){
		.fd = -1, .deadline = probe_deadline, .dispatch = probe_dispatch, .context = probe};
}

static void test_sources_are_limited(void **state)
{
	struct probe probe = {.fd = -1, .due_ms = CLOCK_NEVER};
	struct probe stopper = {.fd = -1, .due_ms = 0};
	struct loop *loop = loop_with(&probe, NULL);
	struct loop_source source = source_of(&probe);
	struct loop_source last = source_of(&stopper);

	(void)state;
	stopper.loop = loop;
	for (unsigned i = 1; i < LOOP_MAX_SOURCES - 1; i++)
		assert_int_equal(loop_add(loop, &source), 0);
	assert_int_equal(loop_add(loop, &last), 0);
	assert_int_equal(loop_add(loop, &source), ERR_LIMIT);
	assert_int_equal(loop_run(loop, NULL), 0);
	assert_int_equal(probe.rounds, LOOP_MAX_SOURCES - 1);
	loop_free(loop);
	loop_free(NULL);
}

/* A client that came in the same round waits for the next process. */
static void test_who_stops_is_the_last_of_its_round(void **state)
{
	struct probe stopper = {.fd = -1, .due_ms = 0};
	struct probe later = {.fd = -1, .due_ms = CLOCK_NEVER};
	struct loop *loop = loop_with(&stopper, NULL);
	struct loop_source source = source_of(&later);

	(void)state;
	later.loop = loop;
	assert_int_equal(loop_add(loop, &source), 0);
	assert_int_equal(loop_run(loop, NULL), 0);
	assert_int_equal(later.rounds, 0);
	loop_drain(loop, never, NULL, 1);
	assert_true(later.rounds > 0);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deadline_is_kept_without_spinning),
		cmocka_unit_test(test_far_deadline_is_left_to_a_timer),
		cmocka_unit_test(test_deadline_in_the_past_does_not_wait),
		cmocka_unit_test(test_descriptor_wakes_it),
		cmocka_unit_test(test_a_given_multi_handle_is_waited_on_and_kept),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_sighup_is_told_and_does_not_end_it),
		cmocka_unit_test(test_drain_ends_when_done_or_late),
		cmocka_unit_test(test_sources_are_limited),
		cmocka_unit_test(test_who_stops_is_the_last_of_its_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
