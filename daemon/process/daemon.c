/* SPDX-License-Identifier: MIT */
#include "process/daemon.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assembly.h"
#include "common/digest.h"
#include "common/json.h"
#include "common/log.h"
#include "runtime/descriptors.h"
#include "standby.h"

struct daemon {
	const struct daemon_options *options;
	struct sd_sockets sockets;
};

/* Ends the loop when nothing was to do for a time. */
struct idleness {
	const struct assembly *assembly;
	int64_t limit_ms;
	int64_t since_ms; /* monotonic; CLOCK_NEVER: there is something to do */
	bool is_over;	  /* that was why the loop ended */
};

/* Secrets are in this process: no core dumps, nothing readable for other users, whatever the umask
 * was. */
static void protect_process(void)
{
	const struct rlimit none = {0, 0};

	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)umask(077);
}

/* ---- The idle exit ---- */

static int64_t idleness_deadline(void *context, struct clock_time now)
{
	const struct idleness *idleness = context;

	(void)now;
	return idleness->since_ms == CLOCK_NEVER ? CLOCK_NEVER
						 : idleness->since_ms + idleness->limit_ms;
}

/* Nobody is connected when it ends, and nobody is accepted between here and the end: who comes now
 * waits in the backlog, which systemd looks at again. */
static void idleness_dispatch(void *context, struct clock_time now)
{
	struct idleness *idleness = context;

	if (!assembly_are_idle(idleness->assembly))
		idleness->since_ms = CLOCK_NEVER;
	else if (idleness->since_ms == CLOCK_NEVER)
		idleness->since_ms = now.mono_ms;
	if (now.mono_ms < idleness_deadline(idleness, now))
		return;
	idleness->is_over = true;
	loop_stop(idleness->assembly->loop);
}

/* After all other sources, so that it sees what they have done. */
static int idleness_attach(struct idleness *idleness, struct loop *loop)
{
	return loop_add(loop, &(struct loop_source){
				      .fd = -1,
				      .deadline = idleness_deadline,
				      .dispatch = idleness_dispatch,
				      .context = idleness,
			      });
}

/* ---- Running ---- */

static bool are_flushed(void *context)
{
	return assembly_are_flushed(context);
}

static void stop(struct assembly *assembly, const struct idleness *idleness)
{
	sd_tell_stopping();
	if (idleness->is_over)
		log_info("nothing to do: ending until somebody asks");
	else
		log_info("stopping; pending logins go on at the next start");
	assembly_quiesce(assembly);
	loop_drain(assembly->loop, are_flushed, assembly, DAEMON_DRAIN_MS);
	service_flush(assembly->service, clock_now());
}

static void say_ready(const struct daemon *daemon, const struct assembly *assembly)
{
	char status[128];

	snprintf(status, sizeof(status), "callback %s",
		 assembly->callback_url[0] ? assembly->callback_url : "(no port; logins poll)");
	log_info("ready: %s, control socket %s", status, daemon->options->paths->control);
	sd_tell_ready(status);
}

/* An own control socket would be gone with the process, so nobody could start it again. */
static int64_t idle_exit_ms(const struct daemon *daemon)
{
	if (daemon->options->idle_exit_ms == 0 || daemon->sockets.control_fd >= 0)
		return daemon->options->idle_exit_ms;
	log_warning("--idle-exit is without effect, because the control socket was not passed by "
		    "systemd (see: systemctl --user status misskey-authd-control.socket)");
	return 0;
}

/* From the start to the end. With an error nobody was served; *ret_refusal has it too. */
static int serve(const struct daemon *daemon, struct refusal *ret_refusal)
{
	_cleanup_(assembly_free) struct assembly assembly = {.callback_fd = -1, .control_fd = -1};
	struct err_detail *detail = &ret_refusal->why;
	struct idleness idleness = {.assembly = &assembly, .since_ms = CLOCK_NEVER};
	int r = assembly_build(&assembly, daemon->options, &daemon->sockets, NULL,
			       &ret_refusal->code, detail);

	if (r)
		return r;
	idleness.limit_ms = idle_exit_ms(daemon);
	if (idleness.limit_ms && idleness_attach(&idleness, assembly.loop))
		return err_set(detail, ERR_LIMIT, "too many sources for the loop");
	service_restore(assembly.service, clock_now());
	say_ready(daemon, &assembly);
	r = loop_run(assembly.loop, detail);
	stop(&assembly, &idleness);
	return r;
}

/* ---- Refusing ---- */

/* Tells everybody who waits why, until nobody does. *ret_stopped: by a signal. */
static int refuse(const struct daemon *daemon, const struct refusal *refusal, bool *ret_stopped,
		  struct err_detail *detail)
{
	_cleanup_(assembly_free) struct assembly assembly = {.callback_fd = -1, .control_fd = -1};
	struct idleness idleness = {.assembly = &assembly, .since_ms = CLOCK_NEVER};
	int r = assembly_build(&assembly, daemon->options, &daemon->sockets, refusal, NULL, detail);

	if (r)
		return r;
	if (idleness_attach(&idleness, assembly.loop))
		return err_set(detail, ERR_LIMIT, "too many sources for the loop");
	r = loop_run(assembly.loop, detail);
	*ret_stopped = !idleness.is_over;
	if (*ret_stopped) {
		sd_tell_stopping();
		assembly_quiesce(&assembly);
		loop_drain(assembly.loop, are_flushed, &assembly, DAEMON_DRAIN_MS);
	}
	return r;
}

static void say_refusal(const struct refusal *refusal, struct err_detail *said)
{
	if (strcmp(said->text, refusal->why.text) == 0)
		return;
	*said = refusal->why;
	log_error("%s", refusal->why.text);
	sd_tell_ready(refusal->why.text);
}

/* Refuses who is there, and waits for the next. *ret_ended: there is none. */
static int refuse_and_wait(const struct daemon *daemon, const struct refusal *refusal,
			   bool *ret_ended, struct err_detail *detail)
{
	enum standby_end end;
	int r = refuse(daemon, refusal, ret_ended, detail);

	if (r || *ret_ended)
		return r;
	r = standby_wait(&daemon->sockets, daemon->options->idle_exit_ms, &end, detail);
	*ret_ended = r == 0 && end != STANDBY_CLIENT;
	return r;
}

static int run(const struct daemon *daemon, struct err_detail *detail)
{
	struct err_detail said = {""};
	struct refusal refusal = {0};
	bool has_ended = false;
	int r;

	while (!has_ended && (r = serve(daemon, &refusal)) != 0) {
		*detail = refusal.why;
		if (daemon->sockets.callback_fd < 0 && daemon->sockets.control_fd < 0)
			return r;
		say_refusal(&refusal, &said);
		r = refuse_and_wait(daemon, &refusal, &has_ended, detail);
		if (r)
			return r;
	}
	return 0;
}

int daemon_run(const struct daemon_options *options, struct err_detail *detail)
{
	struct daemon daemon = {.options = options};
	int r;

	protect_process();
	descriptors_raise_limit();
	json_init();
	r = digest_init();
	if (r)
		return err_set(detail, r, "cannot initialize OpenSSL");
	sd_sockets_take(&daemon.sockets);
	r = run(&daemon, detail);
	sd_sockets_close(&daemon.sockets);
	return r;
}
