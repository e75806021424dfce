/* SPDX-License-Identifier: MIT */
#include "http_connections.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* Accepted in one round, before the other sources have their turn. */
#define ACCEPT_BATCH 16
/* How long the backlog is left alone when the process has no descriptor or memory left for it. */
#define ACCEPT_PAUSE_MS 100
/* And at most while the socket does not listen: somebody who shares it has shut it down. */
#define ACCEPT_PAUSE_MAX_MS 10000

static struct http_request *request_new(struct http_server *server,
					struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_request *request = info ? calloc(1, sizeof(*request)) : NULL;

	if (!request) {
		if (info)
			(void)shutdown(info->connect_fd, SHUT_RDWR);
		return NULL;
	}
	request->server = server;
	request->connection = connection;
	request->fd = info->connect_fd;
	STAILQ_INIT(&request->unsent);
	request->deadline_ms = clock_now().mono_ms + server->options.request_ms;
	TAILQ_INSERT_TAIL(&server->requests, request, link);
	server->count++;
	return request;
}

void http_connection_notify(void *context, struct MHD_Connection *connection, void **socket_context,
			    enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = context;
	struct http_request *request = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = request_new(server, connection);
		return;
	}
	if (!request)
		return;
	*socket_context = NULL;
	TAILQ_REMOVE(&server->requests, request, link);
	server->count--;
	http_request_release(request);
	free(request);
}

void http_connections_listen(struct http_server *server, bool on)
{
	/* A hang-up is reported whatever is asked for, but with EPOLLET only once. */
	struct epoll_event event = {.events = on ? EPOLLIN : EPOLLET, .data.ptr = NULL};

	/* Changing what is there already needs no memory: it cannot fail. */
	(void)epoll_ctl(server->watch_fd, EPOLL_CTL_MOD, server->options.listen_fd, &event);
	server->is_listening = on;
}

static void listen_pause(struct http_server *server, struct clock_time now, int64_t pause_ms)
{
	http_connections_listen(server, false);
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

/* Makes room for one more. libmicrohttpd must have run just before: what others have sent is read
 * then, so that none with its request in the socket looks idle. It runs again to close. */
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
	http_server_run(server);
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

/* libmicrohttpd owns FD from here on, also when it refuses. From 1.0 on it only queues the
 * connection until it runs, and it must be counted before the next is accepted. */
static void connection_add(struct http_server *server, int fd,
			   const struct sockaddr_storage *address, socklen_t size)
{
	unsigned count = server->count;

	if (MHD_add_connection(server->daemon, fd, (const struct sockaddr *)address, size) ==
		    MHD_YES &&
	    server->count == count)
		http_server_run(server);
}

static void accept_failed(struct http_server *server, struct clock_time now, int errnum)
{
	if (is_exhausted(errnum)) {
		/* What is open and idle has the descriptors. */
		http_server_run(server);
		connection_shed(server);
		listen_pause(server, now, ACCEPT_PAUSE_MS);
	} else if (errnum == EINVAL) {
		server->dead_pause_ms = next_dead_pause_ms(server);
		listen_pause(server, now, server->dead_pause_ms);
	}
}

void http_connections_accept(struct http_server *server, struct clock_time now)
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
			http_server_run(server);
		if (server->count >= server->options.connection_limit)
			connection_shed(server);
		connection_add(server, fd, &address, size);
	}
}

/* While the server stops, what has sent nothing is due at once, and so is a stream. */
static int64_t due_ms(const struct http_request *request)
{
	bool is_unused = request->stage == HTTP_STAGE_RECEIVING && !request->target;
	bool is_stream = request->stage == HTTP_STAGE_STREAMING;

	return request->server->is_stopping && (is_unused || is_stream) ? 0 : request->deadline_ms;
}

int64_t http_connections_deadline(const struct http_server *server)
{
	const struct http_request *request;
	int64_t due =
		server->is_listening || server->is_stopping ? CLOCK_NEVER : server->listen_again_ms;

	for (request = TAILQ_FIRST(&server->requests); request; request = TAILQ_NEXT(request, link))
		if (due_ms(request) < due)
			due = due_ms(request);
	return due;
}

void http_connections_expire(struct http_server *server, struct clock_time now)
{
	struct http_request *request;

	/* What has arrived meanwhile is to be read before "has sent nothing" is true. */
	if (server->is_stopping)
		http_server_run(server);
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

void http_connection_end(struct http_request *request)
{
	request->stage = HTTP_STAGE_ENDED;
	request->deadline_ms = CLOCK_NEVER;
	/* libmicrohttpd has no function for this, but notices the hang-up. */
	(void)shutdown(request->fd, SHUT_RDWR);
	if (request->is_suspended)
		http_request_resume(request);
	request->server->must_run = true;
}
