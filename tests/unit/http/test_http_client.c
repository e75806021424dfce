/* SPDX-License-Identifier: MIT */
/*
 * The HTTP client against a server in a forked child that says one thing to one connection: every
 * way in which a call can end is told apart, and none takes longer than it may.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/buf.h"
#include "http/http_client.h"

#define REQUEST_MS 400
#define OK_HEAD "HTTP/1.1 200 OK\r\n"

/* What the child does with each connection. */
struct script {
	const char *reply;     /* NULL: none */
	unsigned flood_chunks; /* chunks of 4 KiB after the reply */
	bool cut_at_once;
	bool stay; /* keep the connection open */
};

struct child {
	pid_t pid;
	struct url_server server;
	int request_fd; /* what it received comes here */
};

struct fixture {
	struct http_client *client;
	struct loop *loop;
	struct child child;
	unsigned answers;
	struct http_answer answer; /* the last; its body is in BODY */
	struct buf body;
	struct http_call *to_cancel;
	bool starts_another;
};

/* ---- the server in a child ---- */

static void child_flood(int fd, unsigned chunks)
{
	static const char data[4096];

	for (unsigned i = 0; i < chunks; i++)
		if (send(fd, "1000\r\n", 6, MSG_NOSIGNAL) < 0 ||
		    send(fd, data, sizeof(data), MSG_NOSIGNAL) < 0 ||
		    send(fd, "\r\n", 2, MSG_NOSIGNAL) < 0)
			return;
	if (chunks > 0)
		(void)send(fd, "0\r\n\r\n", 5, MSG_NOSIGNAL);
}

/* A test that fails must not leave its server behind. */
static pid_t fork_with_us(void)
{
	pid_t child = fork();

	if (child == 0)
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

/* The tests' requests are JSON objects without another inside. */
static void child_receive(int fd, int request_fd)
{
	char request[4096];
	ssize_t n;

	do {
		n = recv(fd, request, sizeof(request), 0);
		if (n > 0 && write(request_fd, request, (size_t)n) != n)
			_exit(3);
	} while (n > 0 && request[n - 1] != '}');
}

static void child_main(int listen_fd, int request_fd, const struct script *script)
{
	for (;;) {
		int fd = accept(listen_fd, NULL, NULL);

		if (fd < 0)
			_exit(2);
		if (!script->cut_at_once)
			child_receive(fd, request_fd);
		if (script->reply)
			(void)send(fd, script->reply, strlen(script->reply), MSG_NOSIGNAL);
		child_flood(fd, script->flood_chunks);
		if (!script->stay)
			close(fd);
	}
}

static int listen_on_loopback(struct url_server *ret_server, const char *scheme)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[64];

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	(void)snprintf(text, sizeof(text), "%s://127.0.0.1:%u", scheme,
		       (unsigned)ntohs(address.sin_port));
	assert_int_equal(url_server_parse(text, ret_server, NULL), 0);
	return fd;
}

static void child_start(struct child *child, const char *scheme, const struct script *script)
{
	int listen_fd = listen_on_loopback(&child->server, scheme);
	int pipe_fds[2];

	assert_int_equal(listen(listen_fd, 16), 0);
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK), 0);
	child->pid = fork_with_us();
	if (child->pid == 0)
		child_main(listen_fd, pipe_fds[1], script);
	assert_true(child->pid > 0);
	close(listen_fd);
	close(pipe_fds[1]);
	child->request_fd = pipe_fds[0];
}

static void child_stop(struct child *child)
{
	int status;

	assert_int_equal(kill(child->pid, SIGKILL), 0);
	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	if (child->request_fd >= 0)
		close(child->request_fd);
}

/* ---- the client's side ---- */

static void post(struct fixture *f, const struct url_server *server, struct http_call **ret_call);

static void on_answer(const struct http_answer *answer, void *context)
{
	struct fixture *f = context;

	f->answers++;
	f->answer = *answer;
	f->answer.body = NULL;
	buf_done(&f->body);
	buf_append(&f->body, answer->body, answer->body_size);
	assert_int_equal(answer->body[answer->body_size], '\0');
	if (f->to_cancel)
		http_call_cancel(f->to_cancel);
	f->to_cancel = NULL;
	if (f->starts_another) {
		struct http_call *call;

		f->starts_another = false;
		post(f, &f->child.server, &call);
	}
}

static void post(struct fixture *f, const struct url_server *server, struct http_call **ret_call)
{
	static const char json[] = "{\"secret\":\"s\"}";

	assert_int_equal(http_client_post(f->client, server, "/api/x", json, sizeof(json) - 1,
					  on_answer, f, ret_call, NULL),
			 0);
}

