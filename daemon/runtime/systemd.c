/* SPDX-License-Identifier: MIT */
#include "runtime/systemd.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/number.h"
#include "runtime/clock.h"

/* ---- Sockets ---- */

/* Keeps FD in *PLACE if it IS_RIGHT and the first of its NAME. KIND is what it should be. */
static void keep(struct sd_sockets *sockets, int *place, int fd, const char *name, bool is_right,
		 const char *kind)
{
	if (!is_right)
		(void)err_set(&sockets->problem, ERR_INVALID,
			      "The socket that systemd passes as \"%s\" is not %s; see what "
			      "overrides the unit: systemctl --user cat misskey-authd-%s.socket",
			      name, kind, name);
	else if (*place >= 0)
		(void)err_set(&sockets->problem, ERR_EXISTS,
			      "systemd passes more than one socket as \"%s\", and the first is "
			      "used; in a drop-in an empty `ListenStream=` has to stand before "
			      "another one: systemctl --user cat misskey-authd-%s.socket",
			      name, name);
	if (is_right && *place < 0)
		*place = fd;
	else
		close(fd);
}

static void take(struct sd_sockets *sockets, int fd, const char *name)
{
	if (strcmp(name, "callback") == 0)
		keep(sockets, &sockets->callback_fd, fd, name,
		     sd_is_socket_inet(fd, AF_INET, SOCK_STREAM, 1, 0) > 0,
		     "a listening TCP socket of 127.0.0.1");
	else if (strcmp(name, "control") == 0)
		keep(sockets, &sockets->control_fd, fd, name,
		     sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) > 0,
		     "a listening stream socket in the file system");
	else
		close(fd);
}

void sd_sockets_take(struct sd_sockets *ret_sockets)
{
	char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names);

	*ret_sockets = (struct sd_sockets){.callback_fd = -1, .control_fd = -1};
	for (int n = 0; n < count; n++) {
		take(ret_sockets, SD_LISTEN_FDS_START + n, names[n]);
		free(names[n]);
	}
	free(names);
}

void sd_sockets_close(struct sd_sockets *sockets)
{
	closep(&sockets->callback_fd);
	closep(&sockets->control_fd);
}

/* ---- Readiness ---- */

void sd_tell_ready(const char *status)
{
	(void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void sd_tell_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

/* ---- The watchdog ---- */

static int64_t watchdog_deadline(void *context, struct clock_time now)
{
	const struct sd_watchdog *watchdog = context;

	(void)now;
	return watchdog->due_ms;
}

static void watchdog_dispatch(void *context, struct clock_time now)
{
	struct sd_watchdog *watchdog = context;

	if (now.mono_ms < watchdog->due_ms)
		return;
	(void)sd_notify(0, "WATCHDOG=1");
	watchdog->due_ms = now.mono_ms + watchdog->interval_ms;
}

int sd_watchdog_attach(struct sd_watchdog *watchdog, struct loop *loop)
{
	uint64_t limit_us;

	if (sd_watchdog_enabled(0, &limit_us) <= 0)
		return 0;
	watchdog->interval_ms = (int64_t)(limit_us / 2000);
	watchdog->due_ms = 0;
	return loop_add(loop, &(struct loop_source){
				      .fd = -1,
				      .deadline = watchdog_deadline,
				      .dispatch = watchdog_dispatch,
				      .context = watchdog,
			      });
}

/* ---- The journal ---- */

int sd_stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	size_t length = stream ? number_length(stream) : 0;
	uint64_t device;
	uint64_t inode;
	struct stat is;

	return stream && stream[length] == ':' &&
	       number_read(stream, length, UINT64_MAX, &device) &&
	       number_read(stream + length + 1, strlen(stream + length + 1), UINT64_MAX, &inode) &&
	       fstat(2, &is) == 0 && is.st_dev == device && is.st_ino == inode;
}

int sd_is_user_service(void)
{
	const char *main_process = getenv("SYSTEMD_EXEC_PID");

	return main_process && getenv("MANAGERPID") && number_is_own_pid(main_process);
}
