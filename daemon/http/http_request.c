/* SPDX-License-Identifier: MIT */
#include "http_connections.h"

#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

#include "common/secret.h"

/* A body that is too large is read and thrown away so that its client gets to read the answer:
 * closing with bytes unread would reset the connection and the answer with it. Beyond this nobody
 * means well. */
#define DISCARD_BYTES ((size_t)1024 * 1024)

/* libmicrohttpd makes an entry of each parameter. When it has no room for one, 0.9.75 waits for the
 * first line of a request whose answer it has made already, until the deadline. */
#define MAX_PARAMETERS 500

static const struct http_header too_large_headers[] = {
	{"Content-Type", "text/plain; charset=utf-8"},
	{"Cache-Control", "no-store"},
	{"Referrer-Policy", "no-referrer"},
	{"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
};
static const char too_large_body[] = "The request is too large.\n";

static unsigned count_parameters(const char *target)
{
	unsigned count = 1;

	for (; *target; target++)
		count += *target == '&';
	return count;
}

void *http_request_begin(void *context, const char *target, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http_request *request = info ? info->socket_context : NULL;

	(void)context;
	if (!request || request->target)
		return NULL;
	if (count_parameters(target) > MAX_PARAMETERS) {
		http_connection_end(request);
		return NULL;
	}
	request->target = strdup(target);
	return request->target ? request : NULL;
}

void http_request_release(struct http_request *request)
{
	if (request->target)
		secret_erase(request->target, strlen(request->target));
	free(request->target);
	request->target = NULL;
	buf_done(&request->body);
	http_stream_drop(request);
	http_bytes_free(request->reply);
	request->reply = NULL;
	if (request->response)
		MHD_destroy_response(request->response);
	request->response = NULL;
	free(request->hold_copy);
	request->hold_copy = NULL;
	request->stage = HTTP_STAGE_ENDED;
	/* One that was answered is open for as long as it takes to close it: this very run. */
	request->deadline_ms = CLOCK_NEVER;
}

void http_request_completed(void *context, struct MHD_Connection *connection,
			    void **request_context, enum MHD_RequestTerminationCode code)
{
	struct http_request *request = *request_context;

	(void)context;
	(void)connection;
	(void)code;
	*request_context = NULL;
	if (!request)
		return;
	/* A stream whose client libmicrohttpd found gone, or that was closed here. */
	if (request->hold_end)
		http_request_hold_finish(request, HTTP_HOLD_GONE);
	http_request_release(request);
}

static enum MHD_Result body_take(struct http_request *request, const char *upload,
				 size_t *upload_size)
{
	const size_t limit = request->server->options.body_limit;

	if (!request->body_is_too_large && *upload_size <= limit - request->body.size) {
		buf_append(&request->body, upload, *upload_size);
	} else {
		request->body_is_too_large = true;
		buf_done(&request->body);
		if (*upload_size > DISCARD_BYTES - request->discarded)
			return MHD_NO;
		request->discarded += *upload_size;
	}
	*upload_size = 0;
	return buf_error(&request->body) ? MHD_NO : MHD_YES;
}

static void request_handle(struct http_request *request)
{
	struct http_server *server = request->server;

	request->stage = HTTP_STAGE_HANDLING;
	request->deadline_ms = CLOCK_NEVER;
	request->time = clock_now();
	if (request->body_is_too_large)
		http_request_reply(request, MHD_HTTP_CONTENT_TOO_LARGE, too_large_headers,
				   sizeof(too_large_headers) / sizeof(too_large_headers[0]),
				   too_large_body, sizeof(too_large_body) - 1);
	else
		server->options.handler(request, server->options.context);
	if (request->stage == HTTP_STAGE_HELD && server->is_stopping)
		http_request_hold_finish(request, HTTP_HOLD_STOPPING);
}

void http_request_suspend(struct http_request *request)
{
	struct epoll_event event = {.events = EPOLLRDHUP, .data.ptr = request};

	/* Without memory for it, only the hang-up goes unnoticed until the hold is due, or until
	 * something is written to the stream. */
	(void)epoll_ctl(request->server->watch_fd, EPOLL_CTL_ADD, request->fd, &event);
	MHD_suspend_connection(request->connection);
	request->is_suspended = true;
}

void http_request_resume(struct http_request *request)
{
	request->is_suspended = false;
	(void)epoll_ctl(request->server->watch_fd, EPOLL_CTL_DEL, request->fd, NULL);
	MHD_resume_connection(request->connection);
	request->server->must_run = true;
}

static enum MHD_Result response_queue(struct http_request *request)
{
	enum MHD_Result result =
		MHD_queue_response(request->connection, request->status, request->response);

	MHD_destroy_response(request->response);
	request->response = NULL;
	return result;
}

/* libmicrohttpd calls this at least twice: with the headers, for each piece of the body, when all
 * is there, and again after a resume. MHD_NO closes the connection. */
enum MHD_Result http_request_progress(void *context, struct MHD_Connection *connection,
				      const char *url, const char *method, const char *version,
				      const char *upload, size_t *upload_size,
				      void **request_context)
{
	struct http_request *request = *request_context;

	(void)context;
	(void)connection;
	(void)url;
	(void)version;
	if (!request || request->stage == HTTP_STAGE_ENDED)
		return MHD_NO;
	if (!request->is_begun) {
		request->is_begun = true;
		request->method = method;
		return MHD_YES;
	}
	if (*upload_size > 0)
		return body_take(request, upload, upload_size);
	if (request->stage == HTTP_STAGE_RECEIVING)
		request_handle(request);
	if (request->response && request->stage != HTTP_STAGE_ENDED)
		return response_queue(request);
	if (request->stage != HTTP_STAGE_HELD)
		return MHD_NO;
	http_request_suspend(request);
	return MHD_YES;
}

const char *http_request_method(const struct http_request *request)
{
	return request->method;
}

const char *http_request_target(const struct http_request *request)
{
	return request->target;
}

const char *http_request_body(const struct http_request *request)
{
	return buf_text(&request->body);
}

size_t http_request_body_size(const struct http_request *request)
{
	return request->body.size;
}

struct clock_time http_request_time(const struct http_request *request)
{
	return request->time;
}

struct header_search {
	const char *name;
	size_t name_size;
	const char *value;
	unsigned count;
};

static enum MHD_Result header_visit(void *context, enum MHD_ValueKind kind, const char *key,
				    size_t key_size, const char *value, size_t value_size)
{
	struct header_search *search = context;

	(void)kind;
	if (key_size != search->name_size || strncasecmp(key, search->name, key_size) != 0)
		return MHD_YES;
	if (!value)
		value = "";
	if (search->count == 0)
		search->value = value;
	search->count += value_size > 0 && memchr(value, '\0', value_size) ? 2 : 1;
	return MHD_YES;
}

unsigned http_request_header(const struct http_request *request, const char *name,
			     const char **ret_value)
{
	struct header_search search = {.name = name, .name_size = strlen(name)};

	(void)MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, header_visit,
					  &search);
	*ret_value = search.value;
	return search.count;
}