static void start(struct fixture *f, const char *ca_file, int64_t request_ms)
{
	assert_int_equal(http_client_new(ca_file, request_ms, &f->client, NULL), 0);
	assert_int_equal(loop_new(http_client_multi(f->client), &f->loop, NULL), 0);
	assert_int_equal(http_client_attach(f->client, f->loop), 0);
}

static void stop(struct fixture *f)
{
	loop_free(f->loop);
	http_client_free(f->client);
	buf_done(&f->body);
}

static bool is_answered(void *context)
{
	return ((struct fixture *)context)->answers > 0;
}

static bool never(void *context)
{
	(void)context;
	return false;
}

static void wait_for_answer(struct fixture *f, enum http_failure failure)
{
	loop_drain(f->loop, is_answered, f, 5000);
	assert_int_equal(f->answers, 1);
	if (f->answer.failure != failure)
		fail_msg("failure %d, not %d: %s", (int)f->answer.failure, (int)failure,
			 f->answer.reason);
	if (failure == HTTP_ANSWERED) {
		assert_string_equal(f->answer.reason, "");
	} else {
		assert_int_equal(f->answer.status, 0);
		assert_true(strlen(f->answer.reason) > 10);
		assert_int_equal(f->body.size, 0);
	}
}

/* One call to a child that does SCRIPT; what ends it is FAILURE. */
static void call_once(struct fixture *f, const char *scheme, const struct script *script,
		      enum http_failure failure)
{
	struct http_call *call;

	child_start(&f->child, scheme, script);
	start(f, NULL, REQUEST_MS);
	post(f, &f->child.server, &call);
	wait_for_answer(f, failure);
	child_stop(&f->child);
	stop(f);
}

/* ---- how calls end ---- */

