/* SPDX-License-Identifier: MIT */
#include "process/daemon.h"

#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "agent_process.h"
#include "assembly.h"
#include "common/digest.h"
#include "common/json.h"
#include "common/log.h"
#include "confine.h"
#include "refusal.h"
#include "runtime/descriptors.h"
#include "stop.h"

/* Secrets are in this process: no core dumps, nothing readable for other users, whatever the umask
 * was. */
static void protect_process(void)
{
	const struct rlimit none = {0, 0};

	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)umask(077);
}

/* Without a passed control socket nothing would start the daemon again for a client. */
static int64_t idle_exit_ms(const struct daemon_options *options, const struct sd_sockets *passed)
{
	if (options->idle_exit_ms == 0 || passed->control_fd >= 0)
		return options->idle_exit_ms;
	log_warning("--idle-exit is without effect, because the control socket was not passed by "
		    "systemd (see: systemctl --user status misskey-authd-control.socket)");
	return 0;
}

static void say_ready(const struct assembly *assembly, const struct paths *paths)
{
	char status[128];

	snprintf(status, sizeof(status), "callback %s",
		 assembly->callback_url[0] ? assembly->callback_url : "(no port; logins poll)");
	log_info("ready: %s, control socket %s", status, paths->control);
	sd_tell_ready(status);
}

static int attach(struct assembly *assembly, int64_t idle_ms, struct state_watch *watch,
		  struct idleness *idleness, struct err_detail *detail)
{
	int r = state_watch_attach(watch, assembly, detail);

	if (!r)
		r = assembly_attach(assembly, detail);
	if (!r && idle_ms)
		r = idleness_attach(idleness, assembly, idle_ms, detail);
	return r;
}

static void say_end(const struct idleness *idleness, const struct state_watch *watch)
{
	if (watch->is_over)
		log_info("ending, because a new daemon makes a new state directory");
	else if (idleness->is_over)
		log_info("nothing to do: ending until somebody asks");
	else
		log_info("stopping; pending logins go on at the next start");
}

/* From the start to the end. *ret_refusal has the error of a start that failed; once
 * *ret_is_confined, the process cannot start over. HAS_REFUSED: an earlier one failed. */
static int serve(const struct daemon_options *options, const struct sd_sockets *passed,
		 bool has_refused, struct service_refusal *ret_refusal, bool *ret_is_confined)
{
	_cleanup_(agent_process_end) struct agent_process agent = {.pipe = -1};
	_cleanup_(assembly_free) struct assembly assembly = {.callback_fd = -1, .control_fd = -1};
	struct err_detail *detail = &ret_refusal->why;
	struct idleness idleness = {0};
	struct state_watch watch = {0};
	int r = assembly_build(&assembly, options, passed, NULL, &ret_refusal->code, detail);

	if (!r)
		r = attach(&assembly, idle_exit_ms(options, passed), &watch, &idleness, detail);
	if (r)
		return r;
	/* The agent of its unit has ended, having nothing to follow: whoever asks now, or next,
	 * starts a daemon that has one. */
	if (has_refused && !options->has_agent && passed->control_fd >= 0) {
		log_info("nothing is wrong any more: ending, for a new start");
		sd_tell_stopping();
		return 0;
	}
	if (options->has_agent)
		agent_process_start(options->source.named, options->log_level, &agent);
	descriptors_raise_limit();
	*ret_is_confined = true;
	r = confine(options, service_config(assembly.service), detail);
	if (r)
		return r;
	service_restore(assembly.service, clock_now());
	say_ready(&assembly, options->paths);
	r = loop_run(assembly.loop, detail);
	say_end(&idleness, &watch);
	stop_orderly(&assembly);
	/* Its sockets start the next one. */
	if (!r && watch.is_over && passed->control_fd < 0)
		r = err_set(detail, ERR_NOT_FOUND, "start misskey-authd again");
	return r;
}

static int run(const struct daemon_options *options, const struct sd_sockets *passed,
	       struct err_detail *detail)
{
	struct err_detail said = {""};
	struct service_refusal refusal = {0};
	bool is_confined = false;
	bool has_refused = false;
	bool has_ended = false;
	int r;

	while (!has_ended &&
	       (r = serve(options, passed, has_refused, &refusal, &is_confined)) != 0) {
		*detail = refusal.why;
		if (is_confined || (passed->callback_fd < 0 && passed->control_fd < 0))
			return r;
		r = refusal_serve(options, passed, &refusal, &said, &has_ended, detail);
		if (r)
			return r;
		has_refused = true;
	}
	return 0;
}

int daemon_run(const struct daemon_options *options, struct err_detail *detail)
{
	struct sd_sockets passed;
	int r;

	protect_process();
	json_init();
	r = digest_init();
	if (r)
		return err_set(detail, r, "cannot initialize OpenSSL");
	sd_sockets_take(&passed);
	r = run(options, &passed, detail);
	sd_sockets_close(&passed);
	return r;
}
