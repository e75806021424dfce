/* SPDX-License-Identifier: MIT */
#include "runtime/clock.h"

#include <time.h>

struct clock_time clock_now(void)
{
	/* clock_gettime() fails for clocks that the kernel lacks; both are older than epoll. */
	struct timespec boot = {0};
	struct timespec real = {0};
	struct clock_time now;

	(void)clock_gettime(CLOCK_BOOTTIME, &boot);
	(void)clock_gettime(CLOCK_REALTIME, &real);
	now.mono_ms = (int64_t)boot.tv_sec * 1000 + boot.tv_nsec / 1000000;
	now.unix_s = (int64_t)real.tv_sec;
	return now;
}