static void test_an_answer_is_whole_and_the_request_as_promised(void **state)
{
	struct script script = {.reply = OK_HEAD "Content-Length: 2\r\n\r\n{}"};
	struct fixture f = {0};
	struct http_call *call;
	char request[4096] = {0};

	(void)state;
	child_start(&f.child, "http", &script);
	start(&f, NULL, REQUEST_MS);
	post(&f, &f.child.server, &call);
	wait_for_answer(&f, HTTP_ANSWERED);
	assert_int_equal(f.answer.status, 200);
	assert_int_equal(f.answer.retry_after_s, -1);
	assert_string_equal(buf_text(&f.body), "{}");

	assert_true(read(f.child.request_fd, request, sizeof(request) - 1) > 0);
	assert_ptr_equal(strstr(request, "POST /api/x HTTP/1.1\r\n"), request);
	assert_non_null(strstr(request, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(
		strstr(request, "\r\nUser-Agent: misskey-authd/" MISSKEY_AUTHD_VERSION "\r\n"));
	assert_non_null(strstr(request, "\r\nContent-Length: 14\r\n"));
	assert_non_null(strstr(request, "\r\n\r\n{\"secret\":\"s\"}"));
	assert_null(strstr(request, "Expect"));
	assert_null(strstr(request, "Accept-Encoding"));
	child_stop(&f.child);
	stop(&f);
}

static void test_an_error_status_is_an_answer(void **state)
{
	struct script script = {
		.reply = "HTTP/1.1 429 No\r\nRetry-After: 17\r\nContent-Length: 4\r\n\r\nslow"};
	struct fixture f = {0};

	(void)state;
	call_once(&f, "http", &script, HTTP_ANSWERED);
	assert_int_equal(f.answer.status, 429);
	assert_int_equal(f.answer.retry_after_s, 17);
}

static void test_a_web_page_is_told_from_json(void **state)
{
	struct script script = {.reply = "HTTP/1.1 403 Forbidden\r\nContent-Type: Text/HTML; "
					 "charset=utf-8\r\nContent-Length: 0\r\n\r\n"};
	struct fixture f = {0}, plain = {0};

	(void)state;
	call_once(&f, "http", &script, HTTP_ANSWERED);
	assert_true(f.answer.is_page);
	script.reply = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
	call_once(&plain, "http", &script, HTTP_ANSWERED);
	assert_false(plain.answer.is_page);
}

static void test_a_redirect_is_not_followed(void **state)
{
	struct script script = {.reply = "HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\n"
					 "Content-Length: 0\r\n\r\n"};
	struct fixture f = {0};

	(void)state;
	call_once(&f, "http", &script, HTTP_ANSWERED);
	assert_int_equal(f.answer.status, 307);
	assert_string_equal(f.answer.redirect_origin, "");
}

static void test_a_redirect_names_the_other_server(void **state)
{
	struct script script = {.reply = "HTTP/1.1 301 Go\r\nLocation: https://New.example/api\r\n"
					 "Content-Length: 0\r\n\r\n"};
	struct fixture f = {0};

	(void)state;
	call_once(&f, "http", &script, HTTP_ANSWERED);
	assert_string_equal(f.answer.redirect_origin, "https://new.example");
}

static void test_a_proxy_that_wants_a_password(void **state)
{
	struct script script = {.reply = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n"
					 "Content-Length: 0\r\n\r\n",
				/* what comes is no JSON, and is not waited for */
				.cut_at_once = true,
				.stay = true};
	struct url_server server;
	struct fixture f = {0};
	struct http_call *call;

	(void)state;
	child_start(&f.child, "http", &script);
	assert_int_equal(url_server_parse("misskey.invalid", &server, NULL), 0);
	assert_int_equal(setenv("https_proxy", f.child.server.origin, 1), 0);
	start(&f, NULL, REQUEST_MS);
	post(&f, &server, &call);
	wait_for_answer(&f, HTTP_PROXY_DENIES);
	assert_int_equal(unsetenv("https_proxy"), 0);
	child_stop(&f.child);
	stop(&f);
}

static void test_a_closed_port_is_unreachable(void **state)
{
	struct fixture f = {0};
	struct url_server server;
	struct http_call *call;
	int fd = listen_on_loopback(&server, "http"); /* bound, not listening: refused */

	(void)state;
	start(&f, NULL, REQUEST_MS);
	post(&f, &server, &call);
	wait_for_answer(&f, HTTP_UNREACHABLE);
	stop(&f);
	close(fd);
}

static void test_a_connection_that_is_not_made_in_time_is_unreachable(void **state)
{
	struct fixture f = {0};
	struct url_server server;
	struct http_call *call;
	int listen_fd = listen_on_loopback(&server, "http");
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	int fillers[8];

	(void)state;
	/* A full backlog drops what comes. */
	assert_int_equal(listen(listen_fd, 0), 0);
	assert_int_equal(getsockname(listen_fd, (struct sockaddr *)&address, &size), 0);
	for (size_t i = 0; i < 8; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(fillers[i], (struct sockaddr *)&address, size);
	}
	start(&f, NULL, REQUEST_MS);
	post(&f, &server, &call);
	wait_for_answer(&f, HTTP_UNREACHABLE);
	assert_non_null(strstr(f.answer.reason, "timed out"));
	stop(&f);
	for (size_t i = 0; i < 8; i++)
		close(fillers[i]);
	close(listen_fd);
}

static void test_cuts_are_told(void **state)
{
	static const struct script scripts[] = {
		{.cut_at_once = true},
		{.reply = NULL},
		{.reply = "HTTP/1.1 200"},
		{.reply = OK_HEAD "Content-Length: 100\r\n\r\n{"},
		{.reply = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\n{"},
		{.reply = "SSH-2.0-not-http\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct fixture f = {0};

		call_once(&f, "http", &scripts[i], HTTP_CUT);
	}
}

static void test_a_large_answer_is_not_taken(void **state)
{
	/* 4 KiB more than HTTP_CLIENT_ANSWER_BYTES, without a stated length; and one with. */
	struct script chunked = {.reply = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n",
				 .flood_chunks = HTTP_CLIENT_ANSWER_BYTES / 4096 + 1};
	struct script fitting = {.reply = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n",
				 .flood_chunks = HTTP_CLIENT_ANSWER_BYTES / 4096};
	struct fixture f = {0};
	struct fixture g = {0};

	(void)state;
	call_once(&f, "http", &chunked, HTTP_TOO_LARGE);
	call_once(&g, "http", &fitting, HTTP_ANSWERED);
	assert_int_equal(g.answer.body_size, HTTP_CLIENT_ANSWER_BYTES);
}

static void test_a_silent_server_times_out(void **state)
{
	static const struct script scripts[] = {
		{.stay = true},
		{.reply = OK_HEAD "Content-Length: 9\r\n\r\n{", .stay = true},
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture f = {0};
		int64_t start_ms = clock_now().mono_ms;

		call_once(&f, "http", &scripts[i], HTTP_TIMED_OUT);
		assert_in_range(clock_now().mono_ms - start_ms, REQUEST_MS, REQUEST_MS + 600);
	}
}

static void test_control_characters_do_not_pass(void **state)
{
	struct script script = {.reply = "HTTP/1.1 200 OK\r\nContent-Length: \033[31mred\r\n\r\n"};
	struct fixture f = {0};

	(void)state;
	call_once(&f, "http", &script, HTTP_CUT);
	assert_null(strchr(f.answer.reason, '\033'));
}

/* ---- TLS ---- */

static void test_https_to_a_plain_port_is_untrusted(void **state)
{
	struct script script = {.reply = "HTTP/1.1 400 Bad Request\r\n\r\n"};
	struct fixture f = {0};

	(void)state;
	script.cut_at_once = true;
	call_once(&f, "https", &script, HTTP_UNTRUSTED);
}

static void test_a_certificate_must_be_trusted(void **state)
{
	char directory[] = "/tmp/test_http_client.XXXXXX";
	_cleanup_(buf_done) struct buf command = {0};
	struct url_server server;
	int fd = listen_on_loopback(&server, "https");
	char certificate[64];
	char key[64];

	(void)state;
	/* The port is free again for the server. */
	close(fd);
	if (system("command -v openssl >/dev/null") != 0) {
		print_message("skipped: no openssl command\n");
		skip();
	}
	assert_non_null(mkdtemp(directory));
	(void)snprintf(certificate, sizeof(certificate), "%s/cert.pem", directory);
	(void)snprintf(key, sizeof(key), "%s/key.pem", directory);
	buf_append_format(&command,
			  "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
			  "-days 1 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 "
			  "-keyout %s -out %s 2>/dev/null",
			  key, certificate);
	assert_int_equal(system(buf_text(&command)), 0);

	for (int trusted = 0; trusted < 2; trusted++) {
		struct fixture f = {.child = {.request_fd = -1}};
		struct http_call *call;

		f.child.pid = fork_with_us();
		if (f.child.pid == 0) {
			int null = open("/dev/null", O_RDWR);

			dup2(null, STDOUT_FILENO);
			dup2(null, STDERR_FILENO);
			execlp("openssl", "openssl", "s_server", "-quiet", "-www", "-accept",
			       server.host, "-cert", certificate, "-key", key, (char *)NULL);
			_exit(127);
		}
		start(&f, trusted ? certificate : NULL, 3000);
		/* Until it listens. */
		do {
			f.answers = 0;
			post(&f, &server, &call);
			loop_drain(f.loop, is_answered, &f, 5000);
		} while (f.answer.failure == HTTP_UNREACHABLE);
		/* s_server -www answers nothing but GET: what counts is that the handshake is done.
		 */
		if (trusted)
			assert_int_not_equal(f.answer.failure, HTTP_UNTRUSTED);
		else
			wait_for_answer(&f, HTTP_UNTRUSTED);
		child_stop(&f.child);
		stop(&f);
	}
	assert_int_equal(unlink(certificate), 0);
	assert_int_equal(unlink(key), 0);
	assert_int_equal(rmdir(directory), 0);
}

static void test_an_unreadable_ca_file_is_named(void **state)
{
	struct http_client *client;
	struct err_detail detail;

	(void)state;
	assert_int_equal(http_client_new("/nonexistent/ca.pem", 1000, &client, &detail),
			 ERR_INVALID);
	assert_non_null(strstr(detail.text, "/nonexistent/ca.pem"));
	assert_int_equal(http_client_new("/", 1000, &client, &detail), ERR_INVALID);
	http_client_free(NULL);
}

/* ---- many calls ---- */

static void test_a_cancelled_call_says_nothing(void **state)
{
	struct script script = {.stay = true};
	struct fixture f = {0};
	struct http_call *call;

	(void)state;
	child_start(&f.child, "http", &script);
	start(&f, NULL, REQUEST_MS);
	post(&f, &f.child.server, &call);
	http_call_cancel(call);
	post(&f, &f.child.server, &call);
	loop_drain(f.loop, never, NULL, 50);
	http_call_cancel(call);
	post(&f, &f.child.server, &call);
	loop_drain(f.loop, never, NULL, 50);
	/* The last is for http_client_free(). */
	assert_int_equal(f.answers, 0);
	child_stop(&f.child);
	stop(&f);
	assert_int_equal(f.answers, 0);
}

static void test_an_answer_may_cancel_and_start_calls(void **state)
{
	struct script script = {.reply = OK_HEAD "Content-Length: 2\r\n\r\n{}"};
	struct fixture f = {.starts_another = true};
	struct http_call *call;
	struct url_server closed;
	int fd = listen_on_loopback(&closed, "http");

	(void)state;
	child_start(&f.child, "http", &script);
	start(&f, NULL, REQUEST_MS);
	/* Both are done in the same step; the first one's answer cancels the second. */
	post(&f, &closed, &call);
	post(&f, &closed, &f.to_cancel);
	loop_drain(f.loop, never, NULL, 200);
	assert_int_equal(f.answers, 2);
	assert_int_equal(f.answer.failure, HTTP_ANSWERED);
	child_stop(&f.child);
	stop(&f);
	close(fd);
}

static void test_proxies_are_not_for_loopback(void **state)
{
	struct script script = {.reply = OK_HEAD "Content-Length: 2\r\n\r\n{}"};
	struct fixture f = {0};

	(void)state;
	assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	assert_int_equal(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
	call_once(&f, "http", &script, HTTP_ANSWERED);
	assert_int_equal(unsetenv("http_proxy"), 0);
	assert_int_equal(unsetenv("ALL_PROXY"), 0);
}

/* ---- a DNS server that never answers ---- */

/* Makes 127.0.0.1:53 in namespaces of our own the only DNS server; it takes queries and is silent.
 */
static bool silent_dns(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};
	char path[] = "/tmp/test_http_client.XXXXXX";
	static const char text[] = "nameserver 127.0.0.53\n";
	int udp;
	int fd;

	address.sin_addr.s_addr = htonl(0x7f000035);
	udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	fd = mkstemp(path);
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    bind(udp, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    write(fd, text, sizeof(text) - 1) != (ssize_t)sizeof(text) - 1 ||
	    mount(path, "/etc/resolv.conf", NULL, MS_BIND, NULL) != 0) {
		(void)unlink(path);
		return false;
	}
	(void)unlink(path);
	return true;
}

/* In a child: 0 done, 77 cannot be tried here, others: what failed. */
static int silent_dns_child(void)
{
	struct fixture f = {0};
	struct url_server server;
	struct http_call *call;
	int64_t start_ms;

	if (!silent_dns())
		return 77;
	if (url_server_parse("https://silent.misskey.example", &server, NULL) != 0)
		return 10;
	start(&f, NULL, 300);
	post(&f, &server, &call);
	loop_drain(f.loop, never, NULL, 100);
	if (f.answers != 0)
		return 11;
	start_ms = clock_now().mono_ms;
	http_call_cancel(call);
	if (clock_now().mono_ms - start_ms > 100)
		return 12;

	start_ms = clock_now().mono_ms;
	post(&f, &server, &call);
	loop_drain(f.loop, is_answered, &f, 5000);
	if (f.answers != 1 || clock_now().mono_ms - start_ms > 600)
		return 13;
	if (f.answer.failure != HTTP_UNREACHABLE || !strstr(f.answer.reason, "timed out"))
		return 14;

	post(&f, &server, &call);
	loop_drain(f.loop, never, NULL, 50);
	start_ms = clock_now().mono_ms;
	stop(&f);
	return clock_now().mono_ms - start_ms > 100 ? 15 : 0;
}

static void test_a_silent_dns_server_does_not_block(void **state)
{
	int status;
	pid_t child = fork_with_us();

	(void)state;
	if (child == 0)
		_exit(silent_dns_child());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("skipped: a resolv.conf of our own needs root\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer_is_whole_and_the_request_as_promised),
		cmocka_unit_test(test_an_error_status_is_an_answer),
		cmocka_unit_test(test_a_web_page_is_told_from_json),
		cmocka_unit_test(test_a_redirect_is_not_followed),
		cmocka_unit_test(test_a_redirect_names_the_other_server),
		cmocka_unit_test(test_a_proxy_that_wants_a_password),
		cmocka_unit_test(test_a_closed_port_is_unreachable),
		cmocka_unit_test(test_a_connection_that_is_not_made_in_time_is_unreachable),
		cmocka_unit_test(test_cuts_are_told),
		cmocka_unit_test(test_a_large_answer_is_not_taken),
		cmocka_unit_test(test_a_silent_server_times_out),
		cmocka_unit_test(test_control_characters_do_not_pass),
		cmocka_unit_test(test_https_to_a_plain_port_is_untrusted),
		cmocka_unit_test(test_a_certificate_must_be_trusted),
		cmocka_unit_test(test_an_unreadable_ca_file_is_named),
		cmocka_unit_test(test_a_cancelled_call_says_nothing),
		cmocka_unit_test(test_an_answer_may_cancel_and_start_calls),
		cmocka_unit_test(test_proxies_are_not_for_loopback),
		cmocka_unit_test(test_a_silent_dns_server_does_not_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
