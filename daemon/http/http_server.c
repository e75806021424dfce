/* SPDX-License-Identifier: MIT */
#include "http/http_server.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>

#include "http_connections.h"

/* Hang-ups that are taken from the watch at a time; the rest is there in the next round. */
#define WATCH_EVENTS 64
/* A reply given while libmicrohttpd runs asks for another run. Handlers that keep replying to each
 * other must not keep the loop. */
#define MAX_RUNS 8
/* libmicrohttpd reads a head into half of a connection's memory, and copies its cookies into the
 * rest. What arrives between two looks at a head's size has to fit as well. The memory is mapped,
 * and not there before it is used. */
#define HTTP_SERVER_POOL_FACTOR 4
/* Connections of ours are limited by ourselves; while room is made there can be one more. */
#define SPARE_CONNECTIONS 8

static int watch_new(struct http_server *server, struct err_detail *detail)
{
	int listen_fd = server->options.listen_fd;
	struct epoll_event event = {.events = 0, .data.ptr = NULL};
	int flags = fcntl(listen_fd, F_GETFL);

	/* A socket that systemd passes arrives blocking: a client that left the backlog between
	 * epoll and accept would block everything. */
	if (flags < 0 || fcntl(listen_fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_set(detail, err_from_errno(errno),
			       "cannot make the listening socket non-blocking: %s",
			       strerror(errno));
	server->watch_fd = epoll_create1(EPOLL_CLOEXEC);
	if (server->watch_fd < 0 ||
	    epoll_ctl(server->watch_fd, EPOLL_CTL_ADD, listen_fd, &event) < 0)
		return err_set(detail, err_from_errno(errno),
			       "cannot wait for the listening socket: %s", strerror(errno));
	http_connections_listen(server, true);
	return 0;
}

/*
 * libmicrohttpd does not get the listening socket. It would spin when there is no descriptor left
 * for the first connection, stop accepting at its limit without a way to make room, and close the
 * socket at the end unless told in time. Connections are accepted here and handed to it.
 */
static int daemon_start(struct http_server *server, struct err_detail *detail)
{
	const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET;

	server->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, http_request_progress, server, MHD_OPTION_CONNECTION_LIMIT,
		server->options.connection_limit + SPARE_CONNECTIONS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		server->options.head_limit > 0
			? HTTP_SERVER_POOL_FACTOR * server->options.head_limit
			: (size_t)HTTP_SERVER_CONNECTION_BYTES,
		MHD_OPTION_NOTIFY_CONNECTION, http_connection_notify, server,
		MHD_OPTION_NOTIFY_COMPLETED, http_request_completed, server,
		MHD_OPTION_URI_LOG_CALLBACK, http_request_begin, server,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
		MHD_OPTION_END);
	if (!server->daemon)
		return err_set(detail, ERR_LIBRARY, "libmicrohttpd does not start");
	return 0;
}

int http_server_new(const struct http_server_options *options, struct http_server **ret_server,
		    struct err_detail *detail)
{
	_cleanup_(http_server_freep) struct http_server *server = calloc(1, sizeof(*server));
	int error;

	if (!server)
		return err_set(detail, ERR_NOMEM, "no memory for an HTTP server");
	server->options = *options;
	if (server->options.request_ms == 0)
		server->options.request_ms = HTTP_SERVER_REQUEST_MS;
	if (server->options.stream_backlog == 0)
		server->options.stream_backlog = HTTP_STREAM_BACKLOG_BYTES;
	server->watch_fd = -1;
	TAILQ_INIT(&server->requests);
	error = watch_new(server, detail);
	if (!error)
		error = daemon_start(server, detail);
	if (error)
		return error;
	*ret_server = TAKE_PTR(server);
	return 0;
}

void http_server_run(struct http_server *server)
{
	unsigned runs = 0;

	do {
		server->must_run = false;
		http_heads_check(server);
		(void)MHD_run(server->daemon);
	} while (server->must_run && ++runs < MAX_RUNS);
}

/* Whether its client waits for what is still to be said. */
static bool is_open(const struct http_request *request)
{
	return request->stage == HTTP_STAGE_HELD || request->stage == HTTP_STAGE_STREAMING;
}

static void watch_dispatch(void *context, struct clock_time now)
{
	struct http_server *server = context;
	struct epoll_event events[WATCH_EVENTS];
	int count = epoll_wait(server->watch_fd, events, WATCH_EVENTS, 0);
	bool has_backlog = false;

	for (int i = 0; i < count; i++) {
		struct http_request *request = events[i].data.ptr;

		/* The end of an earlier one may have replied to this one. */
		if (!request)
			has_backlog = true;
		else if (is_open(request))
			http_request_hold_finish(request, HTTP_HOLD_GONE);
		else if (request->stage == HTTP_STAGE_REFUSING)
			http_refusal_drain(request);
	}
	if (has_backlog && server->is_listening)
		http_connections_accept(server, now);
}

static void daemon_dispatch(void *context, struct clock_time now)
{
	struct http_server *server = context;

	http_connections_expire(server, now);
	http_server_run(server);
	if (!server->is_listening && !server->is_stopping && now.mono_ms >= server->listen_again_ms)
		http_connections_listen(server, true);
}

static int64_t daemon_deadline(void *context, struct clock_time now)
{
	struct http_server *server = context;
	MHD_UNSIGNED_LONG_LONG wait_ms;
	int64_t due = http_connections_deadline(server);

	if (server->must_run)
		return now.mono_ms;
	if (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES &&
	    wait_ms < (MHD_UNSIGNED_LONG_LONG)(CLOCK_NEVER - now.mono_ms) &&
	    now.mono_ms + (int64_t)wait_ms < due)
		due = now.mono_ms + (int64_t)wait_ms;
	return due;
}

int http_server_attach(struct http_server *server, struct loop *loop)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct loop_source watch = {
		.fd = server->watch_fd,
		.dispatch = watch_dispatch,
		.context = server,
	};
	struct loop_source daemon = {
		.deadline = daemon_deadline,
		.dispatch = daemon_dispatch,
		.context = server,
	};
	int error;

	if (!info)
		return ERR_LIBRARY;
	daemon.fd = info->epoll_fd;
	error = loop_add(loop, &watch);
	return error ? error : loop_add(loop, &daemon);
}

void http_server_quiesce(struct http_server *server)
{
	struct http_request *request;

	server->is_stopping = true;
	/* The next dispatch closes what has sent nothing, after reading once more, and ends
	 * streams. */
	server->must_run = true;
	http_connections_listen(server, false);
	for (request = TAILQ_FIRST(&server->requests); request; request = TAILQ_NEXT(request, link))
		if (request->stage == HTTP_STAGE_HELD && request->is_suspended)
			http_request_hold_finish(request, HTTP_HOLD_STOPPING);
}

bool http_server_is_idle(const struct http_server *server)
{
	return server->count == 0;
}

void http_server_free(struct http_server *server)
{
	struct http_request *request;

	if (!server)
		return;
	server->is_stopping = true;
	/* To stop with one suspended is undefined (microhttpd.h). */
	for (request = TAILQ_FIRST(&server->requests); request; request = TAILQ_NEXT(request, link))
		if (is_open(request))
			http_request_hold_finish(request, HTTP_HOLD_GONE);
		else if (request->stage == HTTP_STAGE_REFUSING)
			http_connection_end(request);
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	if (server->watch_fd >= 0)
		close(server->watch_fd);
	free(server);
}
