/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the owner may do: the JSON API on the Unix socket, as docs/control-api.md has it.
 */

#include "common/cleanup.h"
#include "common/err.h"
#include "http/http_server.h"
#include "runtime/loop.h"
#include "service/service.h"

/* Scripts and long polls of one user. */
#define CONTROL_CONNECTIONS 256
/* How long the answer to a login may wait for a page to open. */
#define CONTROL_LOGIN_HOLD_MS 60000

/* All answers that were not taken yet, together. */
#define CONTROL_REPLY_BYTES ((size_t)64 * 1024 * 1024)
/* Clients of /v1/events at once, and what makes room for another: one that has taken nothing for so
 * long. */
#define CONTROL_STREAMS 64
#define CONTROL_STREAM_STALLED_MS 1000
/* What a client of /v1/events may be behind by. The snapshot is about 700 bytes an account. */
#define CONTROL_EVENTS_BACKLOG_BYTES ((size_t)32 * 1024 * 1024)
/* A client of /v1/events hears something at least this often. */
#define CONTROL_HEARTBEAT_MS 15000
/* How much longer the answer to a verification may take than the server's may. */
#define CONTROL_VERIFY_MARGIN_MS 5000

struct control;

/* LISTEN_FD is a listening Unix socket (borrowed). */
int control_new(int listen_fd, struct service *service, struct control **ret_control,
		struct err_detail *detail) _must_check_;
int control_attach(struct control *control, struct loop *loop) _must_check_;
/* Answers what is held and takes no more. */
void control_quiesce(struct control *control);
/* Whether nobody is connected, and the same of anybody but misskey-authd-agent's event stream. */
bool control_is_flushed(const struct control *control);
bool control_is_idle(const struct control *control);
void control_free(struct control *control);
DEFINE_CLEANUP(struct control *, control_free);
