/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/events: what happens to the accounts, one JSON object a line. The snapshot at its
 * beginning and the place among those who are told of changes are had in one step of the loop, so
 * that nothing is lost between the two.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "common/vocabulary.h"
#include "control_json.h"
#include "control_messages.h"

struct control_stream {
	LIST_ENTRY(control_stream) link;
	struct control *control;
	struct http_request *request;
	bool is_agent; /* misskey-authd-agent's: keeps nobody from ending, and is told more */
};

/* ---- Lines ---- */

/* {"event": NAME, "time": …}; NULL without memory. */
static struct json *event_new(const char *name, struct clock_time now)
{
	_cleanup_(json_freep) struct json *event = json_new_object();
	char time[TEXT_TIME_BYTES];

	text_time(now.unix_s, time);
	if (json_add_string(event, "event", name) || json_add_string(event, "time", time))
		return NULL;
	return TAKE_PTR(event);
}

/* Takes EVENT (NULL: no memory). */
static int event_print(struct json *event, struct buf *line)
{
	int r = event ? json_print(event, false, line) : ERR_NOMEM;

	json_free(event);
	buf_append_char(line, '\n');
	return r ? r : buf_error(line);
}

static void unlink_stream(struct control_stream *stream)
{
	stream->control->stream_count--;
	stream->control->agent_count -= stream->is_agent;
	LIST_REMOVE(stream, link);
	free(stream);
}

/* A line that cannot be put together ends the streams: their clients come again for another
 * snapshot, and nothing is missed. */
static void end_all(struct control *control)
{
	struct control_stream *stream;

	while ((stream = LIST_FIRST(&control->streams))) {
		http_request_stream_end(stream->request);
		unlink_stream(stream);
	}
}

/* Takes EVENT. */
static void tell(struct control *control, struct json *event, bool only_agents)
{
	_cleanup_(buf_done) struct buf line = {0};
	_cleanup_(http_bytes_freep) struct http_bytes *bytes = NULL;
	size_t size;

	if (event_print(event, &line) == 0) {
		size = line.size;
		bytes = http_bytes_new(&line);
	}
	if (!bytes) {
		end_all(control);
		return;
	}
	for (struct control_stream *stream = LIST_FIRST(&control->streams); stream;
	     stream = LIST_NEXT(stream, link))
		if (stream->is_agent || !only_agents)
			http_request_stream_share(stream->request, bytes, size);
}

/* ---- What is told ---- */

static struct json *account_event(struct control *control, enum service_change change,
				  struct account *account, struct clock_time now)
{
	static const char *const names[] = {
		[SERVICE_LOGIN_CHANGED] = EVENT_LOGIN,
		[SERVICE_CREDENTIAL_CHANGED] = EVENT_CREDENTIAL,
		[SERVICE_ACCOUNT_CHANGED] = EVENT_ACCOUNT,
		[SERVICE_ACCOUNT_REMOVED] = EVENT_REMOVED,
		[SERVICE_VERIFICATION_ENDED] = EVENT_VERIFICATION,
		[SERVICE_RELOADED] = EVENT_RELOAD,
	};
	_cleanup_(json_freep) struct json *event = event_new(names[change], now);

	if (account && json_add(event, "account", control_json_account(control, account)))
		return NULL;
	return TAKE_PTR(event);
}

void control_events_tell(struct control *control, enum service_change change,
			 struct account *account, struct clock_time now)
{
	/* A reload is for the agent alone, and so is one whose first login has not come to a
	 * consent page: it is in no list either, but that it failed is worth a hook. */
	if (!LIST_EMPTY(&control->streams))
		tell(control, account_event(control, change, account, now),
		     !account || account->is_unlisted);
}

int64_t control_events_deadline(const struct control *control)
{
	return LIST_EMPTY(&control->streams) ? CLOCK_NEVER : control->heartbeat_ms;
}

void control_events_tick(struct control *control, struct clock_time now)
{
	if (now.mono_ms < control_events_deadline(control))
		return;
	control->heartbeat_ms = now.mono_ms + CONTROL_HEARTBEAT_MS;
	tell(control, event_new(EVENT_HEARTBEAT, now), false);
}

/* ---- Streams ---- */

static void end_stream(struct http_request *request, enum http_hold_end why, void *context)
{
	struct control_stream *stream = context;
	_cleanup_(buf_done) struct buf line = {0};

	if (why == HTTP_HOLD_STOPPING &&
	    event_print(event_new(EVENT_STOPPING, clock_now()), &line) == 0)
		http_request_stream_write(request, buf_text(&line), line.size);
	unlink_stream(stream);
}

/* Closes the stream whose client has taken nothing for longest, if that is long. */
static bool make_room(struct control *control, struct clock_time now)
{
	struct control_stream *slowest = NULL;
	int64_t longest_ms = CONTROL_STREAM_STALLED_MS - 1;

	for (struct control_stream *stream = LIST_FIRST(&control->streams); stream;
	     stream = LIST_NEXT(stream, link)) {
		int64_t stalled_ms = http_request_stream_stalled_ms(stream->request, now);

		if (stalled_ms > longest_ms) {
			longest_ms = stalled_ms;
			slowest = stream;
		}
	}
	if (!slowest)
		return false;
	http_request_stream_cut(slowest->request);
	unlink_stream(slowest);
	return true;
}

/* {"event": "snapshot", "time": …, "status": STATUS}, whose STATUS all clients share. */
static void write_snapshot(struct http_request *request, struct clock_time now,
			   struct http_bytes *status)
{
	char time[TEXT_TIME_BYTES];
	char begin[64 + TEXT_TIME_BYTES];
	int size;

	text_time(now.unix_s, time);
	size = snprintf(begin, sizeof(begin),
			"{\"event\":\"" EVENT_SNAPSHOT "\",\"time\":\"%s\",\"status\":", time);
	http_request_stream_write(request, begin, (size_t)size);
	/* Without its line's end. */
	http_request_stream_share(request, status, http_bytes_size(status) - 1);
	http_request_stream_write(request, "}\n", 2);
}

void control_get_events(struct control *control, struct http_request *request, bool is_agent)
{
	static const struct http_header headers[] = {
		{"Content-Type", "application/x-ndjson"},
		{"Cache-Control", "no-store"},
	};
	struct clock_time now = http_request_time(request);
	struct http_bytes *status;
	struct control_stream *stream;

	if (control->stream_count >= CONTROL_STREAMS && !make_room(control, now)) {
		control_reply_error(request, 503, CODE_TOO_MANY_STREAMS,
				    "Too many clients follow the events. Stop one, then try "
				    "again.");
		return;
	}
	status = control_shared(control,
				is_agent ? CONTROL_SHARED_STATUS_FOR_AGENT : CONTROL_SHARED_STATUS);
	stream = status ? calloc(1, sizeof(*stream)) : NULL;
	if (!stream) {
		control_reply_error(request, 500, CODE_INTERNAL, "There is no memory left.");
		return;
	}
	stream->request = request;
	stream->control = control;
	stream->is_agent = is_agent;
	control->agent_count += is_agent;
	if (LIST_EMPTY(&control->streams))
		control->heartbeat_ms = now.mono_ms + CONTROL_HEARTBEAT_MS;
	LIST_INSERT_HEAD(&control->streams, stream, link);
	control->stream_count++;
	http_request_stream(request, 200, headers, sizeof(headers) / sizeof(headers[0]), end_stream,
			    stream);
	write_snapshot(request, now, status);
}
