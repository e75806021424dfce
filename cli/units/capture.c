/* SPDX-License-Identifier: MIT */
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"

static int actions_add(posix_spawn_file_actions_t *actions, int writer)
{
	int error =
		posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (error == 0)
		error = posix_spawn_file_actions_adddup2(actions, writer, STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(actions, writer, STDERR_FILENO);
	return error;
}

/* An errno value, as posix_spawn() has it. */
static int start(const char *const *argv, int writer, pid_t *ret_child)
{
	/* It writes to no word, whatever its declaration says. */
	const union {
		const char *const *given;
		char *const *taken;
	} words = {argv};
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return error;
	error = actions_add(&actions, writer);
	if (error == 0)
		error = posix_spawnp(ret_child, argv[0], &actions, NULL, words.taken, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* Waits for CHILD, and kills it if it takes too long. */
static int wait_child(pid_t child, int timeout_ms, int *ret_status)
{
	_cleanup_(closep) int fd = pidfd_open(child, 0);
	struct pollfd end = {.fd = fd, .events = POLLIN};
	int ready = fd < 0 ? -1 : poll(&end, 1, timeout_ms);
	int status = 0;

	if (ready <= 0)
		kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (ready <= 0)
		return ready == 0 ? ERR_BUSY : ERR_IO;
	*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

int capture(const char *const *argv, int timeout_ms, struct buf *output, int *ret_status)
{
	_cleanup_(closep) int reader = -1;
	_cleanup_(closep) int writer = -1;
	char bytes[CAPTURE_MAX_BYTES];
	pid_t child;
	ssize_t size;
	int ends[2];
	int r;

	/* Not blocking: a grandchild may hold the other end open. */
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_from_errno(errno);
	reader = ends[0];
	writer = ends[1];
	if (fcntl(reader, F_SETFL, O_NONBLOCK) < 0)
		return err_from_errno(errno);
	r = start(argv, writer, &child);
	if (r)
		return err_from_errno(r);
	r = wait_child(child, timeout_ms, ret_status);
	if (r < 0)
		return r;
	size = read(reader, bytes, sizeof(bytes));
	if (size > 0)
		buf_append(output, bytes, (size_t)size);
	return buf_error(output);
}