static void response_body_free(void *context)
{
	http_bytes_free(context);
}

/* Not MHD_RESPMEM_MUST_COPY or MUST_FREE: they free without erasing, and a body can hold a
 * credential. */
static struct MHD_Response *response_new(struct http_bytes *body)
{
	struct MHD_Response *response;

	if (!body)
		return NULL;
	response = MHD_create_response_from_buffer_with_free_callback_cls(
		body->bytes.size, body->bytes.bytes, response_body_free, body);
	if (response)
		body->owners++;
	return response;
}

static bool response_add_headers(struct MHD_Response *response, const struct http_header *headers,
				 size_t header_count)
{
	if (MHD_add_response_header(response, "Connection", "close") != MHD_YES)
		return false;
	for (size_t i = 0; i < header_count; i++)
		if (MHD_add_response_header(response, headers[i].name, headers[i].value) != MHD_YES)
			return false;
	return true;
}

void http_request_respond(struct http_request *request, unsigned status,
			  const struct http_header *headers, size_t header_count,
			  struct MHD_Response *response)
{
	request->status = status;
	request->response = response;
	if (!response || !response_add_headers(response, headers, header_count))
		http_connection_end(request);
	else if (request->is_suspended)
		http_request_resume(request);
}

/* Closes the oldest connections whose replies are beyond the limit. What several replies share
 * counts once. */
