/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * An HTTP server on a socket of its own, and clients of it, all in one loop. Included once a test
 * program.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/buf.h"
#include "http/http_server.h"

#define CLIENTS 128

struct client {
	int fd;
	bool is_closed; /* the server closed it */
	struct buf got;
};

struct http_fixture {
	int listen_fd;
	bool is_unix;
	struct sockaddr_un unix_address;
	struct sockaddr_in address;
	struct http_server *server;
	struct loop *loop;
	struct client clients[CLIENTS];
	size_t client_count;
	bool is_quiet;	 /* the loop is woken by what happens alone */
	unsigned rounds; /* of the loop */
};

static inline void client_read(struct client *client)
{
	char bytes[65536];
	ssize_t n = 1;

	while (!client->is_closed && n > 0) {
		n = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (n > 0)
			buf_append(&client->got, bytes, (size_t)n);
		else if (n == 0 || errno == ECONNRESET)
			client->is_closed = true;
	}
}

static inline int64_t tick_deadline(void *context, struct clock_time now)
{
	const struct http_fixture *f = context;

	return f->is_quiet ? CLOCK_NEVER : now.mono_ms + 5;
}

static inline void tick(void *context, struct clock_time now)
{
	struct http_fixture *f = context;

	(void)now;
	f->rounds++;
}

static inline struct client *client_new(struct http_fixture *f)
{
	struct client *client = &f->clients[f->client_count++];
	const struct sockaddr *address =
		f->is_unix ? (const void *)&f->unix_address : (const void *)&f->address;
	socklen_t size = f->is_unix ? sizeof(f->unix_address) : sizeof(f->address);

	assert_true(f->client_count <= CLIENTS);
	client->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(client->fd >= 0);
	assert_int_equal(connect(client->fd, address, size), 0);
	return client;
}

static inline void client_send_bytes(struct client *client, const void *bytes, size_t size)
{
	assert_int_equal(send(client->fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

static inline struct client *client_send(struct http_fixture *f, const char *text)
{
	struct client *client = client_new(f);

	client_send_bytes(client, text, strlen(text));
	return client;
}

static inline struct client *client_get(struct http_fixture *f, const char *target)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", target);
	return client_send(f, text);
}

static inline void client_close(struct client *client)
{
	close(client->fd);
	client->fd = -1;
	client->is_closed = true;
}

static inline bool client_is_closed(void *context)
{
	struct client *client = context;

	client_read(client);
	return client->is_closed;
}

static inline bool never(void *context)
{
	(void)context;
	return false;
}

static inline bool is_idle(void *context)
{
	return http_server_count(context) == 0;
}

static inline void run_for(struct http_fixture *f, int64_t ms)
{
	loop_drain(f->loop, never, NULL, ms);
}

/* Runs until the server has closed CLIENT, and demands that it got TEXT. */
static inline void expect(struct http_fixture *f, struct client *client, const char *text)
{
	loop_drain(f->loop, client_is_closed, client, 3000);
	assert_true(client->is_closed);
	if (!strstr(buf_text(&client->got), text))
		fail_msg("expected \"%s\" in \"%s\"", text, buf_text(&client->got));
}

static inline void expect_closed_without_a_word(struct http_fixture *f, struct client *client)
{
	expect(f, client, "");
	assert_int_equal(client->got.size, 0);
}

static inline void listen_on_unix(struct http_fixture *f)
{
	struct sockaddr_un *address = &f->unix_address;

	f->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(f->listen_fd >= 0);
	address->sun_family = AF_UNIX;
	/* An abstract address: nothing is left behind. */
	(void)snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "test_http_server.%d",
		       (int)getpid());
	assert_int_equal(bind(f->listen_fd, (struct sockaddr *)address, sizeof(*address)), 0);
}

static inline void listen_on_loopback(struct http_fixture *f)
{
	socklen_t size = sizeof(f->address);

	f->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(f->listen_fd >= 0);
	f->address.sin_family = AF_INET;
	f->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(f->listen_fd, (struct sockaddr *)&f->address, size), 0);
	assert_int_equal(getsockname(f->listen_fd, (struct sockaddr *)&f->address, &size), 0);
}

/* OPTIONS without the listening socket. */
static inline void http_fixture_start(struct http_fixture *f, struct http_server_options options)
{
	struct loop_source ticker = {
		.fd = -1, .deadline = tick_deadline, .dispatch = tick, .context = f};

	if (f->is_unix)
		listen_on_unix(f);
	else
		listen_on_loopback(f);
	assert_int_equal(listen(f->listen_fd, 128), 0);
	options.listen_fd = f->listen_fd;
	options.own_user_only = f->is_unix;
	assert_int_equal(loop_new(NULL, &f->loop, NULL), 0);
	assert_int_equal(loop_add(f->loop, &ticker), 0);
	assert_int_equal(http_server_new(&options, &f->server, NULL), 0);
	assert_int_equal(http_server_attach(f->server, f->loop), 0);
}

static inline void http_fixture_stop(struct http_fixture *f)
{
	http_server_free(f->server);
	f->server = NULL;
	loop_free(f->loop);
	for (size_t i = 0; i < f->client_count; i++) {
		if (f->clients[i].fd >= 0)
			close(f->clients[i].fd);
		buf_done(&f->clients[i].got);
	}
	close(f->listen_fd);
}
