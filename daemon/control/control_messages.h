/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the parts of the control server share: control.c (life, which route is whose),
 * control_reply.c (replies), control_body.c (bodies), control_wait.c (clients that wait),
 * control_login.c (logins), control_account.c (accounts and their credentials), control_events.c
 * (the stream of changes).
 */

#include <sys/queue.h>

#include "common/json.h"
#include "control/control.h"
#include "control_request.h"

/* Why a page could not be opened: a sentence or two, in bytes. */
#define CONTROL_PROBLEM_MAX (ERR_DETAIL_BYTES - 1)

/* What a client waits for: something that happens to an account. */
struct control_waiter {
	struct control *control;
	struct account *account;
	bool (*has_come)(const struct control_waiter *waiter);
	/* Replies when it has come, and also when the time is over. */
	void (*reply)(const struct control_waiter *waiter, struct http_request *request);
	bool for_page;	   /* control_login.c: until there is a page to open, or the end */
	bool has_revision; /* until the revision is another, or the end */
	unsigned revision;
};

enum control_shared {
	CONTROL_SHARED_STATUS,
	CONTROL_SHARED_STATUS_FOR_AGENT,
	CONTROL_SHARED_ACCOUNTS,
	CONTROL_SHARED_COUNT,
};

struct control {
	struct service *service;
	struct http_server *server;
	LIST_HEAD(control_streams, control_stream) streams;
	unsigned stream_count;
	unsigned agent_count; /* of those, how many are misskey-authd-agent's */
	int64_t heartbeat_ms; /* monotonic: when the next is due, while there are streams */
	/* Answers of this round of the loop that are the same for everybody: control_reply.c */
	struct http_bytes *shared[CONTROL_SHARED_COUNT];
};

/* ---- Answers that are the same for everybody: control_reply.c ---- */

/* The JSON text with a line's end, which is built once in a round of the loop, until something
 * changes: many clients at once cost the time and the room of one. It belongs to CONTROL; NULL
 * without memory. */
struct http_bytes *control_shared(struct control *control, enum control_shared which);
void control_reply_shared(struct control *control, struct http_request *request,
			  enum control_shared which);
/* Something may have changed. */
void control_shared_drop(struct control *control);

/* ---- Replies: control_reply.c ---- */

/* Takes VALUE; NULL is "no memory". */
void control_reply_json(struct http_request *request, unsigned status, struct json *value);
void control_reply_error(struct http_request *request, unsigned status, const char *code,
			 const char *message);
/* The same with ALLOW, the methods that the path has. */
void control_reply_not_allowed(struct http_request *request, const char *allow);
/* What the service's error ERR means. */
void control_reply_err(struct http_request *request, int err, const struct err_detail *detail);
void control_reply_no_account(struct http_request *request, const char *name);
void control_reply_no_credential(struct http_request *request, const char *name);
/* control_reply_error() with DETAIL, a clause or a sentence, as the message. */
void control_reply_detail(struct http_request *request, unsigned status, const char *code,
			  const char *detail);

/* ---- Bodies: control_body.c ---- */

/* The body as an object with no members but the COUNT that are KNOWN; an empty body is an empty
 * object. The caller frees *ret_body. */
int control_body_parse(const struct http_request *request, const char *const *known, size_t count,
		       struct json **ret_body, struct err_detail *detail) _must_check_;
/* What the body of a login asks for; its texts belong to BODY, NULL where it says nothing. The rest
 * of LOGIN stays as it is. */
int control_body_login(const struct json *body, struct service_login *login,
		       struct err_detail *detail) _must_check_;
/* The new name of an account, which belongs to BODY; whether it is one is not looked at. */
int control_body_new_name(const struct json *body, const char **ret_name,
			  struct err_detail *detail) _must_check_;
/* Why a page could not be opened: 1 to CONTROL_PROBLEM_MAX bytes that belong to BODY. */
int control_body_problem(const struct json *body, const char **ret_problem,
			 struct err_detail *detail) _must_check_;

/* ---- Waiting: control_wait.c ---- */

/* Replies when what WAITER (copied) waits for has come, after FOR_MS at the latest. */
void control_wait(struct http_request *request, struct control_waiter *waiter, int64_t for_ms);
/* How many clients follow the login of ACCOUNT. */
unsigned control_count_waiting(const struct control *control, const struct account *account);
/* Something happened to ACCOUNT: replies to those for whom it has come. */
void control_wake(struct control *control, const struct account *account);
/* The newest of the clients that wait (AFTER is NULL), or the next older one after AFTER; NULL:
 * there is none. */
struct http_request *control_next_waiting(const struct control *control,
					  const struct http_request *after);

/* ---- Routes ---- */

void control_post_login(struct control *control, struct http_request *request, const char *name);
void control_get_login(struct control *control, struct http_request *request,
		       const struct control_request *parsed);
void control_delete_login(struct control *control, struct http_request *request, const char *name);
void control_post_browser(struct control *control, struct http_request *request, const char *name);
void control_post_callback(struct control *control, struct http_request *request);

void control_get_events(struct control *control, struct http_request *request, bool is_agent);
/* Tells the streams of a change. */
void control_events_tell(struct control *control, enum service_change change,
			 struct account *account, struct clock_time now);
int64_t control_events_deadline(const struct control *control);
void control_events_tick(struct control *control, struct clock_time now);

void control_get_some_accounts(struct control *control, struct http_request *request,
			       const char *query);
void control_get_account(struct control *control, struct http_request *request, const char *name);
void control_delete_account(struct control *control, struct http_request *request,
			    const char *name);
/* Also its token. */
void control_get_credential(struct control *control, struct http_request *request,
			    const struct control_request *parsed);
void control_post_verify(struct control *control, struct http_request *request, const char *name);
void control_post_rename(struct control *control, struct http_request *request, const char *name);
