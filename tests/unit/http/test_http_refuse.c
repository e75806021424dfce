/* SPDX-License-Identifier: MIT */
/*
 * A head that is too large, over real sockets: the client gets the answer of the options' function,
 * however much it still sends, and its connection does not stay.
 */
#include "http_connections.h"
#include "support/http_fixture.h"

#define HEAD_LIMIT 8000

struct fixture {
	struct http_fixture http;
	unsigned handled;
	unsigned refused;
};

static void handle(struct http_request *request, void *context)
{
	struct fixture *f = context;

	f->handled++;
	http_request_reply(request, 200, NULL, 0, "fine", 4);
}

static void refuse(struct http_request *request, void *context)
{
	static const struct http_header headers[] = {{"X-Test", "yes"}};
	struct fixture *f = context;

	f->refused++;
	http_request_reply(request, 431, headers, 1, "too large", 9);
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

/* Begins a head of SIZE bytes, without its end. */
static struct client *head_of(struct fixture *f, size_t size)
{
	static const char begin[] = "GET / HTTP/1.1\r\nHost: h\r\nCookie: ";
	struct client *client = client_send(&f->http, begin);

	for (size_t n = sizeof(begin) - 1; n < size; n++)
		client_send_bytes(client, "c", 1);
	return client;
}

static bool is_answered(void *context)
{
	struct client *client = context;

	client_read(client);
	return client->got.size > 0 && strstr(buf_text(&client->got), "too large");
}

static struct client *refused_client(struct fixture *f)
{
	struct client *client = head_of(f, HEAD_LIMIT + 1);

	loop_drain(f->http.loop, is_answered, client, 2000);
	assert_true(is_answered(client));
	return client;
}

static void test_the_limit_is_exact(void **state)
{
	struct fixture f = {0};
	struct client *client;

	(void)state;
	start(&f);
	client = head_of(&f, HEAD_LIMIT - 4);
	run_for(&f.http, 20);
	client_send_bytes(client, "\r\n\r\n", 4);
	expect(&f.http, client, "\r\n\r\nfine");
	assert_int_equal(f.refused, 0);

	client = refused_client(&f);
	assert_ptr_equal(strstr(buf_text(&client->got), "HTTP/1.1 431 "), client->got.bytes);
	assert_non_null(strstr(buf_text(&client->got), "\r\nConnection: close\r\n"));
	assert_non_null(strstr(buf_text(&client->got), "\r\nContent-Length: 9\r\n"));
	assert_non_null(strstr(buf_text(&client->got), "\r\nX-Test: yes\r\n\r\ntoo large"));
	assert_int_equal(f.handled, 1);
	assert_int_equal(f.refused, 1);
	http_fixture_stop(&f.http);
}

static void test_what_is_still_sent_is_thrown_away(void **state)
{
	struct fixture f = {0};
	struct client *client;
	char bytes[10000];

	(void)state;
	memset(bytes, 'c', sizeof(bytes));
	start(&f);
	client = head_of(&f, HEAD_LIMIT + 1);
	for (unsigned n = 0; n < 100; n++) {
		client_send_bytes(client, bytes, sizeof(bytes));
		run_for(&f.http, 1);
	}
	/* With bytes unread, closing would take the answer away. */
	client_send_bytes(client, "\r\n\r\n", 4);
	assert_int_equal(shutdown(client->fd, SHUT_WR), 0);
	expect(&f.http, client, "\r\n\r\ntoo large");
	loop_drain(f.http.loop, is_idle, f.http.server, 2000);
	assert_true(http_server_count(f.http.server) == 0);
	assert_int_equal(f.refused, 1);
	http_fixture_stop(&f.http);
}

static void test_a_client_that_sends_on_is_closed(void **state)
{
	struct fixture f = {0};
	struct client *client;
	char bytes[100000] = {0};
	size_t sent = 0;

	(void)state;
	start(&f);
	client = refused_client(&f);
	while (http_server_count(f.http.server) > 0) {
		ssize_t n = send(client->fd, bytes, sizeof(bytes), MSG_NOSIGNAL | MSG_DONTWAIT);

		sent += n > 0 ? (size_t)n : 0;
		run_for(&f.http, 1);
		assert_true(sent < (size_t)64 * 1024 * 1024);
	}
	assert_true(sent > (size_t)16 * 1024 * 1024);
	http_fixture_stop(&f.http);
}

static void test_a_client_that_stays_is_closed(void **state)
{
	struct fixture f = {0};
	struct http_request *request;

	(void)state;
	start(&f);
	(void)refused_client(&f);
	run_for(&f.http, 20);
	assert_false(http_server_count(f.http.server) == 0);
	request = TAILQ_FIRST(&f.http.server->requests);
	assert_true(request->deadline_ms <= clock_now().mono_ms + HTTP_SERVER_REQUEST_MS);
	request->deadline_ms = 0;
	loop_drain(f.http.loop, is_idle, f.http.server, 2000);
	assert_true(http_server_count(f.http.server) == 0);

	/* And when the server ends. */
	(void)refused_client(&f);
	http_fixture_stop(&f.http);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_limit_is_exact),
		cmocka_unit_test(test_what_is_still_sent_is_thrown_away),
		cmocka_unit_test(test_a_client_that_sends_on_is_closed),
		cmocka_unit_test(test_a_client_that_stays_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
