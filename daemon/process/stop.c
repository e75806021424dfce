/* SPDX-License-Identifier: MIT */
#include "stop.h"

#include "common/log.h"
#include "common/vocabulary.h"

/* ---- Without work ---- */

/* Whether nothing would be lost or late if the process ended here and its sockets started it
 * again. */
static bool is_idle(const struct assembly *assembly)
{
	return (!assembly->control || control_is_idle(assembly->control)) &&
	       (!assembly->browser || browser_is_idle(assembly->browser)) &&
	       service_is_idle(assembly->service);
}

static int64_t idleness_deadline(void *context, struct clock_time now)
{
	const struct idleness *idleness = context;

	(void)now;
	return idleness->since_ms == CLOCK_NEVER ? CLOCK_NEVER
						 : idleness->since_ms + idleness->limit_ms;
}

/* Between here and the end nobody is accepted: a client that comes now waits in the backlog, which
 * systemd looks at again. */
static void idleness_dispatch(void *context, struct clock_time now)
{
	struct idleness *idleness = context;

	if (!is_idle(idleness->assembly))
		idleness->since_ms = CLOCK_NEVER;
	else if (idleness->since_ms == CLOCK_NEVER)
		idleness->since_ms = now.mono_ms;
	if (now.mono_ms < idleness_deadline(idleness, now))
		return;
	idleness->is_over = true;
	loop_stop(idleness->assembly->loop);
}

int idleness_attach(struct idleness *idleness, const struct assembly *assembly, int64_t limit_ms,
		    struct err_detail *detail)
{
	/* Without a limit it need not wait for an event either. */
	*idleness = (struct idleness){assembly, limit_ms, limit_ms ? CLOCK_NEVER : 0, false};
	if (loop_add(assembly->loop, &(struct loop_source){
					     .fd = -1,
					     .deadline = idleness_deadline,
					     .dispatch = idleness_dispatch,
					     .context = idleness,
				     }))
		return err_set(detail, ERR_LIMIT, "too many sources for the loop");
	return 0;
}

/* ---- Without its state ---- */

static void say_gone(const struct assembly *assembly)
{
	struct err_detail problem;

	(void)err_set(&problem, ERR_NOT_FOUND,
		      "the state directory %.300s was removed or replaced while the daemon ran",
		      service_state_directory(assembly->service));
	log_error("%s", problem.text);
	if (service_is_exchanging(assembly->service))
		service_add_problem(
			assembly->service, CODE_STATE_GONE,
			"The state directory was removed or replaced before a "
			"credential could be stored. The daemon keeps it in memory. If "
			"the directory was moved, move it back; if it was removed, "
			"run: systemctl --user restart misskey-authd, and log in again");
}

static void state_watch_dispatch(void *context, struct clock_time now)
{
	struct state_watch *watch = context;
	struct assembly *assembly = watch->assembly;

	(void)now;
	if (service_has_state(assembly->service)) {
		if (watch->is_said)
			service_clear_problem(assembly->service, CODE_STATE_GONE);
		watch->is_said = false;
		return;
	}
	if (!watch->is_said)
		say_gone(assembly);
	watch->is_said = true;
	watch->is_over = !service_is_exchanging(assembly->service);
	if (watch->is_over)
		loop_stop(assembly->loop);
}

int state_watch_attach(struct state_watch *watch, struct assembly *assembly,
		       struct err_detail *detail)
{
	*watch = (struct state_watch){.assembly = assembly};
	if (loop_add(assembly->loop, &(struct loop_source){
					     .fd = -1,
					     .dispatch = state_watch_dispatch,
					     .context = watch,
				     }))
		return err_set(detail, ERR_LIMIT, "too many sources for the loop");
	return 0;
}

/* ---- The end ---- */

/* Whether nothing is being answered, and no answer is awaited that cannot be had twice. */
static bool is_flushed(void *context)
{
	const struct assembly *assembly = context;

	return (!assembly->control || control_is_flushed(assembly->control)) &&
	       (!assembly->browser || browser_is_idle(assembly->browser)) &&
	       !service_is_exchanging(assembly->service);
}

void stop_orderly(struct assembly *assembly)
{
	sd_tell_stopping();
	if (assembly->control)
		control_quiesce(assembly->control);
	if (assembly->browser)
		browser_quiesce(assembly->browser);
	loop_drain(assembly->loop, is_flushed, assembly, STOP_DRAIN_MS);
	service_flush(assembly->service, clock_now());
}
