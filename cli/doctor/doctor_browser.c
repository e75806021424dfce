/* SPDX-License-Identifier: MIT */

/*
 * doctor: whether a login can open a browser.
 */

#include "common/cleanup.h"
#include "common/translate.h"
#include "doctor.h"
#include "web_browser/web_browser.h"

void doctor_check_browser(struct doctor *doctor)
{
	_cleanup_(freep) char *command = NULL;
	int r;

	if (!browser_is_possible()) {
		findings_add(
			&doctor->findings, FINDING_NOTE,
			_("There is no desktop here (DISPLAY and WAYLAND_DISPLAY are not set): "
			  "logins show the page's address and a QR code, for any device"));
		return;
	}
	r = browser_find(&command);
	if (r == 0) {
		findings_add(&doctor->findings, FINDING_OK, _("Logins open the browser with %s"),
			     command);
		return;
	}
	findings_add(&doctor->findings, FINDING_WARNING,
		     r == ERR_NOT_FOUND
			     ? _("No command that opens a browser was found: logins only show the "
				 "page's address")
			     : _("BROWSER cannot be used: logins only show the page's address"));
	findings_remedy(&doctor->findings,
			r == ERR_NOT_FOUND
				? _("Install xdg-utils, or name a browser: export BROWSER=firefox")
				: _("Make it shorter: export BROWSER=firefox"));
}
