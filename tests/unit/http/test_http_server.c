/* SPDX-License-Identifier: MIT */
/*
 * The HTTP server over real sockets, clients and server in one loop: what handlers see, held
 * replies, and that no client, slow, mute, greedy or gone, keeps another one from its answer.
 */
#include "http_connections.h"
#include "support/http_fixture.h"

#include <sys/resource.h>
#include <sys/wait.h>

#define HELD 16
#define HEAD_LIMIT ((size_t)128 * 1024)
#define BODY_LIMIT 1000
#define BIG_BYTES ((size_t)8 * 1024 * 1024)

struct fixture {
	struct http_fixture http;
	struct http_request *held[HELD];
	size_t held_count;
	int64_t hold_ms;
	unsigned handled;
	unsigned ends[3]; /* by enum http_hold_end */
	bool ends_reply_to_all;
	bool ends_stay_silent;
};

/* ---- the server's side ---- */

static void say(struct http_request *request, const char *text)
{
	static const struct http_header headers[] = {{"X-Test", "yes"}};

	http_request_reply(request, 200, headers, 1, text, strlen(text));
}

static void release_all(struct fixture *f, const char *text)
{
	for (size_t i = 0; i < f->held_count; i++)
		say(f->held[i], text);
	f->held_count = 0;
}

static void forget(struct fixture *f, const struct http_request *request)
{
	for (size_t i = 0; i < f->held_count; i++)
		if (f->held[i] == request)
			f->held[i] = f->held[--f->held_count];
}

static void on_hold_end(struct http_request *request, enum http_hold_end why, void *context)
{
	static const char *const texts[] = {"due", "gone", "stopping"};
	struct fixture *f = *(struct fixture **)context;

	f->ends[why]++;
	forget(f, request);
	/* Also to one that is gone: that must do nothing. */
	if (!f->ends_stay_silent)
		say(request, texts[why]);
	if (f->ends_reply_to_all)
		release_all(f, "released by an end");
}

static void on_other_hold_end(struct http_request *request, enum http_hold_end why, void *context)
{
	on_hold_end(request, why, context);
}

static void describe(struct http_request *request)
{
	_cleanup_(buf_done) struct buf text = {0};
	const char *host;
	const char *special;
	unsigned hosts = http_request_header(request, "hOST", &host);
	unsigned specials = http_request_header(request, "X-Special", &special);

	assert_true(http_request_time(request).mono_ms > 0);
	assert_int_equal(strlen(http_request_body(request)), http_request_body_size(request));
	buf_append_format(&text, "[%s] [%s] %zu bytes [%.5s] hosts %u [%s] specials %u [%s]",
			  http_request_method(request), http_request_target(request),
			  http_request_body_size(request), http_request_body(request), hosts,
			  host ? host : "none", specials, special ? special : "none");
	say(request, buf_text(&text));
}

static void reply_big(struct http_request *request)
{
	char *big = calloc(1, BIG_BYTES);

	assert_non_null(big);
	http_request_reply(request, 200, NULL, 0, big, BIG_BYTES);
	free(big);
}

static void handle(struct http_request *request, void *context)
{
	struct fixture *f = context;
	const char *target = http_request_target(request);

	f->handled++;
	if (strcmp(target, "/hold") == 0) {
		assert_true(f->held_count < HELD);
		f->held[f->held_count++] = request;
		http_request_hold(request, clock_now().mono_ms + f->hold_ms, on_hold_end, &f,
				  sizeof(f));
	} else if (strcmp(target, "/release") == 0) {
		release_all(f, "released");
		say(request, "did");
	} else if (strcmp(target, "/hold-and-say") == 0) {
		http_request_hold(request, clock_now().mono_ms, on_hold_end, &f, sizeof(f));
		say(request, "said");
		say(request, "said twice");
	} else if (strcmp(target, "/stop") == 0) {
		http_request_hold(request, clock_now().mono_ms + 5000, on_hold_end, &f, sizeof(f));
		http_server_quiesce(f->http.server);
	} else if (strcmp(target, "/big") == 0) {
		reply_big(request);
	} else if (strcmp(target, "/bad-header") == 0) {
		http_request_reply(request, 200, &(struct http_header){"X", "a\r\nY: b"}, 1, "", 0);
	} else if (strcmp(target, "/nothing") != 0) {
		describe(request);
	}
}