static void replies_limit(struct http_server *server)
{
	struct http_request *request;
	size_t total = 0;

	for (request = TAILQ_LAST(&server->requests, http_requests); request;
	     request = TAILQ_PREV(request, http_requests, link)) {
		if (request->stage != HTTP_STAGE_REPLYING || !request->reply)
			continue;
		/* Each has two owners: the request and libmicrohttpd's response. */
		total += 2 * request->reply->bytes.size / request->reply->owners;
		if (total > server->options.reply_limit)
			http_connection_end(request);
	}
}

void http_request_reply_shared(struct http_request *request, unsigned status,
			       const struct http_header *headers, size_t header_count,
			       struct http_bytes *body)
{
	if (request->stage == HTTP_STAGE_REFUSING)
		http_refusal_send(request, status, headers, header_count, body);
	if (request->stage != HTTP_STAGE_HANDLING && request->stage != HTTP_STAGE_HELD)
		return;
	request->hold_end = NULL;
	request->stage = HTTP_STAGE_REPLYING;
	request->deadline_ms = clock_now().mono_ms + request->server->request_ms;
	http_request_respond(request, status, headers, header_count, response_new(body));
	if (body && request->stage == HTTP_STAGE_REPLYING) {
		request->reply = body;
		body->owners++;
	}
	if (request->server->options.reply_limit > 0)
		replies_limit(request->server);
}

void http_request_reply_buf(struct http_request *request, unsigned status,
			    const struct http_header *headers, size_t header_count,
			    struct buf *body)
{
	_cleanup_(http_bytes_freep) struct http_bytes *bytes = http_bytes_new(body);

	http_request_reply_shared(request, status, headers, header_count, bytes);
}

void http_request_reply(struct http_request *request, unsigned status,
			const struct http_header *headers, size_t header_count, const char *body,
			size_t body_size)
{
	_cleanup_(buf_done) struct buf copy = {0};

	buf_append(&copy, body, body_size);
	http_request_reply_buf(request, status, headers, header_count, &copy);
}

void http_request_hold(struct http_request *request, int64_t until_ms,
		       http_hold_end_function *function, void *context, size_t size)
{
	if (request->stage != HTTP_STAGE_HANDLING)
		return;
	request->hold_copy = malloc(size);
	if (!request->hold_copy) {
		function(request, HTTP_HOLD_DUE, context);
		return;
	}
	request->hold_context = memcpy(request->hold_copy, context, size);
	request->stage = HTTP_STAGE_HELD;
	request->deadline_ms = until_ms;
	request->hold_end = function;
}

struct http_request *http_server_next_held(const struct http_server *server,
					   const struct http_request *after,
					   http_hold_end_function *function)
{
	struct http_request *request = after ? TAILQ_PREV(after, http_requests, link)
					     : TAILQ_LAST(&server->requests, http_requests);

	while (request && (request->stage != HTTP_STAGE_HELD || request->hold_end != function))
		request = TAILQ_PREV(request, http_requests, link);
	return request;
}

void *http_request_context(const struct http_request *request)
{
	return request->hold_context;
}

void http_request_hold_finish(struct http_request *request, enum http_hold_end why)
{
	http_hold_end_function *function = request->hold_end;
	bool was_stream = request->stage == HTTP_STAGE_STREAMING;

	request->hold_end = NULL;
	/* What the function does, a reply to a client that is gone included, must not bring it
	 * back. */
	if (why == HTTP_HOLD_GONE)
		request->stage = HTTP_STAGE_ENDED;
	if (function)
		function(request, why, request->hold_context);
	if (request->stage == HTTP_STAGE_HELD || why == HTTP_HOLD_GONE)
		http_connection_end(request);
	else if (was_stream)
		http_request_stream_end(request);
}
