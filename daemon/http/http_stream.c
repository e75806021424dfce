/* SPDX-License-Identifier: MIT */
#include "http_connections.h"

#include <limits.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* What libmicrohttpd gets at a time. The kernel counts as read what was read in whole: pieces this
 * small show that a slow client reads. */
#define PIECE_BYTES 4096

struct http_bytes *http_bytes_new(struct buf *buf)
{
	struct http_bytes *bytes = buf_error(buf) ? NULL : calloc(1, sizeof(*bytes));

	if (bytes)
		*bytes = (struct http_bytes){.bytes = *buf, .owners = 1};
	else
		buf_done(buf);
	*buf = (struct buf){0};
	return bytes;
}

void http_bytes_free(struct http_bytes *bytes)
{
	if (!bytes || --bytes->owners > 0)
		return;
	buf_done(&bytes->bytes);
	free(bytes);
}

size_t http_bytes_size(const struct http_bytes *bytes)
{
	return bytes->bytes.size;
}

/* The client has taken something: its time begins again. */
static void deadline_renew(struct http_request *request, struct clock_time now)
{
	request->progress_ms = now.mono_ms;
	request->deadline_ms = now.mono_ms + request->server->request_ms / 2;
	request->kernel_unread = INT_MAX;
}

bool http_stream_goes_on(struct http_request *request)
{
	struct clock_time now = clock_now();
	int unread;

	if (ioctl(request->fd, SIOCOUTQ, &unread) < 0 || unread >= request->kernel_unread)
		return false;
	/* The first look after libmicrohttpd took something has nothing to compare with. */
	if (request->kernel_unread < INT_MAX)
		request->progress_ms = now.mono_ms;
	request->kernel_unread = unread;
	request->deadline_ms = now.mono_ms + request->server->request_ms / 2;
	return true;
}

int64_t http_request_stream_stalled_ms(const struct http_request *request, struct clock_time now)
{
	return request->is_suspended ? 0 : now.mono_ms - request->progress_ms;
}

static void piece_drop(struct http_request *request)
{
	struct http_piece *piece = STAILQ_FIRST(&request->unsent);

	STAILQ_REMOVE_HEAD(&request->unsent, link);
	request->unsent_size -= piece->size - request->taken;
	request->taken = 0;
	http_bytes_free(piece->bytes);
	free(piece);
}

void http_stream_drop(struct http_request *request)
{
	while (!STAILQ_EMPTY(&request->unsent))
		piece_drop(request);
}

static size_t pieces_take(struct http_request *request, char *bytes, size_t max)
{
	const struct http_piece *piece;
	size_t total = 0;

	while (total < max && (piece = STAILQ_FIRST(&request->unsent))) {
		size_t left = piece->size - request->taken;
		size_t size = left < max - total ? left : max - total;

		memcpy(bytes + total, piece->bytes->bytes.bytes + request->taken, size);
		total += size;
		request->taken += size;
		request->unsent_size -= size;
		if (size == left)
			piece_drop(request);
	}
	return total;
}

/* libmicrohttpd calls this when everything before has been sent. Returning 0 while not suspended
 * would make it ask again and again. */
static ssize_t stream_read(void *context, uint64_t position, char *bytes, size_t max)
{
	struct http_request *request = context;
	size_t size = pieces_take(request, bytes, max < PIECE_BYTES ? max : PIECE_BYTES);

	(void)position;
	if (request->stage == HTTP_STAGE_ENDED)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (size == 0 && request->stage == HTTP_STAGE_REPLYING)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (size == 0) {
		http_request_suspend(request);
		request->deadline_ms = CLOCK_NEVER;
		return 0;
	}
	if (request->stage == HTTP_STAGE_STREAMING)
		deadline_renew(request, clock_now());
	return (ssize_t)size;
}

void http_request_stream(struct http_request *request, unsigned status,
			 const struct http_header *headers, size_t header_count,
			 http_hold_end_function *function, void *context)
{
	if (request->stage != HTTP_STAGE_HANDLING && request->stage != HTTP_STAGE_HELD)
		return;
	request->stage = HTTP_STAGE_STREAMING;
	deadline_renew(request, clock_now());
	request->hold_end = function;
	request->hold_context = context;
	http_request_respond(request, status, headers, header_count,
			     MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES,
							       stream_read, request, NULL));
}

void http_request_stream_share(struct http_request *request, struct http_bytes *bytes, size_t size)
{
	struct http_piece *piece;

	if (request->stage != HTTP_STAGE_STREAMING || size == 0)
		return;
	piece = bytes && size <= request->server->options.stream_backlog - request->unsent_size
			? calloc(1, sizeof(*piece))
			: NULL;
	if (!piece) {
		http_connection_end(request);
		return;
	}
	piece->bytes = bytes;
	piece->size = size;
	bytes->owners++;
	STAILQ_INSERT_TAIL(&request->unsent, piece, link);
	request->unsent_size += size;
	if (request->is_suspended) {
		deadline_renew(request, clock_now());
		http_request_resume(request);
	}
}

void http_request_stream_write(struct http_request *request, const char *bytes, size_t size)
{
	_cleanup_(buf_done) struct buf copy = {0};
	_cleanup_(http_bytes_freep) struct http_bytes *shared = NULL;

	if (request->stage != HTTP_STAGE_STREAMING || size == 0)
		return;
	if (size <= request->server->options.stream_backlog) {
		buf_append(&copy, bytes, size);
		shared = http_bytes_new(&copy);
	}
	http_request_stream_share(request, shared, size);
}

void http_request_stream_cut(struct http_request *request)
{
	request->hold_end = NULL;
	http_connection_end(request);
}

void http_request_stream_end(struct http_request *request)
{
	/* Also if it was closed here and FUNCTION does not know yet. */
	request->hold_end = NULL;
	if (request->stage != HTTP_STAGE_STREAMING)
		return;
	request->stage = HTTP_STAGE_REPLYING;
	request->deadline_ms = clock_now().mono_ms + request->server->request_ms;
	if (request->is_suspended)
		http_request_resume(request);
}
