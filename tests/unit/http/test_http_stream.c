/* SPDX-License-Identifier: MIT */
/*
 * Streamed replies over real sockets: every byte arrives, in order, or the stream is closed; a
 * client that leaves or does not read is told of exactly once and holds nothing up; an idle stream
 * costs nothing.
 */
#include "http_connections.h"
#include "support/http_fixture.h"

#include "common/digest.h"
#include "support/alloc_fault.h"

#define MANY 100
#define BACKLOG_BYTES ((size_t)1024 * 1024)
#define BIG_BYTES ((size_t)50 * 1000 * 1000)

struct fixture {
	struct http_fixture http;
	struct http_request *streams[CLIENTS]; /* by when they began; NULL: it ended */
	size_t stream_count;
	struct http_request *held;
	unsigned ends[3]; /* by enum http_hold_end */
	bool is_in_call;
	bool ends_write_to_all;
};

/* ---- the server's side ---- */

static void on_stream_end(struct http_request *request, enum http_hold_end why, void *context)
{
	struct fixture *f = context;

	assert_false(f->is_in_call);
	f->ends[why]++;
	for (size_t i = 0; i < f->stream_count; i++)
		if (f->streams[i] == request)
			f->streams[i] = NULL;
	/* Also to one that is gone: that must do nothing. */
	http_request_stream_write(request, "last ", 5);
	http_request_stream_write(request, "words", 5);
	for (size_t i = 0; f->ends_write_to_all && i < f->stream_count; i++)
		if (f->streams[i])
			http_request_stream_write(f->streams[i], "left", 4);
}

static void begin(struct fixture *f, struct http_request *request)
{
	static const struct http_header headers[] = {{"X-Test", "yes"}};

	assert_true(f->stream_count < CLIENTS);
	f->streams[f->stream_count++] = request;
	http_request_stream(request, 200, headers, 1, on_stream_end, f);
}

static void on_hold_end(struct http_request *request, enum http_hold_end why, void *context)
{
	if (why == HTTP_HOLD_DUE)
		http_request_reply(request, 200, NULL, 0, "due", 3);
	else
		begin(*(struct fixture **)context, request);
}

/* The stream's function must not be called in here. */
static void write_bytes(struct fixture *f, size_t stream, const char *bytes, size_t size)
{
	assert_non_null(f->streams[stream]);
	f->is_in_call = true;
	http_request_stream_write(f->streams[stream], bytes, size);
	f->is_in_call = false;
}

static void write_text(struct fixture *f, size_t stream, const char *text)
{
	write_bytes(f, stream, text, strlen(text));
}

static void write_zeros(struct fixture *f, size_t stream, size_t size)
{
	char *zeros = calloc(1, size);

	assert_non_null(zeros);
	write_bytes(f, stream, zeros, size);
	free(zeros);
}

static void end(struct fixture *f, size_t stream)
{
	http_request_stream_end(f->streams[stream]);
	f->streams[stream] = NULL;
}

static void handle(struct http_request *request, void *context)
{
	struct fixture *f = context;
	const char *target = http_request_target(request);

	if (strcmp(target, "/hold") == 0) {
		f->held = request;
		http_request_hold(request, clock_now().mono_ms + 5000, on_hold_end, &f, sizeof(f));
		return;
	}
	if (strcmp(target, "/plain") == 0) {
		http_request_reply(request, 200, NULL, 0, "plain", 5);
		return;
	}
	begin(f, request);
	if (strcmp(target, "/say") == 0) {
		write_text(f, f->stream_count - 1, "said at once");
	} else if (strcmp(target, "/flood") == 0) {
		write_zeros(f, f->stream_count - 1, BACKLOG_BYTES + 1);
	} else if (strcmp(target, "/empty") == 0) {
		write_text(f, f->stream_count - 1, "");
		end(f, f->stream_count - 1);
	}
}

static void start(struct fixture *f, unsigned limit, int64_t request_ms)
{
	http_fixture_start(&f->http, (struct http_server_options){
					     .handler = handle,
					     .context = f,
					     .connection_limit = limit,
					     .stream_backlog = BACKLOG_BYTES,
				     });
	if (request_ms)
		f->http.server->request_ms = request_ms;
}

static void stop(struct fixture *f)
{
	http_fixture_stop(&f->http);
}

