/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * misskey-authd-agent of a daemon that was started by hand. It is started when the sockets are open
 * and before the daemon restricts itself, and ends with the daemon, however that ends. As a service
 * the agent is a unit of its own.
 */

#include <sys/types.h>

/* Time for its own end. */
#define AGENT_PROCESS_END_MS 1000

struct agent_process {
	pid_t pid; /* 0 or less: none */
	int pipe;  /* its end is the agent's; -1: none */
};

/* The program is looked for beside the daemon, as in a build, and where it is installed. Without it
 * the daemon works; the log says what is missing. CONFIG_FILE and LOG_LEVEL may be NULL. */
void agent_process_start(const char *config_file, const char *log_level,
			 struct agent_process *ret_agent);

/* Ends it, and waits for its end for a moment. */
void agent_process_end(struct agent_process *agent);
