/* SPDX-License-Identifier: MIT */
#include "hook/hook_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

struct hook_run {
	pid_t pid; /* of its process group too; ours until it is waited for */
	bool is_over_time;
	uint64_t started_us;
	uint64_t kill_us;
	sd_event_source *end;
	sd_event_source *limit;
	hook_run_ended *ended;
	void *context;
};

/* ---- Input ---- */

static int open_input(const struct buf *input, int *ret_fd, struct err_detail *detail)
{
	_cleanup_(closep) int fd = memfd_create("hook-input", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t written = 0;

	while (fd >= 0 && written < input->size) {
		/* pwrite: it will be read from the beginning. */
		ssize_t size =
			pwrite(fd, input->bytes + written, input->size - written, (off_t)written);

		if (size < 0 && errno != EINTR)
			break;
		if (size > 0)
			written += (size_t)size;
	}
	if (fd < 0 || written < input->size)
		return err_set(detail, err_from_errno(errno), "its input cannot be made: %s",
			       strerror(errno));
	/* Only tidiness: the command is the only one who has it. */
	(void)fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* ---- Environment ---- */

/* What is the agent's own affair stays here, and nothing passes for a fact that is none. */
static bool is_inherited(const char *variable)
{
	static const char *const kept_back[] = {"NOTIFY_SOCKET=", "LISTEN_", "WATCHDOG_",
						"SYSTEMD_EXEC_PID=", "MISSKEY_"};

	for (size_t n = 0; n < sizeof(kept_back) / sizeof(kept_back[0]); n++)
		if (strncmp(variable, kept_back[n], strlen(kept_back[n])) == 0)
			return false;
	return true;
}

/* The strings stay where they are; the caller frees the array. NULL: no memory. */
static char **build_environment(const struct buf *facts)
{
	char **environment;
	size_t count = 0;

	for (size_t n = 0; environ[n]; n++)
		count++;
	for (size_t at = 0; at < facts->size; at++)
		count += facts->bytes[at] == '\0';
	environment = reallocarray(NULL, count + 1, sizeof(*environment));
	if (!environment)
		return NULL;
	count = 0;
	for (size_t n = 0; environ[n]; n++)
		if (is_inherited(environ[n]))
			environment[count++] = environ[n];
	for (size_t at = 0; at < facts->size; at += strlen(facts->bytes + at) + 1)
		environment[count++] = facts->bytes + at;
	environment[count] = NULL;
	return environment;
}

/* ---- Starting ---- */

/* Like the next, returns an errno value. */
static int set_up(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int input_fd)
{
	const short flags = POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	sigset_t none;
	sigset_t all;
	int error = posix_spawn_file_actions_adddup2(actions, input_fd, STDIN_FILENO);

	sigemptyset(&none);
	sigfillset(&all);
	if (!error)
		error = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null",
							 O_WRONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
	if (!error)
		error = posix_spawn_file_actions_addchdir_np(actions, "/");
	if (!error)
		error = posix_spawnattr_setsigmask(attributes, &none);
	if (!error)
		error = posix_spawnattr_setsigdefault(attributes, &all);
	return error ? error : posix_spawnattr_setflags(attributes, flags);
}

static int spawn(const struct hook_command *command, int input_fd, pid_t *ret_pid)
{
	_cleanup_(freep) char **environment = build_environment(command->facts);
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	if (!environment)
		return ENOMEM;
	/* glibc's cannot fail. */
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attributes);
	error = set_up(&actions, &attributes, input_fd);
	if (!error)
		error = posix_spawn(ret_pid, command->words[0], &actions, &attributes,
				    command->words, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* ---- Watching ---- */

static uint64_t now_us(sd_event_source *source)
{
	uint64_t now = 0;

	(void)sd_event_now(sd_event_source_get_event(source), CLOCK_BOOTTIME, &now);
	return now;
}

static int on_end(sd_event_source *source, const siginfo_t *info, void *context)
{
	struct hook_run *run = context;
	struct hook_result result = {
		.is_over_time = run->is_over_time,
		.is_signal = info->si_code != CLD_EXITED,
		.number = info->si_status,
		.took_s = (double)(now_us(source) - run->started_us) / 1e6,
	};

	run->ended(&result, run->context);
	return 0;
}

/* Between the two signals its end is not looked at: as long as it is not waited for, its number is
 * nobody else's, and the rest of its group has its time too. */
static int on_limit(sd_event_source *source, uint64_t usec, void *context)
{
	struct hook_run *run = context;

	(void)usec;
	if (run->is_over_time) {
		(void)kill(-run->pid, SIGKILL);
		return sd_event_source_set_enabled(run->end, SD_EVENT_ON);
	}
	run->is_over_time = true;
	(void)kill(-run->pid, SIGTERM);
	(void)sd_event_source_set_enabled(run->end, SD_EVENT_OFF);
	(void)sd_event_source_set_time_relative(source, run->kill_us);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int watch(sd_event *event, struct hook_run *run, uint64_t limit_ms)
{
	int r = sd_event_add_child(event, &run->end, run->pid, WEXITED, on_end, run);

	if (r >= 0)
		run->started_us = now_us(run->end);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &run->limit, CLOCK_BOOTTIME, limit_ms * 1000,
					       1000, on_limit, run);
	return r;
}

int hook_run_start(sd_event *event, const struct hook_command *command, hook_run_ended *ended,
		   void *context, struct hook_run **ret_run, struct err_detail *detail)
{
	_cleanup_(hook_run_freep) struct hook_run *run = calloc(1, sizeof(*run));
	_cleanup_(closep) int input_fd = -1;
	int r;

	if (!run)
		return err_set(detail, ERR_NOMEM, "no memory");
	r = open_input(command->input, &input_fd, detail);
	if (r)
		return r;
	run->ended = ended;
	run->context = context;
	run->kill_us = command->kill_ms * 1000;
	r = spawn(command, input_fd, &run->pid);
	if (r)
		return err_set(detail, err_from_errno(r), "%s", strerror(r));
	r = watch(event, run, command->limit_ms);
	if (r < 0) {
		(void)kill(-run->pid, SIGKILL);
		(void)waitpid(run->pid, NULL, 0);
		return err_set(detail, err_from_errno(-r), "it cannot be watched: %s",
			       strerror(-r));
	}
	*ret_run = TAKE_PTR(run);
	return 0;
}

void hook_run_free(struct hook_run *run)
{
	if (!run)
		return;
	if (run->is_over_time && sd_event_source_get_enabled(run->end, NULL) == SD_EVENT_OFF)
		(void)kill(-run->pid, SIGKILL);
	sd_event_source_disable_unref(run->end);
	sd_event_source_disable_unref(run->limit);
	free(run);
}
