/* SPDX-License-Identifier: MIT */
#include "launch_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/descriptors.h"

struct launch_process {
	pid_t pid; /* of its process group too; ours until it is waited for */
	int pid_fd;
	enum { RUNNING, TERMINATED, KILLED } phase;
	int64_t started_ms;
	int64_t deadline_ms;
};

/* ---- Starting ---- */

/* Like all below, returns an errno value. */
static int add_actions(posix_spawn_file_actions_t *actions, int input_fd)
{
	int error = posix_spawn_file_actions_adddup2(actions, input_fd, STDIN_FILENO);

	if (!error)
		error = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null",
							 O_WRONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
	if (!error)
		error = posix_spawn_file_actions_addchdir_np(actions, "/");
	return error;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none;
	sigset_t all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	error = posix_spawnattr_setsigmask(attributes, &none);
	if (!error)
		error = posix_spawnattr_setsigdefault(attributes, &all);
	if (!error)
		error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID |
								     POSIX_SPAWN_SETSIGMASK |
								     POSIX_SPAWN_SETSIGDEF);
	return error;
}

static int spawn_with(char *const *words, char *const *environment, int input_fd,
		      posix_spawnattr_t *attributes, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return error;
	error = add_actions(&actions, input_fd);
	if (!error)
		error = set_attributes(attributes);
	if (!error) {
		descriptors_restore_limit();
		error = posix_spawn(ret_pid, words[0], &actions, attributes, words, environment);
		descriptors_raise_limit();
	}
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static int spawn(const struct launch_command *command, int input_fd, pid_t *ret_pid)
{
	_cleanup_(freep) char **environment = NULL;
	posix_spawnattr_t attributes;
	int error;

	if (launch_environment(environ, command->facts, &environment))
		return ENOMEM;
	error = posix_spawnattr_init(&attributes);
	if (error)
		return error;
	error = spawn_with(command->words, environment, input_fd, &attributes, ret_pid);
	posix_spawnattr_destroy(&attributes);
	return error;
}

int launch_process_start(const struct launch_command *command, struct clock_time now,
			 struct launch_process **ret_process, struct err_detail *detail)
{
	_cleanup_(freep) struct launch_process *process = calloc(1, sizeof(*process));
	_cleanup_(closep) int input_fd = -1;
	int r;

	if (!process)
		return err_set(detail, ERR_NOMEM, "no memory");
	r = launch_input_open(command->input, &input_fd, detail);
	if (r)
		return r;
	r = spawn(command, input_fd, &process->pid);
	if (r)
		return err_set(detail, err_from_errno(r), "%s", strerror(r));
	process->pid_fd = pidfd_open(process->pid, 0);
	if (process->pid_fd < 0) {
		r = err_set(detail, err_from_errno(errno), "it cannot be watched: %s",
			    strerror(errno));
		(void)kill(-process->pid, SIGKILL);
		(void)waitpid(process->pid, NULL, 0);
		return r;
	}
	process->started_ms = now.mono_ms;
	process->deadline_ms =
		command->limit_ms == CLOCK_NEVER ? CLOCK_NEVER : now.mono_ms + command->limit_ms;
	*ret_process = TAKE_PTR(process);
	return 0;
}

/* ---- Watching ---- */

int launch_process_fd(const struct launch_process *process)
{
	return process->pid_fd;
}

int64_t launch_process_deadline(const struct launch_process *process)
{
	return process->deadline_ms;
}

static bool has_ended(const struct launch_process *process, struct clock_time now,
		      struct launch_result *ret_result)
{
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)process->pid_fd, &info, WEXITED | WNOHANG) || !info.si_pid)
		return false;
	ret_result->number = info.si_status;
	ret_result->took_ms = now.mono_ms - process->started_ms;
	if (process->phase != RUNNING)
		ret_result->end = LAUNCH_TIMED_OUT;
	else
		ret_result->end = info.si_code == CLD_EXITED ? LAUNCH_EXITED : LAUNCH_SIGNALED;
	return true;
}

bool launch_process_tick(struct launch_process *process, struct clock_time now,
			 struct launch_result *ret_result)
{
	/* Between the two signals its end is not looked at: as long as it is not waited for, its
	 * number is nobody else's, and the rest of its group has its time too. */
	if (process->phase != TERMINATED && has_ended(process, now, ret_result))
		return true;
	if (now.mono_ms < process->deadline_ms)
		return false;
	if (process->phase == RUNNING) {
		(void)kill(-process->pid, SIGTERM);
		process->phase = TERMINATED;
		process->deadline_ms = now.mono_ms + LAUNCH_KILL_MS;
		return false;
	}
	(void)kill(-process->pid, SIGKILL);
	process->phase = KILLED;
	process->deadline_ms = CLOCK_NEVER;
	return has_ended(process, now, ret_result);
}

void launch_process_free(struct launch_process *process)
{
	if (!process)
		return;
	if (process->phase == TERMINATED)
		(void)kill(-process->pid, SIGKILL);
	close(process->pid_fd);
	free(process);
}
