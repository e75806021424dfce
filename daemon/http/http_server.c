/* SPDX-License-Identifier: MIT */
#include "http/http_server.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

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
/* Accepted in one round, before the other sources have their turn. */
#define ACCEPT_BATCH 16
/* How long the backlog is left alone when the process has no descriptor or memory left for it. */
#define ACCEPT_PAUSE_MS 100
/* And at most while the socket does not listen: somebody who shares it has shut it down. */
#define ACCEPT_PAUSE_MAX_MS 10000

/* ---- Connections ---- */

static void server_run(struct http_server *server)
{
	unsigned runs = 0;

	do {
		server->must_run = false;
		http_heads_check(server);
		(void)MHD_run(server->daemon);
		if (server->large)
			(void)MHD_run(server->large);
		http_arrivals_reap(server);
	} while (server->must_run && ++runs < MAX_RUNS);
}

/* Also reads what those have sent that libmicrohttpd does not have yet. */
static void server_read(struct http_server *server)
{
	http_arrivals_look(server);
	server_run(server);
	/* libmicrohttpd 1.0 takes a connection in one run and reads from it in the next. */
	server_run(server);
}

void http_connection_end(struct http_request *request)
{
	request->stage = HTTP_STAGE_ENDED;
	request->deadline_ms = CLOCK_NEVER;
	/* libmicrohttpd has no function for this, but notices the hang-up. It has closed what it
	 * did not take. */
	if (request->connection || !request->is_given)
		(void)shutdown(request->fd, SHUT_RDWR);
	if (request->is_suspended)
		http_request_resume(request);
	request->server->must_run = true;
}

void http_request_free(struct http_request *request)
{
	TAILQ_REMOVE(&request->server->requests, request, link);
	request->server->count--;
	http_request_release(request);
	free(request);
}

static void connection_notify(void *context, struct MHD_Connection *connection,
			      void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = context;
	struct http_request *request = *socket_context;
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		request = http_arrival_find(server, info->connect_fd);
		request->connection = connection;
		*socket_context = request;
	} else if (request && request->is_being_given) {
		/* It had begun with it, and failed. Who gives it still looks at the request. */
		*socket_context = NULL;
		request->connection = NULL;
	} else if (request) {
		*socket_context = NULL;
		http_request_free(request);
	}
}

static void listen_set(struct http_server *server, bool on)
{
	/* A hang-up is reported whatever is asked for, but with EPOLLET only once. */
	struct epoll_event event = {.events = on ? EPOLLIN : EPOLLET, .data.ptr = NULL};

	/* Changing what is there already needs no memory: it cannot fail. */
	(void)epoll_ctl(server->watch_fd, EPOLL_CTL_MOD, server->options.listen_fd, &event);
	server->is_listening = on;
}

static void listen_pause(struct http_server *server, struct clock_time now, int64_t pause_ms)
{
	listen_set(server, false);
	server->listen_again_ms = now.mono_ms + pause_ms;
}

static int64_t next_dead_pause_ms(const struct http_server *server)
{
	int64_t pause_ms = 2 * server->dead_pause_ms;

	if (pause_ms < ACCEPT_PAUSE_MS)
		return ACCEPT_PAUSE_MS;
	return pause_ms < ACCEPT_PAUSE_MAX_MS ? pause_ms : ACCEPT_PAUSE_MAX_MS;
}

static struct http_request *oldest_in(const struct http_server *server, enum http_stage stage)
{
	struct http_request *request;

	for (request = TAILQ_FIRST(&server->requests); request; request = TAILQ_NEXT(request, link))
		if (request->stage == stage)
			return request;
	return NULL;
}

/* Makes room for one more. server_read() must have run just before, so that none with its request
 * in the socket looks idle. */
static void connection_shed(struct http_server *server)
{
	struct http_request *request = oldest_in(server, HTTP_STAGE_RECEIVING);

	if (!request)
		request = oldest_in(server, HTTP_STAGE_REFUSING);
	if (!request)
		request = oldest_in(server, HTTP_STAGE_REPLYING);
	if (request)
		http_connection_end(request);
	else if ((request = oldest_in(server, HTTP_STAGE_HELD)))
		http_request_hold_finish(request, HTTP_HOLD_DUE);
	else if ((request = oldest_in(server, HTTP_STAGE_STREAMING)))
		http_request_hold_finish(request, HTTP_HOLD_GONE);
	server_run(server);
}

