/* SPDX-License-Identifier: MIT */
#include "launch/launch.h"

#include "launch_process.h"
#include "launch_unit.h"

/* One of them. */
struct launch {
	struct launch_process *process;
	struct launch_unit *unit;
};

int launch_start(struct bus *units, const struct launch_command *command, struct clock_time now,
		 struct launch **ret_launch, struct err_detail *detail)
{
	_cleanup_(launch_freep) struct launch *launch = calloc(1, sizeof(*launch));
	int r;

	if (!launch)
		return err_set(detail, ERR_NOMEM, "no memory");
	if (units)
		r = launch_unit_start(units, command, now, &launch->unit, detail);
	else
		r = launch_process_start(command, now, &launch->process, detail);
	if (r)
		return r;
	*ret_launch = TAKE_PTR(launch);
	return 0;
}

int launch_fd(const struct launch *launch)
{
	return launch->process ? launch_process_fd(launch->process) : -1;
}

int64_t launch_deadline(const struct launch *launch, struct clock_time now)
{
	return launch->process ? launch_process_deadline(launch->process)
			       : launch_unit_deadline(launch->unit, now);
}

bool launch_tick(struct launch *launch, struct clock_time now, struct launch_result *ret_result)
{
	return launch->process ? launch_process_tick(launch->process, now, ret_result)
			       : launch_unit_tick(launch->unit, now, ret_result);
}

void launch_free(struct launch *launch)
{
	if (!launch)
		return;
	launch_process_free(launch->process);
	launch_unit_free(launch->unit);
	free(launch);
}
