/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Sends requests to the daemon's control socket (docs/control-api.md), one after the other.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/account_name.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/json.h"

/* "/v1/accounts/", a name, "/login?wait=60&revision=" and 20 digits. */
#define CONTROL_PATH_BYTES (64 + ACCOUNT_NAME_BYTES)
/* The daemon answers at once, but for a login or a server; the rest is for a machine under load. */
#define CONTROL_TIMEOUT_MS 30000
/* A daemon that restarts is back within this time. */
#define CONTROL_RESTART_MS 15000

struct control_client;

struct control_reply {
	long status;	   /* of HTTP */
	struct json *body; /* an object; NULL if the reply had none */
};

/* Frees what REPLY points to. */
void control_reply_done(struct control_reply *reply);

/* SOCKET_PATH is copied; nothing is connected yet. ERR_LIMIT if it is too long for a socket's
 * address; ERR_NOMEM, ERR_LIBRARY. */
int control_client_new(const char *socket_path, struct control_client **ret_client,
		       struct err_detail *detail) _must_check_;

/* Belongs to CLIENT. */
const char *control_client_path(const struct control_client *client);

void control_client_free(struct control_client *client);
DEFINE_CLEANUP(struct control_client *, control_client_free);

/* Sends METHOD ("GET", "POST" or "DELETE") for PATH, which begins with "/v1/", with BODY (NULL:
 * none), and waits TIMEOUT_MS at most. 0: *ret_reply is a whole reply, whatever its status, for
 * control_reply_done(). ERR_NOT_FOUND: nobody listens. ERR_IO: the connection was cut before the
 * reply was whole. ERR_BUSY: no reply in time. ERR_UNSAFE: another user listens there, and was sent
 * nothing. ERR_DAMAGED: the reply is not what the daemon
 * sends. ERR_LIMIT, ERR_NOMEM, ERR_LIBRARY. DETAIL is one sentence. */
int control_client_request(struct control_client *client, const char *method, const char *path,
			   const struct json *body, int64_t timeout_ms,
			   struct control_reply *ret_reply, struct err_detail *detail) _must_check_;

/* GETs PATH. Returns the reply, which the caller frees; NULL if the status is not 200 or nothing
 * came. */
struct json *control_client_get(struct control_client *client, const char *path) _must_check_;

/* The code of the error in REPLY, "" if it has none. Belongs to REPLY. */
const char *control_reply_code(const struct control_reply *reply);

/* Whether a request that failed with CODE may succeed in a moment: the daemon may be restarting. */
bool control_client_may_retry(int code);

/* Waits a quarter of a second before the next try. */
void control_client_pause(void);

/* Milliseconds since the computer started; they count while it sleeps, as a session's time does. */
int64_t control_client_now_ms(void);

/* A reply that is a stream of objects, one a line. */
struct control_stream;

/* Takes one object of a stream. */
typedef void control_line_function(const struct json *line, void *context);

/* GETs PATH; NULL: only connects, which keeps a daemon from ending for want of work. CLIENT
 * outlives the stream. Errors as control_client_request(). */
int control_stream_open(const struct control_client *client, const char *path,
			struct control_stream **ret_stream, struct err_detail *detail) _must_check_;

/* Readable when there is something to read. */
int control_stream_fd(const struct control_stream *stream);

/* Reads what has come, without waiting, and gives each object to FUNCTION. 0: it goes on, but if
 * *ret_reply (empty before) has a status: then the daemon has refused the stream. ERR_IO: it has
 * ended; ERR_DAMAGED: it is not what the daemon sends; ERR_NOMEM. */
int control_stream_read(struct control_stream *stream, control_line_function *function,
			void *context, struct control_reply *ret_reply,
			struct err_detail *detail) _must_check_;

void control_stream_free(struct control_stream *stream);
DEFINE_CLEANUP(struct control_stream *, control_stream_free);
