/* SPDX-License-Identifier: MIT */
#include "runtime/loop.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>

#include "runtime/libcurl.h"

/* poll(2) counts on CLOCK_MONOTONIC, which stands still while the machine sleeps, and our deadlines
 * are on CLOCK_BOOTTIME. So no poll is longer than this, and a later deadline has a timer on that
 * clock: after a suspend a deadline is late by this much at most. */
#define LONGEST_POLL_MS 60000

/* A wait can fail for want of memory, which passes. So many failures in a row do not. */
#define MAX_WAIT_FAILURES 10
#define WAIT_FAILURE_PAUSE_MS 100

struct loop {
	CURLM *multi;
	CURLM *own_multi; /* without a client: curl_multi_poll() needs one */
	bool curl_is_up;
	bool is_stopped;
	bool has_hangup; /* SIGHUP came */
	void (*hangup)(void *context, struct clock_time now);
	void *hangup_context;
	int signal_fd;
	int timer_fd;
	int64_t timer_due_ms; /* what it is set to, CLOCK_NEVER: nothing */
	size_t source_count;
	struct loop_source sources[LOOP_MAX_SOURCES];
};

static int signals_take(int *ret_fd, struct err_detail *detail)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t taken;
	int fd;

	sigemptyset(&taken);
	sigaddset(&taken, SIGTERM);
	sigaddset(&taken, SIGINT);
	sigaddset(&taken, SIGHUP);
	if (sigaction(SIGPIPE, &ignore, NULL) < 0 || sigprocmask(SIG_BLOCK, &taken, NULL) < 0)
		return err_set(detail, err_from_errno(errno), "cannot block signals: %s",
			       strerror(errno));
	fd = signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return err_set(detail, err_from_errno(errno), "cannot make a signalfd: %s",
			       strerror(errno));
	*ret_fd = fd;
	return 0;
}

static int own_multi_new(struct loop *loop, struct err_detail *detail)
{
	int error;

	error = libcurl_start(detail);
	if (error)
		return error;
	loop->curl_is_up = true;
	loop->own_multi = curl_multi_init();
	if (!loop->own_multi)
		return err_set(detail, ERR_NOMEM, "cannot make a libcurl multi handle");
	loop->multi = loop->own_multi;
	return 0;
}

static int timer_take(int *ret_fd, struct err_detail *detail)
{
	int fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd < 0)
		return err_set(detail, err_from_errno(errno), "cannot make a timerfd: %s",
			       strerror(errno));
	*ret_fd = fd;
	return 0;
}

int loop_new(CURLM *multi, struct loop **ret_loop, struct err_detail *detail)
{
	_cleanup_(loop_freep) struct loop *loop = calloc(1, sizeof(*loop));
	int error;

	if (!loop)
		return err_set(detail, ERR_NOMEM, "no memory for the event loop");
	loop->signal_fd = -1;
	loop->timer_fd = -1;
	loop->timer_due_ms = CLOCK_NEVER;
	loop->multi = multi;
	error = signals_take(&loop->signal_fd, detail);
	if (!error)
		error = timer_take(&loop->timer_fd, detail);
	if (!error && !multi)
		error = own_multi_new(loop, detail);
	if (error)
		return error;
	*ret_loop = TAKE_PTR(loop);
	return 0;
}

void loop_on_hangup(struct loop *loop, void (*function)(void *context, struct clock_time now),
		    void *context)
{
	loop->hangup = function;
	loop->hangup_context = context;
}

int loop_add(struct loop *loop, const struct loop_source *source)
{
	if (loop->source_count == LOOP_MAX_SOURCES)
		return ERR_LIMIT;
	loop->sources[loop->source_count++] = *source;
	return 0;
}

/* The earliest deadline of the sources, monotonic. */
static int64_t earliest_due_ms(const struct loop *loop, struct clock_time now)
{
	int64_t earliest = CLOCK_NEVER;

	for (size_t i = 0; i < loop->source_count; i++) {
		const struct loop_source *source = &loop->sources[i];
		int64_t due =
			source->deadline ? source->deadline(source->context, now) : CLOCK_NEVER;

		if (due < earliest)
			earliest = due;
	}
	return earliest;
}

/* Whether the timer is set to DUE_MS, or earlier: then it wakes us once for nothing, which costs
 * less than to set it in each round. */
static bool timer_set(struct loop *loop, int64_t due_ms)
{
	const struct itimerspec timer = {
		.it_value = {.tv_sec = due_ms / 1000, .tv_nsec = due_ms % 1000 * 1000000}};

	if (loop->timer_due_ms <= due_ms)
		return true;
	if (timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &timer, NULL) < 0)
		return false;
	loop->timer_due_ms = due_ms;
	return true;
}