static bool is_own_user(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

/* Whether accept4() that failed with ERRNUM would fail again at once. */
static bool is_exhausted(int errnum)
{
	return errnum == EMFILE || errnum == ENFILE || errnum == ENOBUFS || errnum == ENOMEM;
}

static void accept_failed(struct http_server *server, struct clock_time now, int errnum)
{
	if (is_exhausted(errnum)) {
		/* What is open and idle has the descriptors. */
		server_read(server);
		connection_shed(server);
		listen_pause(server, now, ACCEPT_PAUSE_MS);
	} else if (errnum == EINVAL) {
		server->dead_pause_ms = next_dead_pause_ms(server);
		listen_pause(server, now, server->dead_pause_ms);
	}
}

static void connections_accept(struct http_server *server, struct clock_time now)
{
	for (unsigned i = 0; i < ACCEPT_BATCH && server->is_listening; i++) {
		struct sockaddr_storage address = {0};
		socklen_t size = sizeof(address);
		int fd;

		if (server->count > server->options.connection_limit) {
			listen_pause(server, now, ACCEPT_PAUSE_MS);
			return;
		}
		fd = accept4(server->options.listen_fd, (struct sockaddr *)&address, &size,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			accept_failed(server, now, errno);
			return;
		}
		server->dead_pause_ms = 0;
		if (server->options.own_user_only && !is_own_user(fd)) {
			close(fd);
			continue;
		}
		if (server->count >= server->options.connection_limit)
			server_read(server);
		if (server->count >= server->options.connection_limit)
			connection_shed(server);
		http_arrival_new(server, fd, &address, size);
	}
}

/* While the server stops, what has sent nothing is due at once, and so is a stream. */
static int64_t due_ms(const struct http_request *request)
{
	bool is_unused = request->stage == HTTP_STAGE_RECEIVING && !request->target;
	bool is_stream = request->stage == HTTP_STAGE_STREAMING;

	return request->server->is_stopping && (is_unused || is_stream) ? 0 : request->deadline_ms;
}

static int64_t connections_deadline(const struct http_server *server)
{
	const struct http_request *request;
	int64_t due =
		server->is_listening || server->is_stopping ? CLOCK_NEVER : server->listen_again_ms;

	for (request = TAILQ_FIRST(&server->requests); request; request = TAILQ_NEXT(request, link))
		if (due_ms(request) < due)
			due = due_ms(request);
	return due;
}

static void connections_expire(struct http_server *server, struct clock_time now)
{
	struct http_request *request;

	/* What has arrived meanwhile is to be read before "has sent nothing" is true. */
	if (server->is_stopping)
		server_read(server);
	for (request = TAILQ_FIRST(&server->requests); request;
	     request = TAILQ_NEXT(request, link)) {
		if (due_ms(request) > now.mono_ms)
			continue;
		if (request->stage == HTTP_STAGE_HELD)
			http_request_hold_finish(request, HTTP_HOLD_DUE);
		else if (request->stage == HTTP_STAGE_STREAMING && !server->is_stopping &&
			 http_stream_goes_on(request))
			continue;
		else if (request->stage == HTTP_STAGE_STREAMING)
			http_request_hold_finish(request, server->is_stopping ? HTTP_HOLD_STOPPING
									      : HTTP_HOLD_GONE);
		else
			http_connection_end(request);
	}
}

/* ---- Life ---- */

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
	listen_set(server, true);
	return 0;
}

/*
 * libmicrohttpd does not get the listening socket. It would spin when there is no descriptor left
 * for the first connection, stop accepting at its limit without a way to make room, and close the
 * socket at the end unless told in time. Connections are accepted here and handed to it.
 */
static struct MHD_Daemon *daemon_new(struct http_server *server, size_t connection_bytes)
{
	const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET;

