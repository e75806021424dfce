/* SPDX-License-Identifier: MIT */
#include "runtime/descriptors.h"

#include <stdbool.h>
#include <sys/resource.h>

static struct rlimit inherited;
static bool is_raised;

void descriptors_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (!is_raised)
		inherited = limit;
	limit.rlim_cur = limit.rlim_max;
	is_raised = setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

void descriptors_restore_limit(void)
{
	if (is_raised)
		is_raised = setrlimit(RLIMIT_NOFILE, &inherited) < 0;
}
