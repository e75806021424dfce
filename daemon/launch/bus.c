/* SPDX-License-Identifier: MIT */
#include "launch/bus.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "common/log.h"

/* Others on the bus cannot keep the loop busy with messages: the rest comes in the next round. */
#define MESSAGES_A_ROUND 32

struct bus {
	sd_bus *connection; /* NULL: none */
	int epoll_fd;	    /* of its descriptor: this one stays when that is another */
};

/* ---- The connection ---- */

int bus_err(struct err_detail *detail, int r, const char *what)
{
	return err_set(detail, err_from_errno(-r), "%s: %s", what, strerror(-r));
}

int bus_connect(struct bus *bus, sd_bus **ret_connection, struct err_detail *detail)
{
	int r = 0;

	if (!bus->connection)
		r = sd_bus_open_user(&bus->connection);
	else if (sd_bus_is_open(bus->connection) <= 0)
		r = -ECONNRESET; /* its end is not dispatched yet */
	if (r < 0)
		return bus_err(detail, r, "the D-Bus of your session cannot be reached");
	*ret_connection = bus->connection;
	return 0;
}

int bus_watch_end(sd_bus *connection, sd_bus_message_handler_t handler, void *context,
		  sd_bus_slot **ret_slot)
{
	/* sd-bus makes this signal itself. */
	return sd_bus_match_signal(connection, ret_slot, "org.freedesktop.DBus.Local",
				   "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
				   "Disconnected", handler, context);
}

int bus_call(sd_bus *connection, sd_bus_message *message, sd_bus_message_handler_t handler,
	     void *context, sd_bus_slot **ret_slot)
{
	return sd_bus_call_async(connection, ret_slot, message, handler, context,
				 (uint64_t)BUS_CALL_MS * 1000);
}

bool bus_is_flushed(const struct bus *bus)
{
	uint64_t count = 0;

	return !bus->connection || sd_bus_get_n_queued_write(bus->connection, &count) < 0 ||
	       count == 0;
}

/* ---- In the loop ---- */

/* While it connects, and while not everything can be written, sd-bus waits for other events than
 * before, perhaps on another descriptor. */
static void watch_connection(struct bus *bus)
{
	int fd = sd_bus_get_fd(bus->connection);
	int events = sd_bus_get_events(bus->connection);
	struct epoll_event wanted = {.events = events > 0 ? (uint32_t)events : 0};

	if (fd >= 0 && epoll_ctl(bus->epoll_fd, EPOLL_CTL_MOD, fd, &wanted) < 0 &&
	    epoll_ctl(bus->epoll_fd, EPOLL_CTL_ADD, fd, &wanted) < 0)
		log_debug("D-Bus cannot be waited for: %s", strerror(errno));
}

static int64_t bus_deadline(void *context, struct clock_time now)
{
	struct bus *bus = context;
	uint64_t due_us;
	struct timespec clock;
	int64_t left_ms;

	if (!bus->connection)
		return CLOCK_NEVER;
	watch_connection(bus);
	if (sd_bus_get_timeout(bus->connection, &due_us) <= 0 || due_us == UINT64_MAX)
		return CLOCK_NEVER;
	/* Theirs is another clock than ours. */
	(void)clock_gettime(CLOCK_MONOTONIC, &clock);
	left_ms = (int64_t)(due_us / 1000) + 1 - (clock.tv_sec * 1000 + clock.tv_nsec / 1000000);
	return due_us == 0 || left_ms < 0 ? now.mono_ms : now.mono_ms + left_ms;
}

static void bus_dispatch(void *context, struct clock_time now)
{
	struct bus *bus = context;
	int r = 1;

	(void)now;
	if (!bus->connection)
		return;
	for (int n = 0; n < MESSAGES_A_ROUND && r > 0; n++)
		r = sd_bus_process(bus->connection, NULL);
	if (r >= 0)
		return;
	log_debug("the connection to D-Bus has ended: %s", strerror(-r));
	bus->connection = sd_bus_close_unref(bus->connection);
}

/* ---- Life ---- */

int bus_new(struct bus **ret_bus, struct err_detail *detail)
{
	_cleanup_(bus_freep) struct bus *bus = calloc(1, sizeof(*bus));

	if (!bus)
		return err_set(detail, ERR_NOMEM, "no memory for D-Bus");
	bus->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (bus->epoll_fd < 0)
		return err_set(detail, err_from_errno(errno), "D-Bus cannot be waited for: %s",
			       strerror(errno));
	*ret_bus = TAKE_PTR(bus);
	return 0;
}

int bus_attach(struct bus *bus, struct loop *loop)
{
	return loop_add(loop, &(struct loop_source){
				      .fd = bus->epoll_fd,
				      .deadline = bus_deadline,
				      .dispatch = bus_dispatch,
				      .context = bus,
			      });
}

void bus_free(struct bus *bus)
{
	if (!bus)
		return;
	sd_bus_close_unref(bus->connection);
	if (bus->epoll_fd >= 0)
		close(bus->epoll_fd);
	free(bus);
}
