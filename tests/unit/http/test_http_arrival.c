/* SPDX-License-Identifier: MIT */
/*
 * Which of the two libmicrohttpds gets a connection, over real sockets: a small head that is
 * there as a whole costs little, and every other head has the room that it may need.
 */
#include "http_connections.h"
#include "support/http_fixture.h"

#define HEAD_LIMIT ((size_t)128 * 1024)

struct fixture {
	struct http_fixture http;
	struct http_request *held;
};

static void on_hold_end(struct http_request *request, enum http_hold_end why, void *context)
{
	(void)request;
	(void)why;
	(void)context;
}

static void handle(struct http_request *request, void *context)
{
	struct fixture *f = context;

	f->held = request;
	http_request_hold(request, INT64_MAX, on_hold_end, &f, sizeof(f));
}

static void refuse(struct http_request *request, void *context)
{
	(void)request;
	(void)context;
	fail();
}

static void start(struct fixture *f)
{
	http_fixture_start(&f->http, (struct http_server_options){
					     .handler = handle,
					     .context = f,
					     .connection_limit = 8,
					     .refuse = refuse,
					     .head_limit = HEAD_LIMIT,
				     });
}

static unsigned connections(struct MHD_Daemon *daemon)
{
	return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

static bool is_held(void *context)
{
	const struct fixture *f = context;

	return f->held != NULL;
}

/* Waits for the handler, asks that the connection is in the one that it should be in, and answers.
 */
static void expect_in(struct fixture *f, struct client *client, bool is_large)
{
	loop_drain(f->http.loop, is_held, f, 3000);
	assert_true(is_held(f));
	assert_int_equal(connections(f->http.server->large), is_large ? 1 : 0);
	assert_int_equal(connections(f->http.server->daemon), is_large ? 0 : 1);
	http_request_reply(f->held, 200, NULL, 0, "fine", 4);
	f->held = NULL;
	expect(&f->http, client, "\r\n\r\nfine");
	loop_drain(f->http.loop, is_idle, f->http.server, 2000);
	assert_int_equal(http_server_count(f->http.server), 0);
}

/* A head of SIZE bytes. */
static void head_send(struct client *client, size_t size)
{
	static const char begin[] = "GET / HTTP/1.1\r\nHost: h\r\nCookie: ";
	_cleanup_(buf_done) struct buf head = {0};

	buf_append_text(&head, begin);
	while (head.size < size - 4)
		buf_append_text(&head, "c");
	buf_append_text(&head, "\r\n\r\n");
	client_send_bytes(client, head.bytes, head.size);
}

static void test_a_small_head_costs_little(void **state)
{
	struct fixture f = {0};
	struct client *client;

	(void)state;
	start(&f);
	expect_in(&f, client_get(&f.http, "/"), false);
	/* What is sent long after the connection was made. */
	client = client_new(&f.http);
	run_for(&f.http, 30);
	head_send(client, 8000);
	expect_in(&f, client, false);
	http_fixture_stop(&f.http);
}

static void test_other_heads_have_room(void **state)
{
	static const char end[] = "host: h\r\n\r\n";
	struct fixture f = {0};
	struct client *client;

	(void)state;
	start(&f);
	client = client_new(&f.http);
	head_send(client, 9000);
	expect_in(&f, client, true);
	client = client_new(&f.http);
	head_send(client, HEAD_LIMIT - 1);
	expect_in(&f, client, true);
	/* Nobody knows yet how long this one gets. */
	client = client_send(&f.http, "GET / HTTP/1.1\r\n");
	run_for(&f.http, 30);
	client_send_bytes(client, end, sizeof(end) - 1);
	expect_in(&f, client, true);
	http_fixture_stop(&f.http);
}

static void test_who_sends_nothing_does_not_stay(void **state)
{
	struct fixture f = {0};
	struct client *client;

	(void)state;
	start(&f);
	client = client_new(&f.http);
	run_for(&f.http, 30);
	assert_int_equal(http_server_count(f.http.server), 1);
	client_close(client);
	loop_drain(f.http.loop, is_idle, f.http.server, 2000);
	assert_int_equal(http_server_count(f.http.server), 0);

	f.http.server->request_ms = 50;
	expect_closed_without_a_word(&f.http, client_new(&f.http));
	assert_int_equal(http_server_count(f.http.server), 0);
	/* And when the server ends. */
	f.http.server->request_ms = HTTP_SERVER_REQUEST_MS;
	(void)client_new(&f.http);
	run_for(&f.http, 30);
	assert_int_equal(http_server_count(f.http.server), 1);
	http_fixture_stop(&f.http);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_small_head_costs_little),
		cmocka_unit_test(test_other_heads_have_room),
		cmocka_unit_test(test_who_sends_nothing_does_not_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
