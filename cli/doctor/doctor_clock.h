/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Whether this computer's clock is right, by the times that servers have. One server may be wrong
 * itself; where others agree with this computer, it is.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/url.h"
#include "findings.h"

/* What the servers said. */
struct clock_views {
	size_t agreeing;
	size_t differing;
	char server[URL_ORIGIN_BYTES]; /* the one that differs most */
	int64_t ahead_s; /* by so much this computer's clock is ahead of its; negative: behind */
};

/* This computer's clock is AHEAD_S ahead of the server ORIGIN's. */
void clock_view_add(struct clock_views *views, const char *origin, int64_t ahead_s);

void doctor_check_clock(struct findings *findings, const struct clock_views *views);
