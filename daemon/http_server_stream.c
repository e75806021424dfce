/* SPDX-License-Identifier: MIT */
#include "daemon/http_server_internal.h"

#include <string.h>

/* What libmicrohttpd asks for at a time where chunks are not understood (HTTP/1.0); it has memory
 * for it in each response. Chunks are as large as a connection's memory allows. */
#define PIECE_BYTES 4096

/* While libmicrohttpd has it not suspended, there is something for the client to take. */
static void deadline_renew(struct http_request *request)
{
	request->deadline_ms = moment_now().mono_ms + request->server->options.request_ms;
}

/* libmicrohttpd calls this when everything before has been sent. Returning 0 while not suspended
 * would make it ask again and again. */
static ssize_t stream_read(void *context, uint64_t position, char *bytes, size_t max)
{
	struct http_request *request = context;
	struct buf *unsent = &request->unsent;
	size_t size = unsent->size < max ? unsent->size : max;

	(void)position;
	if (request->stage == HTTP_STAGE_ENDED)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (size == 0 && request->stage == HTTP_STAGE_REPLYING)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (size == 0) {
		http_request_suspend(request);
		request->deadline_ms = MOMENT_NEVER;
		return 0;
	}
	memcpy(bytes, unsent->bytes, size);
	buf_remove_front(unsent, size);
	/* An idle stream keeps no memory. */
	if (unsent->size == 0)
		buf_done(unsent);
	if (request->stage == HTTP_STAGE_STREAMING)
		deadline_renew(request);
	return (ssize_t)size;
}

void http_request_stream(struct http_request *request, unsigned status,
			 const struct http_header *headers, size_t header_count,
			 http_hold_end_function *function, void *context)
{
	if (request->stage != HTTP_STAGE_HANDLING && request->stage != HTTP_STAGE_HELD)
		return;
	request->stage = HTTP_STAGE_STREAMING;
	deadline_renew(request);
	request->hold_end = function;
	request->hold_context = context;
	http_request_respond(request, status, headers, header_count,
			     MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES,
							       stream_read, request, NULL));
}

void http_request_stream_write(struct http_request *request, const char *bytes, size_t size)
{
	struct buf *unsent = &request->unsent;
	bool fits = size <= request->server->options.stream_backlog - unsent->size;

	if (request->stage != HTTP_STAGE_STREAMING || size == 0)
		return;
	if (fits)
		buf_append(unsent, bytes, size);
	if (!fits || buf_error(unsent)) {
		http_connection_end(request);
		return;
	}
	if (request->is_suspended)
		http_request_resume(request);
}

void http_request_stream_end(struct http_request *request)
{
	/* Also if it was closed here and FUNCTION does not know yet. */
	request->hold_end = NULL;
	if (request->stage != HTTP_STAGE_STREAMING)
		return;
	request->stage = HTTP_STAGE_REPLYING;
	deadline_renew(request);
	if (request->is_suspended)
		http_request_resume(request);
}