/* ---- the clients' side ---- */

/* Opens one and runs until it has begun. */
static struct client *stream_new(struct fixture *f)
{
	size_t count = f->stream_count;
	struct client *client = client_get(&f->http, "/stream");

	for (unsigned i = 0; i < 100 && f->stream_count == count; i++)
		run_for(&f->http, 5);
	assert_int_equal(f->stream_count, count + 1);
	/* And until it has nothing to do any more. */
	run_for(&f->http, 10);
	return client;
}

/* Decodes what CLIENT got of a chunked reply so far; returns whether the last chunk is there. */
static bool decode(const struct client *client, struct buf *body)
{
	const char *at = strstr(buf_text(&client->got), "\r\n\r\n");
	const char *got_end = client->got.bytes + client->got.size;

	if (!at)
		return false;
	assert_non_null(strstr(client->got.bytes, "Transfer-Encoding: chunked\r\n"));
	for (at += 4; at < got_end;) {
		char *line_end;
		size_t size = strtoul(at, &line_end, 16);

		if (line_end + 2 + size + 2 > got_end)
			return false;
		assert_memory_equal(line_end, "\r\n", 2);
		buf_append(body, line_end + 2, size);
		at = line_end + 2 + size;
		assert_memory_equal(at, "\r\n", 2);
		at += 2;
		if (size == 0) {
			assert_ptr_equal(at, got_end);
			return true;
		}
	}
	return false;
}

struct wait {
	struct client *client;
	const char *text;
	bool is_there;
};

static bool has_body(void *context)
{
	struct wait *wait = context;
	_cleanup_(buf_done) struct buf body = {0};

	client_read(wait->client);
	(void)decode(wait->client, &body);
	wait->is_there = strstr(buf_text(&wait->client->got), "\r\n\r\n") &&
			 strcmp(buf_text(&body), wait->text) == 0;
	return wait->is_there;
}

/* Runs until exactly TEXT has arrived, in however many chunks. */
static void expect_body(struct fixture *f, struct client *client, const char *text)
{
	struct wait wait = {.client = client, .text = text};

	loop_drain(f->http.loop, has_body, &wait, 3000);
	if (!wait.is_there)
		fail_msg("expected \"%s\" in \"%s\"", text, buf_text(&client->got));
}

static void expect_end(struct fixture *f, struct client *client, const char *text)
{
	_cleanup_(buf_done) struct buf body = {0};

	expect(&f->http, client, "");
	assert_true(decode(client, &body));
	assert_string_equal(buf_text(&body), text);
}

static void expect_cut(struct fixture *f, struct client *client)
{
	_cleanup_(buf_done) struct buf body = {0};

	expect(&f->http, client, "");
	assert_false(decode(client, &body));
	/* The client can know before the function does. */
	run_for(&f->http, 10);
}

static void expect_idle(struct fixture *f)
{
	loop_drain(f->http.loop, is_idle, f->http.server, 3000);
	assert_true(http_server_count(f->http.server) == 0);
}

/* ---- what is written arrives ---- */

static void test_bytes_arrive_as_they_are_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture f = {.http.is_unix = i == 1};
		struct client *client;

		start(&f, 8, 200);
		client = stream_new(&f);
		expect_body(&f, client, "");
		write_text(&f, 0, "one ");
		expect_body(&f, client, "one ");
		/* Longer than the client may take to take something: there was nothing. */
		run_for(&f.http, 300);
		write_text(&f, 0, "two ");
		write_text(&f, 0, "");
		write_text(&f, 0, "three ");
		expect_body(&f, client, "one two three ");
		write_text(&f, 0, "four");
		end(&f, 0);
		expect_end(&f, client, "one two three four");
		assert_ptr_equal(strstr(buf_text(&client->got), "HTTP/1.1 200 "),
				 client->got.bytes);
		assert_non_null(strstr(buf_text(&client->got), "Connection: close\r\n"));
		assert_non_null(strstr(buf_text(&client->got), "X-Test: yes\r\n"));
		expect_idle(&f);
		assert_int_equal(f.ends[HTTP_HOLD_GONE] + f.ends[HTTP_HOLD_STOPPING], 0);
		stop(&f);
	}
}

