/* SPDX-License-Identifier: MIT */
/*
 * Proves where the two sockets listen, who can reach them, and what the message says when they
 * cannot be had.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "common/cleanup.h"
#include "listener.h"

static int connect_to(uint32_t address, unsigned port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = {.s_addr = htonl(address)},
	};
	_cleanup_(closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	return connect(fd, (struct sockaddr *)&to, sizeof(to));
}

static void callback_listens_on_one_address(void **state)
{
	_cleanup_(closep) int fd = -1;
	char url[REGISTRY_CALLBACK_URL_BYTES];
	unsigned port = 0;

	(void)state;
	assert_int_equal(listener_callback(0, &fd, NULL), 0);
	assert_int_equal(listener_callback_url(fd, url, NULL), 0);
	assert_int_equal(sscanf(url, "http://127.0.0.1:%u/callback", &port), 1);
	assert_null(strpbrk(url, "?#"));
	assert_int_equal(connect_to(0x7f000001, port), 0);
	/* 127.0.0.2 is this machine as well, and must not be answered. */
	assert_int_equal(connect_to(0x7f000002, port), -1);
}

static void a_taken_port_is_named(void **state)
{
	_cleanup_(closep) int first = -1;
	_cleanup_(closep) int second = -1;
	struct err_detail detail;
	char url[REGISTRY_CALLBACK_URL_BYTES];
	char port[16];
	unsigned number = 0;

	(void)state;
	assert_int_equal(listener_callback(0, &first, NULL), 0);
	assert_int_equal(listener_callback_url(first, url, NULL), 0);
	assert_int_equal(sscanf(url, "http://127.0.0.1:%u/", &number), 1);
	(void)snprintf(port, sizeof(port), "%u", number);
	assert_int_equal(listener_callback(number, &second, &detail), ERR_BUSY);
	assert_non_null(strstr(detail.text, port));
	assert_non_null(strstr(detail.text, "listen ="));
	assert_int_equal(second, -1);
}

static void other_sockets_have_no_callback_url(void **state)
{
	_cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char url[REGISTRY_CALLBACK_URL_BYTES];

	(void)state;
	assert_int_equal(listener_callback_url(fd, url, NULL), ERR_INVALID);
}

static void control_is_private_and_replaces_a_dead_one(void **state)
{
	char directory[] = "/tmp/listener-XXXXXX";
	char runtime[64];
	char path[96];
	struct err_detail detail;
	struct stat is;
	_cleanup_(closep) int first = -1;
	_cleanup_(closep) int second = -1;

	(void)state;
	assert_non_null(mkdtemp(directory));
	(void)snprintf(runtime, sizeof(runtime), "%s/misskey-authd", directory);
	(void)snprintf(path, sizeof(path), "%s/control.sock", runtime);
	assert_int_equal(listener_control(path, &first, &detail), 0);
	assert_int_equal(stat(path, &is), 0);
	assert_int_equal(is.st_mode & 07777, 0600);
	assert_int_equal(stat(runtime, &is), 0);
	assert_int_equal(is.st_mode & 07777, 0700);

	assert_int_equal(listener_control(path, &second, &detail), ERR_BUSY);
	assert_non_null(strstr(detail.text, path));
	/* As after a SIGKILL: the file is there, nobody listens. */
	close(TAKE_FD(first));
	assert_int_equal(listener_control(path, &second, &detail), 0);

	(void)unlink(path);
	(void)rmdir(runtime);
	(void)rmdir(directory);
}

static void a_path_too_long_is_refused(void **state)
{
	char path[200];
	struct err_detail detail;
	int fd = -1;

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(listener_control(path, &fd, &detail), ERR_LIMIT);
	assert_non_null(strstr(detail.text, "XDG_RUNTIME_DIR"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(callback_listens_on_one_address),
		cmocka_unit_test(a_taken_port_is_named),
		cmocka_unit_test(other_sockets_have_no_callback_url),
		cmocka_unit_test(control_is_private_and_replaces_a_dead_one),
		cmocka_unit_test(a_path_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
