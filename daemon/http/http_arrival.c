/* SPDX-License-Identifier: MIT */
/*
 * Connections from accept() until libmicrohttpd has them. It clears the memory of a connection for
 * each request, so that a connection with room for the largest head costs a millisecond. So what a
 * client sends first is looked at in its socket: a whole head that is small goes to the
 * libmicrohttpd whose connections are small, and everything else to the other one.
 */
#include "http_connections.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "common/secret.h"

/* libmicrohttpd reads a head into half of HTTP_SERVER_CONNECTION_BYTES and copies its cookies. */
#define SMALL_HEAD_BYTES (8 * 1024)

enum head_size {
	HEAD_UNKNOWN, /* nothing of it is there */
	HEAD_SMALL,
	HEAD_LARGE, /* or not there as a whole */
	HEAD_NEVER, /* the client has hung up */
};

static bool is_arriving(const struct http_request *request)
{
	return !request->connection && !request->is_given && request->stage != HTTP_STAGE_ENDED;
}

/* libmicrohttpd owns the socket from here on, also when it refuses. */
static void give(struct http_request *request, struct MHD_Daemon *daemon)
{
	enum MHD_Result taken;

	request->is_given = request->is_being_given = true;
	taken = MHD_add_connection(daemon, request->fd, (const struct sockaddr *)&request->address,
				   request->address_size);
	request->is_being_given = false;
	/* What it does not take is freed after the next run. */
	if (taken != MHD_YES)
		request->server->must_run = true;
}

static enum head_size head_size(int fd)
{
	char head[SMALL_HEAD_BYTES];
	ssize_t size = recv(fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);
	bool is_whole;

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return HEAD_UNKNOWN;
	if (size <= 0)
		return HEAD_NEVER;
	is_whole = memmem(head, (size_t)size, "\r\n\r\n", 4) != NULL;
	secret_erase(head, (size_t)size);
	return is_whole ? HEAD_SMALL : HEAD_LARGE;
}

void http_arrival_look(struct http_request *request)
{
	struct http_server *server = request->server;
	enum head_size size = is_arriving(request) ? head_size(request->fd) : HEAD_UNKNOWN;

	if (size == HEAD_NEVER)
		http_connection_end(request);
	if (size != HEAD_SMALL && size != HEAD_LARGE)
		return;
	if (request->is_watched)
		(void)epoll_ctl(server->watch_fd, EPOLL_CTL_DEL, request->fd, NULL);
	give(request, size == HEAD_SMALL ? server->daemon : server->large);
}

void http_arrival_new(struct http_server *server, int fd, const struct sockaddr_storage *address,
		      socklen_t address_size)
{
	struct http_request *request = calloc(1, sizeof(*request));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = request};

	if (!request) {
		close(fd);
		return;
	}
	request->server = server;
	request->fd = fd;
	request->address = *address;
	request->address_size = address_size;
	STAILQ_INIT(&request->unsent);
	request->deadline_ms = clock_now().mono_ms + server->request_ms;
	TAILQ_INSERT_TAIL(&server->requests, request, link);
	server->count++;
	if (server->large)
		http_arrival_look(request);
	else
		give(request, server->daemon);
	if (!is_arriving(request))
		return;
	/* Without memory for the watch, the large one waits for what it sends. */
	request->is_watched = epoll_ctl(server->watch_fd, EPOLL_CTL_ADD, fd, &event) == 0;
	if (!request->is_watched)
		give(request, server->large);
}

struct http_request *http_arrival_find(const struct http_server *server, int fd)
{
	struct http_request *request;

	/* The newest first: it is among them. */
	for (request = TAILQ_LAST(&server->requests, http_requests); request;
	     request = TAILQ_PREV(request, http_requests, link))
		if (request->is_given && !request->connection && request->fd == fd)
			return request;
	return NULL;
}

void http_arrivals_look(struct http_server *server)
{
	struct http_request *request;

	for (request = TAILQ_FIRST(&server->requests); request; request = TAILQ_NEXT(request, link))
		http_arrival_look(request);
}

void http_arrivals_reap(struct http_server *server)
{
	struct http_request *request = TAILQ_FIRST(&server->requests);

	while (request) {
		struct http_request *next = TAILQ_NEXT(request, link);

		if (!request->connection && !is_arriving(request)) {
			if (!request->is_given)
				close(request->fd);
			http_request_free(request);
		}
		request = next;
	}
}
