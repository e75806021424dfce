/* SPDX-License-Identifier: MIT */
#include "cli/doctor_clock.h"

#include <stdio.h>
#include <stdlib.h>

#define CLOCK "clock"

/* Certificates and logins do not mind less. */
#define DIFFERENCE_MAX_S ((int64_t)5 * 60)
#define DAY_S ((int64_t)24 * 60 * 60)
#define HOUR_S ((int64_t)60 * 60)
#define DIFFERENCE_BYTES 48

void clock_view_add(struct clock_views *views, const char *origin, int64_t ahead_s)
{
	if (llabs(ahead_s) <= DIFFERENCE_MAX_S) {
		views->agreeing++;
		return;
	}
	views->differing++;
	if (llabs(ahead_s) <= llabs(views->ahead_s))
		return;
	views->ahead_s = ahead_s;
	snprintf(views->server, sizeof(views->server), "%s", origin);
}

/* "10 minutes", "3 hours", "2 days": its size says enough. */
static void difference_text(int64_t ahead_s, char ret_text[static DIFFERENCE_BYTES])
{
	int64_t s = llabs(ahead_s);

	if (s >= 2 * DAY_S)
		snprintf(ret_text, DIFFERENCE_BYTES, "%lld days", (long long)(s / DAY_S));
	else if (s >= 2 * HOUR_S)
		snprintf(ret_text, DIFFERENCE_BYTES, "%lld hours", (long long)(s / HOUR_S));
	else
		snprintf(ret_text, DIFFERENCE_BYTES, "%lld minutes", (long long)(s / 60));
}

void doctor_check_clock(struct findings *findings, const struct clock_views *views)
{
	const char *direction = views->ahead_s > 0 ? "ahead of" : "behind";
	char difference[DIFFERENCE_BYTES];

	difference_text(views->ahead_s, difference);
	if (views->agreeing == 0 && views->differing == 0) {
		findings_add(findings, FINDING_NOTE, CLOCK,
			     "No server told the time, so this computer's clock was not compared");
	} else if (views->differing == 0) {
		findings_add(findings, FINDING_OK, CLOCK,
			     "This computer's clock agrees with the servers'");
	} else if (views->agreeing > 0) {
		findings_add(findings, FINDING_NOTE, CLOCK,
			     "The clock of %s is wrong: this computer's, which other servers agree "
			     "with, is %s %s it",
			     views->server, difference, direction);
	} else {
		findings_add(findings, FINDING_WARNING, CLOCK,
			     "This computer's clock is %s %s that of %s", difference, direction,
			     views->server);
		findings_remedy(findings,
				"See timedatectl; let it be set from the network: sudo timedatectl "
				"set-ntp true");
	}
}