static void test_a_handler_and_a_hold_can_begin_streams(void **state)
{
	struct fixture f = {0};
	struct client *client;

	(void)state;
	start(&f, 8, 0);
	expect_body(&f, client_get(&f.http, "/say"), "said at once");
	expect_end(&f, client_get(&f.http, "/empty"), "");
	client = client_get(&f.http, "/hold");
	run_for(&f.http, 30);
	begin(&f, f.held);
	write_text(&f, 2, "after");
	expect_body(&f, client, "after");
	write_text(&f, 2, " the hold");
	expect_body(&f, client, "after the hold");
	end(&f, 2);
	expect_end(&f, client, "after the hold");
	stop(&f);
}

static void test_old_clients_get_it_without_chunks(void **state)
{
	struct fixture f = {0};
	struct client *client;

	(void)state;
	start(&f, 8, 0);
	client = client_send(&f.http, "GET /say HTTP/1.0\r\n\r\n");
	run_for(&f.http, 30);
	write_text(&f, 0, ", and later");
	run_for(&f.http, 30);
	write_zeros(&f, 0, 100000);
	write_text(&f, 0, "end");
	end(&f, 0);
	expect(&f.http, client, "\r\n\r\nsaid at once, and later");
	assert_null(strstr(buf_text(&client->got), "chunked"));
	assert_memory_equal(client->got.bytes + client->got.size - 4, "\0end", 4);
	assert_int_equal(strstr(client->got.bytes, "\r\n\r\n") + 4 + 23 + 100000 + 3 -
				 client->got.bytes,
			 client->got.size);

	/* Nothing can be written to it: it ends at once. */
	client = client_send(&f.http, "HEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n");
	expect(&f.http, client, "HTTP/1.1 200 ");
	assert_memory_equal(client->got.bytes + client->got.size - 4, "\r\n\r\n", 4);
	assert_int_equal(f.ends[HTTP_HOLD_GONE], 1);
	expect_idle(&f);
	stop(&f);
}

static void test_many_streams_do_not_mix(void **state)
{
	struct buf texts[MANY] = {{0}};
	struct fixture f = {.http.is_unix = true};

	(void)state;
	start(&f, MANY, 0);
	for (size_t i = 0; i < MANY; i++)
		(void)client_get(&f.http, "/stream");
	while (f.stream_count < MANY)
		run_for(&f.http, 5);
	for (unsigned round = 0; round < 50; round++) {
		/* Each in some rounds, and some twice. */
		for (size_t i = 0; i < MANY; i++) {
			for (unsigned n = (round + (unsigned)i) % 3; n > 0; n--) {
				char text[64];

				(void)snprintf(text, sizeof(text), "%zu in round %u\n", i, round);
				buf_append_text(&texts[i], text);
				write_text(&f, i, text);
			}
		}
		run_for(&f.http, round % 2);
	}
	/* The streams began in the order in which their clients connected. */
	for (size_t i = 0; i < MANY; i++) {
		expect_body(&f, &f.http.clients[i], buf_text(&texts[i]));
		end(&f, i);
		expect_end(&f, &f.http.clients[i], buf_text(&texts[i]));
		buf_done(&texts[i]);
	}
	expect_idle(&f);
	stop(&f);
}

/* Reads little at a time. */
static void sip(struct client *client, size_t limit)
{
	char bytes[20000];
	ssize_t n = 1;

	for (size_t got = 0; got < limit && n > 0; got += (size_t)n) {
		n = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (n > 0)
			buf_append(&client->got, bytes, (size_t)n);
		else
			break;
	}
}

