/* SPDX-License-Identifier: MIT */
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libgen.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/cleanup.h"
#include "common/fsx.h"

/* A thousand connections would fill a shorter one, and each SYN that the kernel drops then costs
 * the browser a second. The kernel cuts this to net.core.somaxconn. */
#define BACKLOG 4096

int listener_callback(unsigned port, int *ret_fd, struct err_detail *detail)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
	};
	_cleanup_(closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;

	/* A restart must not wait for the connections of the one before to time out. */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		return err_set(detail, err_from_errno(errno), "no socket can be made: %s",
			       strerror(errno));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, BACKLOG) < 0) {
		if (errno == EADDRINUSE)
			return err_set(
				detail, ERR_BUSY,
				"The callback port 127.0.0.1:%u is taken by another program, "
				"so logins wait by asking the server instead; to change it, "
				"set `listen = 127.0.0.1:PORT` in the section [daemon] of "
				"the config and restart",
				port);
		return err_set(detail, err_from_errno(errno),
			       "The callback port 127.0.0.1:%u cannot be used: %s", port,
			       strerror(errno));
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int listener_callback_url(int fd, char ret_url[static REGISTRY_CALLBACK_URL_BYTES],
			  struct err_detail *detail)
{
	struct sockaddr_in address = {0};
	socklen_t size = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &size) < 0 ||
	    address.sin_family != AF_INET || address.sin_addr.s_addr != htonl(INADDR_LOOPBACK))
		return err_set(detail, ERR_INVALID, "The callback socket is not one of 127.0.0.1");
	snprintf(ret_url, REGISTRY_CALLBACK_URL_BYTES, "http://127.0.0.1:%u/callback",
		 (unsigned)ntohs(address.sin_port));
	return 0;
}

/* Whether somebody answers at the socket ADDRESS. */
static int is_alive(const struct sockaddr_un *address)
{
	_cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return 1;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return 1;
	return errno != ECONNREFUSED && errno != ENOENT;
}

static int make_directory(const char *path, struct err_detail *detail)
{
	char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];
	_cleanup_(closep) int fd = -1;

	memcpy(copy, path, strlen(path) + 1);
	return fsx_open_directory(dirname(copy), &fd, detail);
}

int listener_control(const char *path, int *ret_fd, struct err_detail *detail)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_(closep) int fd = -1;
	int r;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(detail, ERR_LIMIT,
			       "%s is too long for a socket (%zu bytes at most); set "
			       "XDG_RUNTIME_DIR to a shorter path",
			       path, sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	r = make_directory(path, detail);
	if (r)
		return r;
	if (is_alive(&address))
		return err_set(detail, ERR_BUSY, "another misskey-authd listens on %s already",
			       path);
	(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The directory lets nobody else in, so there is no time when the mode is too wide. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(path, 0600) < 0 || listen(fd, BACKLOG) < 0)
		return err_set(detail, err_from_errno(errno),
			       "the control socket %s cannot be made: %s", path, strerror(errno));
	*ret_fd = TAKE_FD(fd);
	return 0;
}
