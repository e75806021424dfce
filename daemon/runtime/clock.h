/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A reading of the clocks. The loop takes one a round and hands it down, so that what decides by
 * time can be tested without waiting.
 */

#include <stdint.h>

/* "No deadline." */
#define CLOCK_NEVER INT64_MAX

struct clock_time {
	int64_t mono_ms; /* CLOCK_BOOTTIME: time-outs and retries, across suspends */
	int64_t unix_s;	 /* CLOCK_REALTIME: what is stored and shown */
};

struct clock_time clock_now(void);