static void test_much_arrives_whole_through_a_slow_reader(void **state)
{
	_cleanup_(buf_done) struct buf body = {0};
	_cleanup_(buf_done) struct buf all = {0};
	char expected[SHA256_HEX_BYTES];
	char got[SHA256_HEX_BYTES];
	struct fixture f = {.http.is_unix = true};
	struct client *client;
	uint32_t random = 1;
	size_t written = 0;

	(void)state;
	start(&f, 8, 0);
	client = stream_new(&f);
	while (all.size < BIG_BYTES) {
		random = random * 1664525 + 1013904223;
		buf_append(&all, &random, sizeof(random));
	}
	while (written < all.size) {
		size_t size = 1 + (random = random * 1664525 + 1013904223) % 100000;

		if (size > all.size - written)
			size = all.size - written;
		if (written + size < client->got.size + BACKLOG_BYTES / 2) {
			write_bytes(&f, 0, all.bytes + written, size);
			written += size;
		} else {
			sip(client, 200000);
			run_for(&f.http, 1);
		}
	}
	end(&f, 0);
	expect(&f.http, client, "");
	assert_true(decode(client, &body));
	assert_int_equal(body.size, BIG_BYTES);
	assert_int_equal(digest_sha256_hex(all.bytes, all.size, NULL, 0, expected), 0);
	assert_int_equal(digest_sha256_hex(body.bytes, body.size, NULL, 0, got), 0);
	assert_string_equal(got, expected);
	stop(&f);
}

/* ---- clients that leave, or do not read ---- */

static void test_a_client_that_leaves_is_noticed_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture f = {.http.is_unix = i == 1};
		struct client *half;

		start(&f, 8, 0);
		half = stream_new(&f);
		(void)stream_new(&f);
		(void)stream_new(&f);
		/* Waiting for more. */
		assert_int_equal(shutdown(half->fd, SHUT_WR), 0);
		client_close(&f.http.clients[1]);
		run_for(&f.http, 50);
		assert_int_equal(f.ends[HTTP_HOLD_GONE], 2);
		expect_cut(&f, half);
		/* With bytes on their way that it does not read. */
		write_zeros(&f, 2, BACKLOG_BYTES);
		run_for(&f.http, 30);
		client_close(&f.http.clients[2]);
		run_for(&f.http, 50);
		assert_int_equal(f.ends[HTTP_HOLD_GONE], 3);
		assert_true(http_server_count(f.http.server) == 0);
		/* Before and after a write of the same round. */
		(void)stream_new(&f);
		(void)stream_new(&f);
		client_close(&f.http.clients[3]);
		write_text(&f, 3, "too late");
		write_text(&f, 4, "too early");
		client_close(&f.http.clients[4]);
		run_for(&f.http, 50);
		assert_int_equal(f.ends[HTTP_HOLD_GONE], 5);
		assert_true(http_server_count(f.http.server) == 0);
		assert_int_equal(f.ends[HTTP_HOLD_STOPPING], 0);
		stop(&f);
	}
}

static void test_an_end_may_write_to_the_others(void **state)
{
	struct fixture f = {.http.is_unix = true};
	struct client *stays;

	(void)state;
	start(&f, 8, 0);
	f.ends_write_to_all = true;
	(void)stream_new(&f);
	(void)stream_new(&f);
	stays = stream_new(&f);
	client_close(&f.http.clients[0]);
	client_close(&f.http.clients[1]);
	expect_body(&f, stays, "leftleft");
	assert_int_equal(f.ends[HTTP_HOLD_GONE], 2);
	/* Its backlog is full: what the end of the next one writes is too much. */
	(void)stream_new(&f);
	client_close(&f.http.clients[3]);
	write_zeros(&f, 2, BACKLOG_BYTES);
	expect_cut(&f, stays);
	assert_int_equal(f.ends[HTTP_HOLD_GONE], 4);
	stop(&f);
}

static void test_a_client_that_is_too_far_behind_is_closed(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture f = {.http.is_unix = i == 1};
		struct client *client;
		size_t written = 0;

		start(&f, 8, 0);
		client = stream_new(&f);
		while (f.ends[HTTP_HOLD_GONE] == 0) {
			write_zeros(&f, 0, 10000);
			written += 10000;
			run_for(&f.http, written % 30000 == 0 ? 1 : 0);
			assert_true(written < 16 * BACKLOG_BYTES);
		}
		assert_true(written > BACKLOG_BYTES);
		assert_true(http_server_count(f.http.server) == 0);
		expect_cut(&f, client);
		assert_int_equal(f.ends[HTTP_HOLD_GONE], 1);
		stop(&f);
	}
}

