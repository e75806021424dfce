/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A small HTTP/1.1 server on a listening socket: limits, whole requests, held replies, streams. The
 * only user of libmicrohttpd. It decodes nothing: handlers get the request target as it was on the
 * wire.
 *
 * Every connection carries one request and is closed after the reply. A connection has an absolute
 * time to send its request, and as much to take the reply. At the connection limit room is made for
 * those that wait in the backlog: the oldest connection without a whole request is closed, else the
 * oldest that does not take its reply, else the oldest held request gets its HTTP_HOLD_DUE early,
 * else the oldest stream is closed.
 *
 * A head that is too large is answered by the options' function. Other requests that libmicrohttpd
 * cannot read it answers by itself (400, 413 or 431 for a header, 414, 501, 505), with Date,
 * Content-Length and Connection: close alone, 0.9.75 some with the head twice; nothing of the
 * request is in them, and no browser sends such requests.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "runtime/clock.h"
#include "runtime/loop.h"

/* Memory for the head of a request, where the options have no head_limit. libmicrohttpd takes the
 * copies of cookies and the reply's headers from it too. */
#define HTTP_SERVER_CONNECTION_BYTES (64 * 1024)
/* Time for a whole request to arrive, again for the reply to be taken, and for a piece of a stream
 * to be taken. */
#define HTTP_SERVER_REQUEST_MS 10000

struct http_server;
struct http_request;

typedef void http_handler(struct http_request *request, void *context);

struct http_server_options {
	int listen_fd;	       /* borrowed: stopping neither closes it nor shuts it down */
	http_handler *handler; /* called once for each whole request; must reply or hold */
	void *context;
	unsigned connection_limit; /* at once */
	/* Called instead of the handler when more than HEAD_LIMIT bytes came and the head has no
	 * end yet. It must reply, and may look at headers, of which some are there. TCP only. NULL:
	 * there is no HEAD_LIMIT, and libmicrohttpd answers when HTTP_SERVER_CONNECTION_BYTES are
	 * used up. */
	http_handler *refuse;
	size_t head_limit;     /* bytes */
	size_t body_limit;     /* bytes; more is answered 413 by the server itself */
	size_t stream_backlog; /* bytes that a stream's client may be behind by */
	size_t reply_limit;    /* bytes of all replies that were not taken: the oldest are closed at
				* more; 0: none */
	bool own_user_only;    /* Unix sockets: close connections of other users (SO_PEERCRED) */
};

int http_server_new(const struct http_server_options *options, struct http_server **ret_server,
		    struct err_detail *detail) _must_check_;

/* Adds what the server waits for to LOOP. */
int http_server_attach(struct http_server *server, struct loop *loop) _must_check_;

/* Stops accepting, closes connections that have sent nothing yet, and ends every held request, and
 * those that are held from now on, by its function with HTTP_HOLD_STOPPING; streams likewise, from
 * the loop. What was begun is finished while the loop runs. */
void http_server_quiesce(struct http_server *server);

/* How many connections are open. */
unsigned http_server_count(const struct http_server *server);

/* Closes what is open and frees; what is still held, and every stream, ends with HTTP_HOLD_GONE.
 * Not from a handler, nor from the function of a hold or a stream. */
void http_server_free(struct http_server *server);
DEFINE_CLEANUP(struct http_server *, http_server_free);

/* What came in. Pointers are valid until the reply has been given. */
const char *http_request_method(const struct http_request *request);
const char *http_request_target(const struct http_request *request); /* raw: "/callback?token=…" */
const char *http_request_body(const struct http_request *request); /* "" if none; NUL-terminated */
size_t http_request_body_size(const struct http_request *request);
/* How often the header NAME (any case) is there; *ret_value is its first value, or NULL. A value
 * with a NUL byte counts twice, so that "exactly one" refuses it, where libmicrohttpd shows the
 * byte: 0.9.75 ends the value there, without a trace. No browser sends one. */
unsigned http_request_header(const struct http_request *request, const char *name,
			     const char **ret_value);
/* When the request was complete. */
struct clock_time http_request_time(const struct http_request *request);

struct http_header {
	const char *name;
	const char *value;
};

/* Replies, exactly once, from the handler or at any time while held; everything is copied. HEAD is
 * for the handler to refuse. Afterwards REQUEST must not be used. Without memory the connection is
 * closed. */