/* No head here is that large. With a limit, a connection is looked at before libmicrohttpd gets it.
 */
static void refuse(struct http_request *request, void *context)
{
	(void)request;
	(void)context;
	fail();
}

static void start(struct fixture *f, unsigned limit, int64_t request_ms)
{
	f->hold_ms = 5000;
	http_fixture_start(&f->http, (struct http_server_options){
					     .handler = handle,
					     .context = f,
					     .connection_limit = limit,
					     .refuse = f->http.is_unix ? NULL : refuse,
					     .head_limit = HEAD_LIMIT,
					     .body_limit = BODY_LIMIT,
				     });
	if (request_ms)
		f->http.server->request_ms = request_ms;
}

static void stop(struct fixture *f)
{
	http_fixture_stop(&f->http);
}

/* ---- what handlers see ---- */

static void test_a_request_is_answered_and_closed(void **state)
{
	struct fixture f = {0};
	struct client *client;

	(void)state;
	start(&f, 8, 0);
	client = client_send(&f.http,
			     "POST /a HTTP/1.1\r\nHost: h:1\r\nContent-Length: 3\r\n\r\nabc");
	expect(&f.http, client, "[POST] [/a] 3 bytes [abc] hosts 1 [h:1] specials 0 [none]");
	assert_ptr_equal(strstr(buf_text(&client->got), "HTTP/1.1 200 "), client->got.bytes);
	assert_non_null(strstr(buf_text(&client->got), "Connection: close\r\n"));
	assert_non_null(strstr(buf_text(&client->got), "X-Test: yes\r\n"));
	assert_int_equal(f.handled, 1);
	assert_true(http_server_count(f.http.server) == 0);
	stop(&f);
}

