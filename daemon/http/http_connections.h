/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the parts of the HTTP server share: http_server.c (connections, limits, deadlines),
 * http_arrival.c (a connection until libmicrohttpd has it), http_request.c (a request from its
 * first line to its reply), http_stream.c (replies that are written over time), http_refuse.c
 * (heads that are too large).
 *
 * A connection carries one request, so one struct http_request is both. It is freed from within
 * server_run(), when libmicrohttpd tells that a connection is closed, when it has not taken it or
 * it was ended before, and at the end. So the list
 * of requests can be walked while handlers and the functions of holds are called: none of them
 * frees a request.
 */

#include <microhttpd.h>
#include <sys/queue.h>

#include "common/buf.h"
#include "http/http_server.h"

enum http_stage {
	HTTP_STAGE_RECEIVING,
	HTTP_STAGE_HANDLING, /* the handler runs */
	HTTP_STAGE_HELD,
	HTTP_STAGE_REPLYING,  /* there is a reply; the client has not taken all of it */
	HTTP_STAGE_STREAMING, /* there is a reply; more of it can be written */
	HTTP_STAGE_REFUSING,  /* its head is too large: answered, and the rest thrown away */
	HTTP_STAGE_ENDED,     /* to be closed without a further word */
};

struct http_bytes {
	struct buf bytes;
	unsigned owners;
};

/* A part of a stream that libmicrohttpd has not taken. */
struct http_piece {
	STAILQ_ENTRY(http_piece) link;
	struct http_bytes *bytes;
	size_t size;
};

struct http_request {
	TAILQ_ENTRY(http_request) link;
	struct http_server *server;
	struct MHD_Connection *connection; /* NULL: libmicrohttpd has not begun with it */
	int fd;
	struct sockaddr_storage address; /* of the client */
	socklen_t address_size;
	bool is_watched;     /* what it sends first is waited for by the watch */
	bool is_given;	     /* to libmicrohttpd, which owns FD from then on */
	bool is_being_given; /* … right now */
	enum http_stage stage;
	int64_t deadline_ms; /* of the stage */
	bool is_begun;	     /* libmicrohttpd has called http_request_progress() */
	bool is_suspended;   /* libmicrohttpd does not look at it; the watch does */
	bool body_is_too_large;
	size_t discarded; /* bytes that were thrown away */
	char *target;
	const char *method;
	struct buf body;
	struct clock_time time;
	struct MHD_Response *response; /* until it is queued */
	unsigned status;
	struct http_bytes *reply;		     /* what the response sends */
	STAILQ_HEAD(http_pieces, http_piece) unsent; /* of a stream */
	size_t unsent_size;
	size_t taken;	     /* bytes of the first piece */
	int64_t progress_ms; /* when its client was last seen to take something */
	int kernel_unread; /* of a stream, in the socket at the latest look; INT_MAX: no look yet */
	http_hold_end_function *hold_end;
	void *hold_context;
	void *hold_copy; /* the context of a hold, which is the request's own */
};

TAILQ_HEAD(http_requests, http_request);

struct http_server {
	struct http_server_options options;
	struct MHD_Daemon *daemon;
	struct MHD_Daemon *large; /* for heads up to the limit; NULL: there is no limit */
	int64_t request_ms;	  /* HTTP_SERVER_REQUEST_MS */
	int watch_fd; /* epoll: the listening socket, and clients whose request libmicrohttpd
		       * does not have, or does not look at */
	bool is_listening;
	bool is_stopping;
	bool must_run;		 /* something was resumed: MHD_run() again, at once */
	int64_t listen_again_ms; /* while not listening */
	int64_t dead_pause_ms;	 /* the latest one for a socket that was shut down, or 0 */
	unsigned count;
	struct http_requests requests; /* the oldest connection first */
};

/* ---- http_server.c ---- */

/* Closes it in the next MHD_run(), whatever its stage. */
void http_connection_end(struct http_request *request);

/* Without the end of its connection. */
void http_request_free(struct http_request *request);

/* ---- http_arrival.c ---- */

/* Takes FD, which was accepted, over. */
void http_arrival_new(struct http_server *server, int fd, const struct sockaddr_storage *address,
		      socklen_t address_size);
/* The one on FD that libmicrohttpd begins with now. */
struct http_request *http_arrival_find(const struct http_server *server, int fd);
/* Gives the request to libmicrohttpd if its client has sent something, and it has not got it. */
void http_arrival_look(struct http_request *request);
/* The same for all. */
void http_arrivals_look(struct http_server *server);
/* Frees those that were ended, and those that libmicrohttpd has refused: it has run since. */
void http_arrivals_reap(struct http_server *server);

/* ---- http_request.c ---- */

/* libmicrohttpd's call-backs: the first line is there, more is there, the connection is done. */
void *http_request_begin(void *context, const char *target, struct MHD_Connection *connection);
enum MHD_Result http_request_progress(void *context, struct MHD_Connection *connection,
				      const char *url, const char *method, const char *version,
				      const char *upload, size_t *upload_size,
				      void **request_context);
void http_request_completed(void *context, struct MHD_Connection *connection,
			    void **request_context, enum MHD_RequestTerminationCode code);
/* Frees what the request has; the request itself is the connection's. */
void http_request_release(struct http_request *request);
/* Takes a suspended request back from the watch and resumes it. */
void http_request_resume(struct http_request *request);
/* Gives it to the watch and suspends it; only in a call-back of libmicrohttpd for it. */
void http_request_suspend(struct http_request *request);
/* Has RESPONSE, which is taken over, sent with HEADERS. NULL, for want of memory, closes. */
void http_request_respond(struct http_request *request, unsigned status,
			  const struct http_header *headers, size_t header_count,
			  struct MHD_Response *response);
/* Ends a held request or a stream by its function. */
void http_request_hold_finish(struct http_request *request, enum http_hold_end why);

/* ---- http_stream.c ---- */

/* Frees what was not taken. */
void http_stream_drop(struct http_request *request);
/* Whether the client of a stream that is due has taken something since the latest look. If so, the
 * stream gets a new deadline. */
bool http_stream_goes_on(struct http_request *request);

/* ---- http_refuse.c ---- */

/* Refuses requests whose head is larger than the limit, before libmicrohttpd reads on. */
void http_heads_check(struct http_server *server);
void http_refusal_send(struct http_request *request, unsigned status,
		       const struct http_header *headers, size_t header_count,
		       const struct http_bytes *body);
/* Throws away what its client has sent since. */
void http_refusal_drain(struct http_request *request);