void http_request_reply(struct http_request *request, unsigned status,
			const struct http_header *headers, size_t header_count, const char *body,
			size_t body_size);

/* The same, but BODY is not copied: it is taken over, and empty afterwards. */
void http_request_reply_buf(struct http_request *request, unsigned status,
			    const struct http_header *headers, size_t header_count,
			    struct buf *body);

/* Bytes that several replies and streams send: there once, however many clients there are. */
struct http_bytes;

/* Takes BUF over, which is empty afterwards; NULL without memory, or if BUF has an error. */
struct http_bytes *http_bytes_new(struct buf *buf);
/* Replies and streams that send them keep them. */
void http_bytes_free(struct http_bytes *bytes);
size_t http_bytes_size(const struct http_bytes *bytes);
DEFINE_CLEANUP(struct http_bytes *, http_bytes_free);

/* The same, with a body that is kept as it is. NULL, for want of memory, closes. */
void http_request_reply_shared(struct http_request *request, unsigned status,
			       const struct http_header *headers, size_t header_count,
			       struct http_bytes *body);

enum http_hold_end {
	HTTP_HOLD_DUE,	    /* its time is over: reply now */
	HTTP_HOLD_GONE,	    /* the client hung up or closed its sending side: REQUEST is gone after
			     * this; a reply does nothing */
	HTTP_HOLD_STOPPING, /* the server stops: reply now, or write a stream's last bytes */
};

typedef void http_hold_end_function(struct http_request *request, enum http_hold_end why,
				    void *context);

/* Keeps the request open without a reply until http_request_reply(), or until UNTIL_MS (monotonic):
 * then FUNCTION is called once, unless there was a reply before. A request that it does not reply
 * to is closed. FUNCTION gets a copy of the SIZE bytes of CONTEXT, which is freed with the request.
 * Without memory for the copy the request is due at once. */
void http_request_hold(struct http_request *request, int64_t until_ms,
		       http_hold_end_function *function, void *context, size_t size);

/* The newest request that is held for FUNCTION (AFTER is NULL), or the next older one after AFTER;
 * NULL: there is none. Any of them may be replied to before the next call. */
struct http_request *http_server_next_held(const struct http_server *server,
					   const struct http_request *after,
					   http_hold_end_function *function);
/* The copy of a held request's context. */
void *http_request_context(const struct http_request *request);

/* Streams: a reply of unknown length, whose bytes are sent as they are written. A client may stay
 * for days. libmicrohttpd's copies of the bytes are not erased: no credential goes into a stream.
 */

/* Replies with a stream, from the handler or while held; HEADERS are copied. FUNCTION is called
 * once, never from within a call of these three, unless http_request_stream_end() comes first:
 * HTTP_HOLD_GONE: the client hung up, closed its sending side, is too far behind or has taken
 * nothing for too long, room was needed, or there is no memory. REQUEST is gone after this.
 * HTTP_HOLD_STOPPING: the server stops. What is still to be said can be written in the call; after
 * it the stream ends by itself. */
void http_request_stream(struct http_request *request, unsigned status,
			 const struct http_header *headers, size_t header_count,
			 http_hold_end_function *function, void *context);

/* Appends to the stream; the bytes are copied. Nothing is ever left out: if they would make more
 * than the options' backlog that are not sent, or there is no memory, the stream is closed
 * where it is. Until FUNCTION is called for that, further calls do nothing. */
void http_request_stream_write(struct http_request *request, const char *bytes, size_t size);

/* The same with the first SIZE of BYTES, which are not copied. NULL, for want of memory, closes. */
void http_request_stream_share(struct http_request *request, struct http_bytes *bytes, size_t size);

/* How long the client has taken nothing of what there is for it: 0 if it has all. */
int64_t http_request_stream_stalled_ms(const struct http_request *request, struct clock_time now);

/* Closes the stream where it is. FUNCTION is not called any more. Afterwards REQUEST must not be
 * used. */
void http_request_stream_cut(struct http_request *request);

/* Ends the stream after what was written; the client has the time of a reply to take that. FUNCTION
 * is not called any more. Afterwards REQUEST must not be used. */
void http_request_stream_end(struct http_request *request);
