/* SPDX-License-Identifier: MIT */
#include "standby.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "runtime/loop.h"

struct standby {
	int epoll_fd; /* of both sockets */
	int64_t idle_at_ms;
	struct loop *loop;
	enum standby_end end;
	struct sd_watchdog watchdog;
};

static void standby_done(struct standby *standby)
{
	loop_free(standby->loop);
	closep(&standby->epoll_fd);
}

static int64_t standby_deadline(void *context, struct clock_time now)
{
	const struct standby *standby = context;

	(void)now;
	return standby->idle_at_ms;
}

static void standby_dispatch(void *context, struct clock_time now)
{
	struct standby *standby = context;
	struct epoll_event event;

	if (epoll_wait(standby->epoll_fd, &event, 1, 0) > 0)
		standby->end = STANDBY_CLIENT;
	else if (now.mono_ms >= standby->idle_at_ms)
		standby->end = STANDBY_IDLE;
	else
		return;
	loop_stop(standby->loop);
}

static void standby_hangup(void *context, struct clock_time now)
{
	struct standby *standby = context;

	(void)now;
	standby->end = STANDBY_RELOAD;
	loop_stop(standby->loop);
}

static int watch(const struct standby *standby, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return fd < 0 || epoll_ctl(standby->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -1;
}

int standby_wait(const struct sd_sockets *sockets, int64_t idle_ms, enum standby_end *ret_end,
		 struct err_detail *detail)
{
	_cleanup_(standby_done) struct standby standby = {
		.epoll_fd = epoll_create1(EPOLL_CLOEXEC),
		.idle_at_ms = idle_ms ? clock_now().mono_ms + idle_ms : CLOCK_NEVER,
		.end = STANDBY_STOPPED,
	};
	struct loop_source source = {
		.fd = standby.epoll_fd,
		.deadline = standby_deadline,
		.dispatch = standby_dispatch,
		.context = &standby,
	};
	int r;

	if (standby.epoll_fd < 0 || watch(&standby, sockets->callback_fd) < 0 ||
	    watch(&standby, sockets->control_fd) < 0)
		return err_set(detail, err_from_errno(errno),
			       "the sockets cannot be waited for: %s", strerror(errno));
	r = loop_new(NULL, &standby.loop, detail);
	if (r)
		return r;
	loop_on_hangup(standby.loop, standby_hangup, &standby);
	if (loop_add(standby.loop, &source) || sd_watchdog_attach(&standby.watchdog, standby.loop))
		return err_set(detail, ERR_LIMIT, "too many sources for the loop");
	r = loop_run(standby.loop, detail);
	*ret_end = standby.end;
	return r;
}