static void test_keep_alive_and_pipelining_are_refused(void **state)
{
	static const char two[] = "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
				  "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n";
	struct fixture f = {0};

	(void)state;
	start(&f, 8, 0);
	expect(&f.http, client_send(&f.http, "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
	       "[/1]");
	expect(&f.http, client_send(&f.http, two), "[/2]");
	run_for(&f.http, 30);
	assert_int_equal(f.handled, 2);
	stop(&f);
}

static void test_the_target_is_as_on_the_wire(void **state)
{
	static const char *const targets[] = {
		"/cb%3fx",   "/callback?token=a%20b&token=c+d%00",
		"//h/../cb", "http://127.0.0.1:1/cb?x",
		"/cb?token", "/%63allback",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct fixture f = {0};
		char expected[128];

		start(&f, 8, 0);
		(void)snprintf(expected, sizeof(expected), "[%s]", targets[i]);
		expect(&f.http, client_get(&f.http, targets[i]), expected);
		stop(&f);
	}
}

static void test_headers_are_counted(void **state)
{
	static const char with_nul[] = "GET / HTTP/1.1\r\nHost: h\r\nX-Special: a\0b\r\n\r\n";
	struct fixture f = {0};
	struct client *client;

	(void)state;
	start(&f, 8, 0);
	expect(&f.http, client_send(&f.http, "GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n"),
	       "hosts 2 [a]");
	expect(&f.http, client_send(&f.http, "GET / HTTP/1.1\r\nHost: h\r\nX-Special:\r\n\r\n"),
	       "specials 1 []");
	expect(&f.http, client_send(&f.http, "GET / HTTP/1.1\r\nHost: h\r\nX-Special2: a\r\n\r\n"),
	       "specials 0 [none]");
	/* Refused by libmicrohttpd, or counted twice, or cut (0.9.75): what is after it must not
	 * count. */
	client = client_new(&f.http);
	client_send_bytes(client, with_nul, sizeof(with_nul) - 1);
	expect(&f.http, client, "HTTP/1.1 ");
	if (!strstr(buf_text(&client->got), " 400 ") &&
	    !strstr(buf_text(&client->got), "specials 2 [a]"))
		expect(&f.http, client, "specials 1 [a]");
	stop(&f);
}

static struct client *post_of(struct fixture *f, size_t size)
{
	_cleanup_(buf_done) struct buf text = {0};

	buf_append_format(&text, "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n",
			  size);
	for (size_t i = 0; i < size; i++)
		buf_append_char(&text, 'x');
	return client_send(&f->http, buf_text(&text));
}

static void test_a_body_over_the_limit_is_413(void **state)
{
	_cleanup_(buf_done) struct buf chunked = {0};
	struct fixture f = {0};
	struct client *client;

	(void)state;
	start(&f, 8, 0);
	expect(&f.http, post_of(&f, BODY_LIMIT), "1000 bytes [xxxxx]");
	client = post_of(&f, BODY_LIMIT + 1);
	expect(&f.http, client, "HTTP/1.1 413 ");
	assert_non_null(strstr(buf_text(&client->got), "default-src 'none'"));
	expect(&f.http, post_of(&f, 100 * (size_t)BODY_LIMIT), "HTTP/1.1 413 ");

	buf_append_text(&chunked, "POST /c HTTP/1.1\r\nHost: h\r\n"
				  "Transfer-Encoding: chunked\r\n\r\n");
	for (size_t i = 0; i < BODY_LIMIT / 10; i++)
		buf_append_text(&chunked, "a\r\n0123456789\r\n");
	client = client_send(&f.http, buf_text(&chunked));
	client_send_bytes(client, "0\r\n\r\n", 5);
	expect(&f.http, client, "1000 bytes [01234]");
	client = client_send(&f.http, buf_text(&chunked));
	client_send_bytes(client, "1\r\nx\r\n0\r\n\r\n", 11);
	expect(&f.http, client, "HTTP/1.1 413 ");
	assert_int_equal(f.handled, 2);
	stop(&f);
}

static void test_a_handler_that_does_nothing_or_nonsense_closes(void **state)
{
	struct fixture f = {0};

	(void)state;
	start(&f, 8, 0);
	expect_closed_without_a_word(&f.http, client_get(&f.http, "/nothing"));
	expect_closed_without_a_word(&f.http, client_get(&f.http, "/bad-header"));
	expect(&f.http, client_get(&f.http, "/fine"), "[/fine]");
	stop(&f);
}

/* ---- held requests ---- */

static void test_a_held_request_is_replied_to_from_elsewhere(void **state)
{
	struct fixture f = {0};
	struct client *one;
	struct client *two;

	(void)state;
	start(&f, 8, 100);
	one = client_get(&f.http, "/hold");
	two = client_get(&f.http, "/hold");
	/* Longer than a request may take: being held has a time of its own. */
	run_for(&f.http, 250);
	assert_int_equal(f.held_count, 2);
	assert_false(client_is_closed(one) || client_is_closed(two));
	expect(&f.http, client_get(&f.http, "/release"), "did");
	expect(&f.http, one, "released");
	expect(&f.http, two, "released");
	expect(&f.http, client_get(&f.http, "/hold-and-say"), "\r\n\r\nsaid");

	one = client_get(&f.http, "/hold");
	run_for(&f.http, 30);
	release_all(&f, "from outside of any call-back");
	expect(&f.http, one, "from outside");
	assert_int_equal(f.ends[HTTP_HOLD_DUE] + f.ends[HTTP_HOLD_GONE], 0);
	stop(&f);
}

static void test_held_requests_are_found_by_their_function(void **state)
{
	struct fixture f = {0};
	struct http_request *request = NULL;
	struct client *clients[3];

	(void)state;
	start(&f, 8, 0);
	assert_null(http_server_next_held(f.http.server, NULL, on_hold_end));
	for (unsigned i = 0; i < 3; i++) {
		clients[i] = client_get(&f.http, "/hold");
		run_for(&f.http, 20);
	}
	(void)client_new(&f.http);
	assert_null(http_server_next_held(f.http.server, NULL, on_other_hold_end));
	for (unsigned i = 3; i-- > 0;) {
		request = http_server_next_held(f.http.server, request, on_hold_end);
		assert_ptr_equal(request, f.held[i]);
		assert_ptr_equal(*(struct fixture **)http_request_context(request), &f);
		if (i != 1)
			say(request, "found");
	}
	assert_null(http_server_next_held(f.http.server, request, on_hold_end));
	expect(&f.http, clients[0], "found");
	expect(&f.http, clients[2], "found");
	/* What was replied to is not held any more. */
	request = http_server_next_held(f.http.server, NULL, on_hold_end);
	assert_ptr_equal(request, f.held[1]);
	assert_null(http_server_next_held(f.http.server, request, on_hold_end));
	stop(&f);
}

static void test_a_hold_is_due_in_time(void **state)
{
	struct fixture f = {0};
	int64_t start_ms = clock_now().mono_ms;

	(void)state;
	start(&f, 8, 0);
	f.hold_ms = 80;
	expect(&f.http, client_get(&f.http, "/hold"), "due");
	assert_in_range(clock_now().mono_ms - start_ms, 80, 1000);
	assert_int_equal(f.ends[HTTP_HOLD_DUE], 1);
	f.ends_stay_silent = true;
	expect_closed_without_a_word(&f.http, client_get(&f.http, "/hold"));
	assert_int_equal(f.ends[HTTP_HOLD_DUE], 2);
	stop(&f);
}

static void test_a_client_that_hangs_up_is_noticed(void **state)
{
	struct fixture f = {0};
	struct client *one;
	struct client *two;
	struct client *three;

	(void)state;
	start(&f, 8, 0);
	one = client_get(&f.http, "/hold");
	two = client_get(&f.http, "/hold");
	three = client_get(&f.http, "/hold");
	run_for(&f.http, 30);
	assert_int_equal(f.held_count, 3);
	client_close(one);
	run_for(&f.http, 30);
	assert_int_equal(f.ends[HTTP_HOLD_GONE], 1);

	/* Two leave together, and the end of the first replies to the other. */
	f.ends_reply_to_all = true;
	client_close(two);
	assert_int_equal(shutdown(three->fd, SHUT_WR), 0);
	expect(&f.http, three, "released by an end");
	run_for(&f.http, 30);
	assert_int_equal(f.ends[HTTP_HOLD_GONE], 2);
	assert_int_equal(f.held_count, 0);
	assert_true(http_server_count(f.http.server) == 0);
	stop(&f);
}

/* ---- stopping ---- */

static void test_stopping_ends_what_is_held_and_keeps_the_socket(void **state)
{
	struct fixture f = {0};
	struct client *held;
	struct client *mute;
	struct client *late;
	int accepted;

	(void)state;
	start(&f, 8, 0);
	held = client_get(&f.http, "/hold");
	mute = client_new(&f.http);
	late = client_send(&f.http, "GET /hold HTTP/1.1\r\nHo");
	run_for(&f.http, 30);
	http_server_quiesce(f.http.server);
	expect(&f.http, held, "stopping");
	expect_closed_without_a_word(&f.http, mute);
	assert_false(http_server_count(f.http.server) == 0);
	client_send_bytes(late, "st: h\r\n\r\n", 9);
	expect(&f.http, late, "stopping");
	assert_int_equal(f.ends[HTTP_HOLD_STOPPING], 2);

	(void)client_get(&f.http, "/too-late");
	run_for(&f.http, 150);
	assert_true(http_server_count(f.http.server) == 0);
	assert_int_equal(f.handled, 2);
	http_server_free(f.http.server);
	f.http.server = NULL;
	/* systemd's copy must go on listening, with what is in the backlog. */
	accepted = accept(f.http.listen_fd, NULL, NULL);
	assert_true(accepted >= 0);
	close(accepted);
	stop(&f);
}

static void test_a_handler_may_stop_the_server(void **state)
{
	struct fixture f = {0};
	struct client *held;

	(void)state;
	start(&f, 8, 0);
	held = client_get(&f.http, "/hold");
	run_for(&f.http, 30);
	expect(&f.http, client_get(&f.http, "/stop"), "stopping");
	expect(&f.http, held, "stopping");
	loop_drain(f.http.loop, is_idle, f.http.server, 1000);
	assert_true(http_server_count(f.http.server) == 0);
	stop(&f);
}

static void test_freeing_closes_everything(void **state)
{
	struct fixture f = {0};
	struct client *held;
	struct client *mute;

	(void)state;
	start(&f, 8, 0);
	held = client_get(&f.http, "/hold");
	mute = client_new(&f.http);
	(void)client_get(&f.http, "/big");
	run_for(&f.http, 30);
	http_server_free(f.http.server);
	f.http.server = NULL;
	assert_int_equal(f.ends[HTTP_HOLD_GONE], 1);
	assert_true(client_is_closed(held));
	assert_true(client_is_closed(mute));
	assert_int_equal(held->got.size + mute->got.size, 0);
	stop(&f);
}

/* ---- hostile clients ---- */

static void test_a_trickling_request_is_cut(void **state)
{
	static const char request[] =
		"GET / HTTP/1.1\r\nHost: h\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaa";
	struct fixture f = {0};
	struct client *client;
	int64_t start_ms;
	size_t sent = 0;

	(void)state;
	start(&f, 8, 300);
	client = client_new(&f.http);
	start_ms = clock_now().mono_ms;
	/* Never inactive for as long as a request may take. */
	while (sent < sizeof(request) - 1 && !client_is_closed(client)) {
		(void)send(client->fd, request + sent++, 1, MSG_NOSIGNAL);
		run_for(&f.http, 40);
	}
	assert_true(client->is_closed);
	assert_in_range(clock_now().mono_ms - start_ms, 290, 900);
	assert_int_equal(f.handled, 0);
	stop(&f);
}

static void test_a_reply_that_is_not_read_is_given_up(void **state)
{
	struct fixture f = {0};
	int64_t start_ms = clock_now().mono_ms;

	(void)state;
	start(&f, 8, 200);
	(void)client_get(&f.http, "/big");
	run_for(&f.http, 60);
	assert_int_equal(f.handled, 1);
	assert_false(http_server_count(f.http.server) == 0);
	loop_drain(f.http.loop, is_idle, f.http.server, 2000);
	assert_true(http_server_count(f.http.server) == 0);
	assert_in_range(clock_now().mono_ms - start_ms, 200, 1900);
	stop(&f);
}

static void test_idle_connections_make_room(void **state)
{
	struct fixture f = {0};
	int64_t start_ms;

	(void)state;
	start(&f, 8, 0);
	for (unsigned i = 0; i < 50; i++)
		(void)client_new(&f.http);
	start_ms = clock_now().mono_ms;
	expect(&f.http, client_get(&f.http, "/good"), "[/good]");
	assert_true(clock_now().mono_ms - start_ms < 500);
	/* The youngest are spared. */
	assert_true(client_is_closed(&f.http.clients[0]));
	assert_false(client_is_closed(&f.http.clients[49]));
	expect(&f.http, client_get(&f.http, "/again"), "[/again]");
	stop(&f);
}

static void test_requests_are_not_shed_for_idle_connections(void **state)
{
	struct fixture f = {0};
	struct client *held;
	struct client *good[3];

	(void)state;
	start(&f, 4, 0);
	held = client_get(&f.http, "/hold");
	run_for(&f.http, 30);
	for (unsigned i = 0; i < 3; i++) {
		good[i] = client_get(&f.http, "/good");
		for (unsigned j = 0; j < 15; j++)
			(void)client_new(&f.http);
	}
	for (unsigned i = 0; i < 3; i++)
		expect(&f.http, good[i], "[/good]");
	assert_false(client_is_closed(held));
	assert_int_equal(f.held_count, 1);
	stop(&f);
}

static void test_held_requests_make_room_by_being_due(void **state)
{
	struct fixture f = {0};
	struct client *held[4];

	(void)state;
	start(&f, 4, 0);
	for (unsigned i = 0; i < 4; i++) {
		held[i] = client_get(&f.http, "/hold");
		run_for(&f.http, 20);
	}
	assert_int_equal(f.held_count, 4);
	expect(&f.http, client_get(&f.http, "/good"), "[/good]");
	expect(&f.http, held[0], "due");
	assert_int_equal(f.held_count, 3);
	assert_false(client_is_closed(held[1]));
	stop(&f);
}

static void test_without_descriptors_it_waits_and_goes_on(void **state)
{
	struct fixture f = {0};
	struct rlimit limit;
	struct rlimit low;
	struct client *client;
	unsigned rounds;
	int lowest;

	(void)state;
	start(&f, 8, 0);
	client = client_get(&f.http, "/patient");
	lowest = dup(f.http.listen_fd);
	assert_true(lowest >= 0);
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = limit;
	low.rlim_cur = (rlim_t)lowest;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	run_for(&f.http, 400);
	rounds = f.http.rounds;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	/* The ticker alone makes 80. */
	assert_true(rounds < 200);
	assert_int_equal(f.handled, 0);
	expect(&f.http, client, "[/patient]");
	stop(&f);
}

static void test_a_socket_that_was_shut_down_is_waited_for(void **state)
{
	struct fixture f = {0};
	socklen_t size = sizeof(f.http.address);
	unsigned rounds;

	(void)state;
	start(&f, 8, 0);
	assert_int_equal(shutdown(f.http.listen_fd, SHUT_RDWR), 0);
	run_for(&f.http, 400);
	rounds = f.http.rounds;
	/* The ticker alone makes 80. */
	assert_true(rounds < 200);
	assert_int_equal(listen(f.http.listen_fd, 128), 0);
	assert_int_equal(getsockname(f.http.listen_fd, (struct sockaddr *)&f.http.address, &size),
			 0);
	expect(&f.http, client_get(&f.http, "/revived"), "[/revived]");

	assert_int_equal(shutdown(f.http.listen_fd, SHUT_RDWR), 0);
	run_for(&f.http, 30);
	http_server_quiesce(f.http.server);
	rounds = f.http.rounds;
	run_for(&f.http, 200);
	assert_true(f.http.rounds - rounds < 100);
	stop(&f);
}

/* Exits 0 if it, as another user, was closed without a reply. */
static void other_user(const struct fixture *f)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char byte;

	if (setuid(65534) != 0 || connect(fd, (const struct sockaddr *)&f->http.unix_address,
					  sizeof(f->http.unix_address)) != 0)
		_exit(2);
	(void)send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
	_exit(recv(fd, &byte, 1, 0) > 0 ? 1 : 0);
}

