/* SPDX-License-Identifier: MIT */
#include "doctor_clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/translate.h"

/* A smaller difference spoils neither certificates nor logins. */
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

/* "10 minutes", "3 hours", "2 days". */
static void difference_text(int64_t ahead_s, char ret_text[static DIFFERENCE_BYTES])
{
	int64_t s = llabs(ahead_s);

	if (s >= 2 * DAY_S)
		snprintf(ret_text, DIFFERENCE_BYTES, _("%lld days"), (long long)(s / DAY_S));
	else if (s >= 2 * HOUR_S)
		snprintf(ret_text, DIFFERENCE_BYTES, _("%lld hours"), (long long)(s / HOUR_S));
	else
		snprintf(ret_text, DIFFERENCE_BYTES, _("%lld minutes"), (long long)(s / 60));
}

void doctor_check_clock(struct findings *findings, const struct clock_views *views)
{
	bool ahead = views->ahead_s > 0;
	char difference[DIFFERENCE_BYTES];

	findings_begin(findings, "clock");
	difference_text(views->ahead_s, difference);
	if (views->agreeing == 0 && views->differing == 0) {
		findings_add(
			findings, FINDING_NOTE,
			_("No server told the time, so this computer's clock was not compared"));
	} else if (views->differing == 0) {
		findings_add(findings, FINDING_OK,
			     _("This computer's clock agrees with the servers'"));
	} else if (views->agreeing > 0) {
		findings_add(findings, FINDING_NOTE,
			     ahead ? _("The clock of %s is wrong: this computer's, which other "
				       "servers agree with, is %s ahead of it")
				   : _("The clock of %s is wrong: this computer's, which other "
				       "servers agree with, is %s behind it"),
			     views->server, difference);
	} else {
		findings_add(findings, FINDING_WARNING,
			     ahead ? _("This computer's clock is %s ahead of that of %s")
				   : _("This computer's clock is %s behind that of %s"),
			     difference, views->server);
		findings_remedy(findings, _("See timedatectl; let it be set from the network: sudo "
					    "timedatectl set-ntp true"));
	}
}
