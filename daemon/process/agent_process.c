/* SPDX-License-Identifier: MIT */
#include "agent_process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"

#define PROGRAM "misskey-authd-agent"
/* A directory and what follows it. */
#define PATH_BYTES (PATH_MAX + 64)

/* MISSKEY_LIBEXEC is the way from the installed daemon's directory. */
static int find_program(char ret_path[static PATH_BYTES])
{
	char directory[PATH_MAX] = "";
	ssize_t size = readlink("/proc/self/exe", directory, sizeof(directory) - 1);
	char *slash = size > 0 ? strrchr(directory, '/') : NULL;

	if (!slash)
		return -1;
	*slash = '\0';
	(void)snprintf(ret_path, PATH_BYTES, "%s/" PROGRAM, directory);
	if (access(ret_path, X_OK) < 0)
		(void)snprintf(ret_path, PATH_BYTES, "%s/" MISSKEY_LIBEXEC "/" PROGRAM, directory);
	return access(ret_path, X_OK);
}

/* Ctrl-C on a terminal is for the daemon, which ends the agent when it is done. */
static _Noreturn void become_agent(const char *path, int input_fd, const char *config_file,
				   const char *log_level)
{
	(void)setpgid(0, 0);
	/* Whether the daemon is ready is for the daemon to say. */
	(void)unsetenv("NOTIFY_SOCKET");
	if (dup2(input_fd, STDIN_FILENO) == STDIN_FILENO &&
	    close_range(STDERR_FILENO + 1, ~0U, 0) == 0)
		(void)execl(path, path, "--daemon-on-stdin", "--config", config_file, "--log-level",
			    log_level, (char *)NULL);
	_exit(127);
}

void agent_process_start(const char *config_file, const char *log_level,
			 struct agent_process *ret_agent)
{
	char path[PATH_BYTES];
	int ends[2];

	*ret_agent = (struct agent_process){.pipe = -1};
	if (find_program(path) < 0) {
		log_warning("%s is not there, so no hook is run and no notification is shown",
			    PROGRAM);
		return;
	}
	if (pipe2(ends, O_CLOEXEC) == 0) {
		ret_agent->pipe = ends[1];
		ret_agent->pid = fork();
		if (ret_agent->pid == 0)
			become_agent(path, ends[0], config_file ? config_file : "",
				     log_level ? log_level : "");
		(void)close(ends[0]);
	}
	if (ret_agent->pid <= 0)
		log_warning("%s cannot be started: %s", PROGRAM, strerror(errno));
}

void agent_process_end(struct agent_process *agent)
{
	struct pollfd end = {.events = POLLIN};

	closep(&agent->pipe);
	if (agent->pid <= 0)
		return;
	end.fd = pidfd_open(agent->pid, 0);
	if (end.fd >= 0 && poll(&end, 1, AGENT_PROCESS_END_MS) > 0)
		(void)waitpid(agent->pid, NULL, 0);
	closep(&end.fd);
}
