/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CONTROL_CLIENT_H
#define CLIENT_CONTROL_CLIENT_H

/*
 * * One request after the other to the daemon's control socket (docs/control-api.md). The only
 * user of libcurl in cli/.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/json.h"

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

/* Takes one line of a stream, an object. Returns whether to go on. */
typedef bool control_line_function(const struct json *line, void *context);

/* GETs PATH, whose reply is a stream of objects, one a line, and gives each line to FUNCTION as it
 * comes. 0: FUNCTION wanted no more, or the daemon ended the stream; an error status is in
 * *ret_reply (for control_reply_done()), which is empty otherwise. Errors as
 * control_client_request(); ERR_BUSY: nothing came for SILENCE_S seconds, not even a heartbeat. */
int control_client_stream(struct control_client *client, const char *path, int64_t silence_s,
			  control_line_function *function, void *context,
			  struct control_reply *ret_reply, struct err_detail *detail) _must_check_;

#endif
