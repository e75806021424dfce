/* SPDX-License-Identifier: MIT */

/*
 * doctor: how far the daemon keeps itself from what it does not need, as it says.
 */

#include "common/translate.h"
#include "doctor.h"

void doctor_check_confinement(struct doctor *doctor)
{
	const struct json *confinement = json_get(doctor->status, "confinement");
	const char *summary = json_get_string(confinement, "summary");
	bool is_complete = false;
	bool is_wanted = true;

	/* Without a daemon there is nothing to say; doctor_check_sockets() has said so. */
	if (!summary)
		return;
	(void)json_get_bool(confinement, "complete", &is_complete);
	(void)json_get_bool(confinement, "wanted", &is_wanted);
	if (is_complete) {
		findings_add(&doctor->findings, FINDING_OK, _("The daemon confines itself: %s"),
			     summary);
	} else if (!is_wanted) {
		findings_add(&doctor->findings, FINDING_NOTE,
			     _("The daemon does not confine itself: the config says "
			       "`confinement = no`"));
	} else {
		findings_add(&doctor->findings, FINDING_WARNING,
			     _("The daemon is confined only in part. Reported, in English: %s"),
			     summary);
		findings_remedy(&doctor->findings,
				_("Landlock needs Linux 5.13 or newer, and `landlock` in "
				  "/sys/kernel/security/lsm. In a container, its own sandbox may "
				  "refuse it"));
	}
}
