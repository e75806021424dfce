/* SPDX-License-Identifier: MIT */
#include "refusal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "assembly.h"
#include "common/log.h"
#include "confine.h"
#include "runtime/descriptors.h"
#include "standby.h"
#include "stop.h"

/* ---- The process that answers ---- */

static int answer(const struct daemon_options *options, const struct sd_sockets *passed,
		  const struct service_refusal *refusal, struct err_detail *detail)
{
	_cleanup_(assembly_free) struct assembly assembly = {.callback_fd = -1, .control_fd = -1};
	struct idleness idleness = {0};
	int r = assembly_build(&assembly, options, passed, refusal, NULL, detail);

	descriptors_raise_limit();
	if (!r)
		r = assembly_attach(&assembly, detail);
	if (!r)
		r = idleness_attach(&idleness, &assembly, 0, detail);
	if (!r)
		r = confine_refusal(detail);
	if (!r)
		r = loop_run(assembly.loop, detail);
	if (!r && !idleness.is_over)
		stop_orderly(&assembly);
	return r;
}

_Noreturn static void child_run(const struct daemon_options *options,
				const struct sd_sockets *passed,
				const struct service_refusal *refusal)
{
	struct err_detail detail;
	int r;

	/* It ends with its parent, which alone talks to systemd. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)unsetenv("NOTIFY_SOCKET");
	r = answer(options, passed, refusal, &detail);
	if (r)
		log_error("%s", detail.text);
	_exit(r ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* ---- The process that waits for it ---- */

struct child {
	pid_t pid;
	int fd; /* of the process */
	struct loop *loop;
	bool has_ended;
	bool has_hangup; /* SIGHUP came */
	struct sd_watchdog watchdog;
};

static void child_done(struct child *child)
{
	loop_free(child->loop);
	closep(&child->fd);
}

static void child_dispatch(void *context, struct clock_time now)
{
	struct child *child = context;
	struct pollfd end = {.fd = child->fd, .events = POLLIN};

	(void)now;
	if (poll(&end, 1, 0) <= 0)
		return;
	child->has_ended = true;
	loop_stop(child->loop);
}

static void child_hangup(void *context, struct clock_time now)
{
	struct child *child = context;

	(void)now;
	child->has_hangup = true;
	(void)kill(child->pid, SIGTERM);
}

static int child_attach(struct child *child, struct err_detail *detail)
{
	child->fd = pidfd_open(child->pid, 0);
	if (child->fd < 0)
		return err_set(detail, err_from_errno(errno),
			       "the process that answers cannot be waited for: %s",
			       strerror(errno));
	loop_on_hangup(child->loop, child_hangup, child);
	if (loop_add(child->loop, &(struct loop_source){.fd = child->fd,
							.dispatch = child_dispatch,
							.context = child}) ||
	    sd_watchdog_attach(&child->watchdog, child->loop))
		return err_set(detail, ERR_LIMIT, "too many sources for the loop");
	return 0;
}

static int child_wait(struct child *child, struct err_detail *detail)
{
	int r = child_attach(child, detail);
	int status = 0;

	if (!r)
		r = loop_run(child->loop, detail);
	if (!child->has_ended)
		(void)kill(child->pid, r ? SIGKILL : SIGTERM);
	(void)waitpid(child->pid, &status, 0);
	/* Its client still waits: to try again at once would go on for ever. */
	if (!r && child->has_ended && !child->has_hangup && status != 0)
		r = err_set(detail, ERR_IO, "the process that answers has failed");
	return r;
}

static void say(const char *reason)
{
	log_error("%s", reason);
	sd_tell_ready(reason);
}

/* Answers until nobody is connected. What is read from outside is read by a process that can do
 * nothing else; this one stays as it is, and can try again. */
static int answer_all(const struct daemon_options *options, const struct sd_sockets *passed,
		      const struct service_refusal *refusal, bool is_said,
		      enum standby_end *ret_end, struct err_detail *detail)
{
	_cleanup_(child_done) struct child child = {.fd = -1};
	/* From here on no signal is lost. */
	int r = loop_new(NULL, &child.loop, detail);

	if (r)
		return r;
	if (!is_said)
		say(refusal->why.text);
	child.pid = fork();
	if (child.pid < 0)
		return err_set(detail, err_from_errno(errno),
			       "a process that answers cannot be started: %s", strerror(errno));
	if (child.pid == 0)
		child_run(options, passed, refusal);
	r = child_wait(&child, detail);
	*ret_end = !child.has_ended   ? STANDBY_STOPPED
		   : child.has_hangup ? STANDBY_RELOAD
				      : STANDBY_CLIENT;
	return r;
}

int refusal_serve(const struct daemon_options *options, const struct sd_sockets *passed,
		  const struct service_refusal *refusal, struct err_detail *said,
		  bool *ret_has_ended, struct err_detail *detail)
{
	enum standby_end end = STANDBY_STOPPED;
	int r;

	r = answer_all(options, passed, refusal, strcmp(said->text, refusal->why.text) == 0, &end,
		       detail);
	if (!r && end == STANDBY_CLIENT)
		r = standby_wait(passed, options->idle_exit_ms, &end, detail);
	if (r)
		return r;
	/* A reload is answered in the log, also if the reason is the same. */
	*said = refusal->why;
	if (end == STANDBY_RELOAD)
		said->text[0] = '\0';
	*ret_has_ended = end == STANDBY_IDLE || end == STANDBY_STOPPED;
	if (*ret_has_ended)
		sd_tell_stopping();
	return 0;
}