	return MHD_start_daemon(
		flags, 0, NULL, NULL, http_request_progress, server, MHD_OPTION_CONNECTION_LIMIT,
		server->options.connection_limit + SPARE_CONNECTIONS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_bytes, MHD_OPTION_NOTIFY_CONNECTION,
		connection_notify, server, MHD_OPTION_NOTIFY_COMPLETED, http_request_completed,
		server, MHD_OPTION_URI_LOG_CALLBACK, http_request_begin, server,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
		MHD_OPTION_END);
}

static int daemons_start(struct http_server *server, struct err_detail *detail)
{
	server->daemon = daemon_new(server, HTTP_SERVER_CONNECTION_BYTES);
	if (server->options.refuse)
		server->large =
			daemon_new(server, HTTP_SERVER_POOL_FACTOR * server->options.head_limit);
	if (!server->daemon || (server->options.refuse && !server->large))
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
	server->request_ms = HTTP_SERVER_REQUEST_MS;
	server->watch_fd = -1;
	TAILQ_INIT(&server->requests);
	error = watch_new(server, detail);
	if (!error)
		error = daemons_start(server, detail);
	if (error)
		return error;
	*ret_server = TAKE_PTR(server);
	return 0;
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
		else if (!request->connection)
			http_arrival_look(request);
		else if (is_open(request))
			http_request_hold_finish(request, HTTP_HOLD_GONE);
		else if (request->stage == HTTP_STAGE_REFUSING)
			http_refusal_drain(request);
	}
	if (has_backlog && server->is_listening)
		connections_accept(server, now);
}

static void daemon_dispatch(void *context, struct clock_time now)
{
	struct http_server *server = context;

	connections_expire(server, now);
	server_run(server);
	if (!server->is_listening && !server->is_stopping && now.mono_ms >= server->listen_again_ms)
		listen_set(server, true);
}

static int64_t run_deadline(struct MHD_Daemon *daemon, struct clock_time now)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	if (!daemon || MHD_get_timeout(daemon, &wait_ms) != MHD_YES ||
	    wait_ms >= (MHD_UNSIGNED_LONG_LONG)(CLOCK_NEVER - now.mono_ms))
		return CLOCK_NEVER;
	return now.mono_ms + (int64_t)wait_ms;
}

static int64_t daemon_deadline(void *context, struct clock_time now)
{
	struct http_server *server = context;
	int64_t due = connections_deadline(server);
	int64_t small_due = run_deadline(server->daemon, now);
	int64_t large_due = run_deadline(server->large, now);

	if (server->must_run)
		return now.mono_ms;
	if (small_due < due)
		due = small_due;
	return large_due < due ? large_due : due;
}

static int epoll_fd(struct MHD_Daemon *daemon)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);

	return info ? info->epoll_fd : -1;
}

int http_server_attach(struct http_server *server, struct loop *loop)
{
	struct loop_source sources[] = {
		{.fd = server->watch_fd, .dispatch = watch_dispatch, .context = server},
		{.fd = epoll_fd(server->daemon),
		 .deadline = daemon_deadline,
		 .dispatch = daemon_dispatch,
		 .context = server},
		{.fd = server->large ? epoll_fd(server->large) : -1},
	};
	int error = 0;

	for (size_t i = 0; !error && i < (server->large ? 3 : 2); i++)
		error = sources[i].fd < 0 ? ERR_LIBRARY : loop_add(loop, &sources[i]);
	return error;
}

void http_server_quiesce(struct http_server *server)
{
	struct http_request *request;

	server->is_stopping = true;
	/* The next dispatch closes what has sent nothing, after reading once more, and ends
	 * streams. */
	server->must_run = true;
	listen_set(server, false);
	for (request = TAILQ_FIRST(&server->requests); request; request = TAILQ_NEXT(request, link))
		if (request->stage == HTTP_STAGE_HELD && request->is_suspended)
			http_request_hold_finish(request, HTTP_HOLD_STOPPING);
}

unsigned http_server_count(const struct http_server *server)
{
	return server->count;
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
	if (server->large)
		MHD_stop_daemon(server->large);
	while ((request = TAILQ_FIRST(&server->requests))) {
		if (!request->is_given)
			close(request->fd);
		http_request_free(request);
	}
	if (server->watch_fd >= 0)
		close(server->watch_fd);
	free(server);
}
