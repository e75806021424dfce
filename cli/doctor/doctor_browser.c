/* SPDX-License-Identifier: MIT */

/*
 * doctor: whether a login can open a browser.
 */

#include "common/cleanup.h"
#include "common/translate.h"
#include "doctor.h"
#include "web_browser/web_browser.h"

/* Why logins show the page's address and a QR code instead of opening a browser; NULL: they open
 * one.
 */
static const char *why_none(const struct doctor *doctor)
{
	if (browser_is_elsewhere())
		return _(
			"This is an SSH session: logins show the page's address and a QR code, for "
			"any device. To open a browser here: misskey-authctl login --browser");
	if (!browser_is_possible())
		return _("There is no desktop here (DISPLAY and WAYLAND_DISPLAY are not set, and "
			 "BROWSER names no program that may know one): logins show the page's "
			 "address and a QR code, for any device");
	if (doctor->config && !doctor->config->browser)
		return _("The config has `browser = no`: logins show the page's address and a QR "
			 "code, for any device");
	return NULL;
}

static void say_unusable(struct doctor *doctor, int code)
{
	findings_add(&doctor->findings, FINDING_WARNING,
		     code == ERR_NOT_FOUND
			     ? _("No command that opens a browser was found: logins only show the "
				 "page's address")
			     : _("BROWSER cannot be used: logins only show the page's address"));
	findings_remedy(&doctor->findings,
			code == ERR_NOT_FOUND
				? _("Install xdg-utils, or name a browser: export BROWSER=firefox")
				: _("Make it shorter: export BROWSER=firefox"));
}

void doctor_check_browser(struct doctor *doctor)
{
	_cleanup_(freep) char *command = NULL;
	_cleanup_(freep) char *missing = NULL;
	int r = browser_find(&command, &missing);
	const char *none = why_none(doctor);

	if (missing) {
		findings_add(&doctor->findings, FINDING_WARNING,
			     _("BROWSER names %s, and there is no such program"), missing);
		findings_remedy(&doctor->findings,
				_("Correct it, with quotes around a path that has blanks: export "
				  "BROWSER=firefox"));
	}
	if (none)
		findings_add(&doctor->findings, FINDING_NOTE, "%s", none);
	else if (r == 0)
		findings_add(&doctor->findings, FINDING_OK, _("Logins open the browser with %s"),
			     command);
	else
		say_unusable(doctor, r);
}
