/* SPDX-License-Identifier: MIT */
#include "refusal.h"

#include <string.h>

#include "assembly.h"
#include "common/log.h"
#include "runtime/descriptors.h"
#include "standby.h"
#include "stop.h"

/* Answers until nobody is connected. *ret_is_stopped: by a signal. */
static int answer(const struct daemon_options *options, const struct sd_sockets *passed,
		  const struct service_refusal *refusal, bool *ret_is_stopped,
		  struct err_detail *detail)
{
	_cleanup_(assembly_free) struct assembly assembly = {.callback_fd = -1, .control_fd = -1};
	struct idleness idleness;
	int r = assembly_build(&assembly, options, passed, refusal, NULL, detail);

	descriptors_raise_limit();
	if (!r)
		r = idleness_attach(&idleness, &assembly, 0, detail);
	if (!r)
		r = loop_run(assembly.loop, detail);
	if (r)
		return r;
	*ret_is_stopped = !idleness.is_over;
	if (*ret_is_stopped)
		stop_orderly(&assembly);
	return 0;
}

int refusal_serve(const struct daemon_options *options, const struct sd_sockets *passed,
		  const struct service_refusal *refusal, struct err_detail *said,
		  bool *ret_has_ended, struct err_detail *detail)
{
	enum standby_end end = STANDBY_STOPPED;
	bool is_stopped;
	int r;

	if (strcmp(said->text, refusal->why.text) != 0) {
		log_error("%s", refusal->why.text);
		sd_tell_ready(refusal->why.text);
	}
	r = answer(options, passed, refusal, &is_stopped, detail);
	if (!r && !is_stopped)
		r = standby_wait(passed, options->idle_exit_ms, &end, detail);
	if (r)
		return r;
	/* A reload is answered in the log, also if the reason is the same. */
	*said = refusal->why;
	if (end == STANDBY_RELOAD)
		said->text[0] = '\0';
	*ret_has_ended = end == STANDBY_IDLE || end == STANDBY_STOPPED;
	return 0;
}