static void test_only_the_own_user_is_served(void **state)
{
	struct fixture f = {.http.is_unix = true};
	int status;
	pid_t child;

	(void)state;
	start(&f, 8, 0);
	expect(&f.http, client_get(&f.http, "/own"), "[/own]");
	if (geteuid() != 0) {
		stop(&f);
		print_message("skipped: another user's connection needs root\n");
		skip();
	}
	child = fork();
	if (child == 0)
		other_user(&f);
	run_for(&f.http, 200);
	assert_int_equal(waitpid(child, &status, WNOHANG), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(f.handled, 1);
	expect(&f.http, client_get(&f.http, "/own-again"), "[/own-again]");
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_request_is_answered_and_closed),
		cmocka_unit_test(test_keep_alive_and_pipelining_are_refused),
		cmocka_unit_test(test_the_target_is_as_on_the_wire),
		cmocka_unit_test(test_headers_are_counted),
		cmocka_unit_test(test_a_body_over_the_limit_is_413),
		cmocka_unit_test(test_a_handler_that_does_nothing_or_nonsense_closes),
		cmocka_unit_test(test_a_held_request_is_replied_to_from_elsewhere),
		cmocka_unit_test(test_held_requests_are_found_by_their_function),
		cmocka_unit_test(test_a_hold_is_due_in_time),
		cmocka_unit_test(test_a_client_that_hangs_up_is_noticed),
		cmocka_unit_test(test_stopping_ends_what_is_held_and_keeps_the_socket),
		cmocka_unit_test(test_a_handler_may_stop_the_server),
		cmocka_unit_test(test_freeing_closes_everything),
		cmocka_unit_test(test_a_trickling_request_is_cut),
		cmocka_unit_test(test_a_reply_that_is_not_read_is_given_up),
		cmocka_unit_test(test_idle_connections_make_room),
		cmocka_unit_test(test_requests_are_not_shed_for_idle_connections),
		cmocka_unit_test(test_held_requests_make_room_by_being_due),
		cmocka_unit_test(test_without_descriptors_it_waits_and_goes_on),
		cmocka_unit_test(test_a_socket_that_was_shut_down_is_waited_for),
		cmocka_unit_test(test_only_the_own_user_is_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