static void test_the_bound_is_exact_and_told_later(void **state)
{
	struct fixture f = {0};
	struct client *client;

	(void)state;
	start(&f, 8, 0);
	client = stream_new(&f);
	write_zeros(&f, 0, BACKLOG_BYTES);
	run_for(&f.http, 20);
	assert_false(client_is_closed(client));
	end(&f, 0);
	expect(&f.http, client, "HTTP/1.1 200 ");

	client = stream_new(&f);
	write_zeros(&f, 1, BACKLOG_BYTES);
	write_text(&f, 1, "x");
	/* It is closed, and does not know yet. */
	write_text(&f, 1, "y");
	assert_int_equal(f.ends[HTTP_HOLD_GONE], 0);
	expect_cut(&f, client);
	assert_int_equal(f.ends[HTTP_HOLD_GONE], 1);

	client = stream_new(&f);
	write_zeros(&f, 2, BACKLOG_BYTES + 1);
	end(&f, 2);
	expect_cut(&f, client);
	/* After the end nothing is told any more. */
	assert_int_equal(f.ends[HTTP_HOLD_GONE], 1);

	expect_closed_without_a_word(&f.http, client_get(&f.http, "/flood"));
	assert_int_equal(f.ends[HTTP_HOLD_GONE], 2);
	expect_idle(&f);
	stop(&f);
}

static void test_a_client_that_takes_nothing_is_given_up(void **state)
{
	struct fixture f = {.http.is_unix = true};
	struct client *slow;
	int64_t start_ms;

	(void)state;
	start(&f, 8, 500);
	(void)stream_new(&f);
	slow = stream_new(&f);
	start_ms = clock_now().mono_ms;
	write_zeros(&f, 0, BACKLOG_BYTES);
	write_zeros(&f, 1, BACKLOG_BYTES);
	while (f.ends[HTTP_HOLD_GONE] == 0 && clock_now().mono_ms - start_ms < 3000) {
		sip(slow, 60000);
		run_for(&f.http, 60);
	}
	assert_in_range(clock_now().mono_ms - start_ms, 500, 2000);
	assert_null(f.streams[0]);
	for (unsigned i = 0; i < 6; i++) {
		sip(slow, 60000);
		run_for(&f.http, 60);
	}
	assert_non_null(f.streams[1]);
	/* The end is a reply like others: to be taken in one time. */
	start_ms = clock_now().mono_ms;
	write_zeros(&f, 1, 400000);
	end(&f, 1);
	while (http_server_count(f.http.server) > 0 && clock_now().mono_ms - start_ms < 3000) {
		sip(slow, 1000);
		run_for(&f.http, 60);
	}
	assert_in_range(clock_now().mono_ms - start_ms, 500, 2000);
	assert_int_equal(f.ends[HTTP_HOLD_GONE], 1);
	stop(&f);
}

static void test_without_memory_it_is_closed_and_nothing_stays(void **state)
{
	struct fixture f = {.http.is_unix = true};
	struct client *client;

	(void)state;
	start(&f, 8, 0);
	client = stream_new(&f);
	alloc_unerased = 0;
	write_text(&f, 0, "with " ALLOC_MARKER);
	expect_body(&f, client, "with " ALLOC_MARKER);
	for (unsigned i = 0; i < 100; i++)
		write_text(&f, 0, "a line with " ALLOC_MARKER " in it\n");
	alloc_fail_at = 1;
	while (alloc_fail_at > 0)
		write_text(&f, 0, "a line with " ALLOC_MARKER " in it\n");
	assert_int_equal(f.ends[HTTP_HOLD_GONE], 0);
	expect_cut(&f, client);
	assert_int_equal(f.ends[HTTP_HOLD_GONE], 1);
	assert_int_equal(alloc_unerased, 0);
	expect_idle(&f);
	stop(&f);
}

/* ---- stopping, making room, waiting ---- */