static void timer_read(struct loop *loop)
{
	uint64_t expirations;

	if (read(loop->timer_fd, &expirations, sizeof(expirations)) == sizeof(expirations))
		loop->timer_due_ms = CLOCK_NEVER;
}

/* The time to poll for: until the earliest deadline, LIMIT_MS at most. */
static int poll_ms(struct loop *loop, int64_t limit_ms)
{
	struct clock_time now = clock_now();
	int64_t due = earliest_due_ms(loop, now);
	int64_t wait = due == CLOCK_NEVER ? CLOCK_NEVER : due - now.mono_ms;

	if (limit_ms < wait)
		wait = limit_ms;
	if (wait == CLOCK_NEVER || (wait > LONGEST_POLL_MS && timer_set(loop, now.mono_ms + wait)))
		return INT_MAX;
	if (wait > LONGEST_POLL_MS)
		return LONGEST_POLL_MS;
	return wait > 0 ? (int)wait : 0;
}

static void signals_read(struct loop *loop)
{
	struct signalfd_siginfo info;

	while (read(loop->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		*(info.ssi_signo == SIGHUP ? &loop->has_hangup : &loop->is_stopped) = true;
}

/* After the source that stops the loop, nobody is dispatched: who came in this round is not taken
 * on any more. */
static void dispatch(struct loop *loop, struct clock_time now)
{
	const bool was_stopped = loop->is_stopped;

	for (size_t i = 0; i < loop->source_count; i++) {
		if (loop->sources[i].dispatch)
			loop->sources[i].dispatch(loop->sources[i].context, now);
		if (loop->is_stopped && !was_stopped)
			break;
	}
}

/* One wait of LIMIT_MS at most, and one dispatch of everything, also when the wait failed. Returns
 * whether it did not. */
static bool loop_round(struct loop *loop, int64_t limit_ms)
{
	struct curl_waitfd wait[LOOP_MAX_SOURCES + 2] = {{0}};
	unsigned count = 0;
	struct clock_time now;
	CURLMcode code;

	wait[count++] = (struct curl_waitfd){.fd = loop->timer_fd, .events = CURL_WAIT_POLLIN};
	wait[count++] = (struct curl_waitfd){.fd = loop->signal_fd, .events = CURL_WAIT_POLLIN};
	for (size_t i = 0; i < loop->source_count; i++)
		if (loop->sources[i].fd >= 0)
			wait[count++] = (struct curl_waitfd){.fd = loop->sources[i].fd,
							     .events = CURL_WAIT_POLLIN};

	code = curl_multi_poll(loop->multi, wait, count, poll_ms(loop, limit_ms), NULL);
	signals_read(loop);
	if (wait[0].revents)
		timer_read(loop);
	now = clock_now();
	if (loop->has_hangup && loop->hangup)
		loop->hangup(loop->hangup_context, now);
	loop->has_hangup = false;
	dispatch(loop, now);
	return code == CURLM_OK;
}

static void pause_after_failure(void)
{
	struct timespec pause = {.tv_nsec = WAIT_FAILURE_PAUSE_MS * 1000000L};

	(void)nanosleep(&pause, NULL);
}

int loop_run(struct loop *loop, struct err_detail *detail)
{
	unsigned failures = 0;

	while (!loop->is_stopped) {
		if (loop_round(loop, CLOCK_NEVER)) {
			failures = 0;
			continue;
		}
		if (++failures == MAX_WAIT_FAILURES)
			return err_set(detail, ERR_IO, "waiting for events fails again and again");
		pause_after_failure();
	}
	loop->is_stopped = false;
	return 0;
}

void loop_drain(struct loop *loop, bool (*done)(void *context), void *context, int64_t limit_ms)
{
	const int64_t end_ms = clock_now().mono_ms + limit_ms;
	int64_t left_ms = limit_ms;

	while (left_ms > 0 && !done(context)) {
		if (!loop_round(loop, left_ms))
			pause_after_failure();
		left_ms = end_ms - clock_now().mono_ms;
	}
}

void loop_stop(struct loop *loop)
{
	loop->is_stopped = true;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->own_multi)
		(void)curl_multi_cleanup(loop->own_multi);
	if (loop->curl_is_up)
		curl_global_cleanup();
	if (loop->signal_fd >= 0)
		close(loop->signal_fd);
	if (loop->timer_fd >= 0)
		close(loop->timer_fd);
	free(loop);
}
