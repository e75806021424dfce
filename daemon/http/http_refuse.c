/* SPDX-License-Identifier: MIT */
/*
 * A head that is too large. libmicrohttpd would answer it itself, with a page that helps nobody. So
 * the head is measured before libmicrohttpd reads on, and the answer is written here. What the
 * client still sends is read and thrown away: closing with bytes unread would reset the connection,
 * and the answer with it.
 */
#include "http_connections.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* What is thrown away, and how long that may take. */
#define DISCARD_BYTES ((size_t)16 * 1024 * 1024)
#define DISCARD_MS 2000

/* Bytes that came for it; 0 where the kernel does not say (Unix sockets). */
static uint64_t received_bytes(int fd)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_received
									: 0;
}

static void refuse(struct http_request *request)
{
	struct http_server *server = request->server;
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = request};

	MHD_suspend_connection(request->connection);
	request->is_suspended = true;
	request->stage = HTTP_STAGE_REFUSING;
	request->deadline_ms = clock_now().mono_ms + DISCARD_MS;
	server->options.refuse(request, server->options.context);
	if (request->stage == HTTP_STAGE_REFUSING &&
	    epoll_ctl(server->watch_fd, EPOLL_CTL_ADD, request->fd, &event) < 0)
		http_connection_end(request);
}

void http_heads_check(struct http_server *server)
{
	struct http_request *request;

	if (!server->options.refuse)
		return;
	for (request = TAILQ_FIRST(&server->requests); request; request = TAILQ_NEXT(request, link))
		if (request->stage == HTTP_STAGE_RECEIVING && request->connection &&
		    !request->is_begun && received_bytes(request->fd) > server->options.head_limit)
			refuse(request);
}

void http_refusal_send(struct http_request *request, unsigned status,
		       const struct http_header *headers, size_t header_count,
		       const struct http_bytes *body)
{
	_cleanup_(buf_done) struct buf text = {0};

	buf_append_format(&text, "HTTP/1.1 %u %s\r\nConnection: close\r\nContent-Length: %zu\r\n",
			  status, MHD_get_reason_phrase_for(status), body ? body->bytes.size : 0);
	for (size_t i = 0; i < header_count; i++)
		buf_append_format(&text, "%s: %s\r\n", headers[i].name, headers[i].value);
	buf_append_text(&text, "\r\n");
	if (body)
		buf_append(&text, body->bytes.bytes, body->bytes.size);
	/* A new connection has room for all of a page. */
	if (buf_error(&text) || send(request->fd, text.bytes, text.size,
				     MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)text.size)
		http_connection_end(request);
	else
		(void)shutdown(request->fd, SHUT_WR);
}

void http_refusal_drain(struct http_request *request)
{
	char bytes[16 * 1024];
	ssize_t size;

	while ((size = recv(request->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		request->discarded += (size_t)size;
		if (request->discarded > DISCARD_BYTES)
			break;
	}
	if (size >= 0 || errno != EAGAIN)
		http_connection_end(request);
}