static void test_stopping_lets_streams_end_well(void **state)
{
	_cleanup_(buf_done) struct buf body = {0};
	struct fixture f = {0};
	struct client *idle;
	struct client *busy;
	struct client *held;
	struct client *late;

	(void)state;
	start(&f, 8, 0);
	idle = stream_new(&f);
	busy = stream_new(&f);
	write_text(&f, 0, "first ");
	expect_body(&f, idle, "first ");
	write_zeros(&f, 1, BACKLOG_BYTES - 10);
	held = client_get(&f.http, "/hold");
	late = client_send(&f.http, "GET /say HTTP/1.1\r\nHo");
	run_for(&f.http, 30);
	http_server_quiesce(f.http.server);
	expect_end(&f, idle, "first last words");
	expect_end(&f, held, "last words");
	assert_false(http_server_count(f.http.server) == 0);
	client_send_bytes(late, "st: h\r\n\r\n", 9);
	expect_end(&f, late, "said at oncelast words");
	expect(&f.http, busy, "");
	assert_true(decode(busy, &body));
	assert_int_equal(body.size, BACKLOG_BYTES);
	assert_string_equal(body.bytes + body.size - 10, "last words");
	expect_idle(&f);
	assert_int_equal(f.ends[HTTP_HOLD_STOPPING], 4);
	assert_int_equal(f.ends[HTTP_HOLD_GONE], 0);
	stop(&f);
}

static void test_freeing_ends_streams(void **state)
{
	_cleanup_(buf_done) struct buf body = {0};
	struct fixture f = {0};
	struct client *idle;

	(void)state;
	start(&f, 8, 0);
	f.ends_write_to_all = true;
	idle = stream_new(&f);
	(void)stream_new(&f);
	(void)stream_new(&f);
	(void)stream_new(&f);
	write_zeros(&f, 1, BACKLOG_BYTES);
	run_for(&f.http, 30);
	/* Closed, resumed, begun in vain: all without another round. */
	write_zeros(&f, 2, BACKLOG_BYTES + 1);
	write_text(&f, 3, "never sent");
	(void)client_get(&f.http, "/hold");
	run_for(&f.http, 0);
	http_server_free(f.http.server);
	f.http.server = NULL;
	assert_int_equal(f.ends[HTTP_HOLD_GONE], 4);
	assert_int_equal(f.ends[HTTP_HOLD_STOPPING], 0);
	assert_true(client_is_closed(idle));
	assert_false(decode(idle, &body));
	stop(&f);
}

static void test_streams_make_room_last(void **state)
{
	struct fixture f = {0};
	struct client *one;
	struct client *held;
	struct client *two;

	(void)state;
	start(&f, 3, 0);
	one = stream_new(&f);
	held = client_get(&f.http, "/hold");
	run_for(&f.http, 20);
	two = stream_new(&f);
	expect(&f.http, client_get(&f.http, "/plain"), "plain");
	expect(&f.http, held, "due");
	(void)stream_new(&f);
	assert_int_equal(f.ends[HTTP_HOLD_GONE], 0);
	expect(&f.http, client_get(&f.http, "/plain"), "plain");
	assert_int_equal(f.ends[HTTP_HOLD_GONE], 1);
	expect_cut(&f, one);
	write_text(&f, 1, "still here");
	expect_body(&f, two, "still here");
	stop(&f);
}

static void test_an_idle_stream_wakes_nobody(void **state)
{
	struct fixture f = {.http.is_quiet = true};
	struct client *client;
	unsigned rounds;

	(void)state;
	start(&f, 8, 100);
	client = stream_new(&f);
	write_text(&f, 0, "something");
	expect_body(&f, client, "something");
	run_for(&f.http, 20);
	rounds = f.http.rounds;
	run_for(&f.http, 300);
	/* The one that ends the wait. */
	assert_int_equal(f.http.rounds - rounds, 1);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_arrive_as_they_are_written),
		cmocka_unit_test(test_a_handler_and_a_hold_can_begin_streams),
		cmocka_unit_test(test_old_clients_get_it_without_chunks),
		cmocka_unit_test(test_many_streams_do_not_mix),
		cmocka_unit_test(test_much_arrives_whole_through_a_slow_reader),
		cmocka_unit_test(test_a_client_that_leaves_is_noticed_once),
		cmocka_unit_test(test_an_end_may_write_to_the_others),
		cmocka_unit_test(test_a_client_that_is_too_far_behind_is_closed),
		cmocka_unit_test(test_the_bound_is_exact_and_told_later),
		cmocka_unit_test(test_a_client_that_takes_nothing_is_given_up),
		cmocka_unit_test(test_without_memory_it_is_closed_and_nothing_stays),
		cmocka_unit_test(test_stopping_lets_streams_end_well),
		cmocka_unit_test(test_freeing_ends_streams),
		cmocka_unit_test(test_streams_make_room_last),
		cmocka_unit_test(test_an_idle_stream_wakes_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
