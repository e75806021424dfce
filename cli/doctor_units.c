/* SPDX-License-Identifier: MIT */

/*
 * doctor: systemd's user manager and misskey-authd.service.
 */

#include <string.h>

#include "cli/capture.h"
#include "cli/doctor.h"

#define UNITS "units"
#define SERVICE "misskey-authd.service"

#define TIMEOUT_MS 5000

static const char *const command[] = {
	"systemctl", "--user", "show", "-p", "LoadState,ActiveState,UnitFileState", SERVICE, NULL};

/* Whether TEXT, lines of KEY=VALUE, has the line LINE. */
static bool has_line(const char *text, const char *line)
{
	size_t size = strlen(line);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (strncmp(text, line, size) == 0 && (!text[size] || text[size] == '\n'))
			return true;
	}
	return false;
}

static void say_no_systemd(struct doctor *doctor)
{
	findings_add(&doctor->findings, FINDING_NOTE, UNITS,
		     "There is no systemd here, so nothing starts the daemon by itself");
	findings_remedy(&doctor->findings,
			"Start misskey-authd with your session, for instance in ~/.profile: "
			"misskey-authd &");
}

static void say_no_manager(struct doctor *doctor, int r, struct buf *output)
{
	size_t line = strcspn(buf_text(output), "\n");

	if (r == 0 && line > 0)
		findings_add(&doctor->findings, FINDING_NOTE, UNITS,
			     "There is no systemd user manager to start the daemon: %.*s",
			     (int)line, buf_text(output));
	else
		findings_add(&doctor->findings, FINDING_NOTE, UNITS,
			     "systemd's user manager does not answer: systemctl --user %s",
			     r == ERR_BUSY ? "took too long" : "failed");
	findings_remedy(&doctor->findings,
			"Log in anew, not by su or sudo, or let it run always: loginctl "
			"enable-linger; without it, start misskey-authd with your session");
}

static void say_not_loaded(struct doctor *doctor, const char *states)
{
	struct findings *findings = &doctor->findings;

	if (has_line(states, "LoadState=masked")) {
		findings_add(findings, FINDING_WARNING, UNITS,
			     SERVICE " is masked: it cannot start");
		findings_remedy(findings, "systemctl --user unmask misskey-authd && " DOCTOR_START);
	} else if (has_line(states, "LoadState=not-found")) {
		findings_add(findings, doctor->status ? FINDING_NOTE : FINDING_WARNING, UNITS,
			     "systemd does not know " SERVICE);
		findings_remedy(findings,
				"Install misskey-authd, then: systemctl --user daemon-reload && "
				"systemctl --user enable --now misskey-authd");
	} else {
		findings_add(findings, FINDING_ERROR, UNITS,
			     "systemd cannot read " SERVICE " or what overrides it");
		findings_remedy(findings, "See why: systemctl --user status misskey-authd");
	}
}

static void say_loaded(struct doctor *doctor, const char *states)
{
	struct findings *findings = &doctor->findings;
	bool is_enabled = has_line(states, "UnitFileState=enabled");

	if (has_line(states, "ActiveState=failed")) {
		findings_add(findings, FINDING_ERROR, UNITS, SERVICE " has failed");
		findings_remedy(findings, "See why: " DOCTOR_LOG " -n 20; then: " DOCTOR_RESTART);
	} else if (!has_line(states, "ActiveState=active")) {
		findings_add(findings, doctor->status ? FINDING_NOTE : FINDING_WARNING, UNITS,
			     SERVICE " does not run%s",
			     doctor->status ? ": the daemon was started without systemd" : "");
		findings_remedy(findings, is_enabled
						  ? DOCTOR_START
						  : "systemctl --user enable --now misskey-authd");
	} else if (!is_enabled) {
		findings_add(findings, FINDING_NOTE, UNITS,
			     SERVICE " runs, but will not start by itself");
		findings_remedy(findings, "systemctl --user enable misskey-authd");
	} else {
		findings_add(findings, FINDING_OK, UNITS, SERVICE " runs, and starts by itself");
	}
}

void doctor_check_units(struct doctor *doctor)
{
	_cleanup_(buf_done) struct buf output = {0};
	int status = 0;
	int r = capture(command, TIMEOUT_MS, &output, &status);

	if (r == ERR_NOT_FOUND)
		say_no_systemd(doctor);
	else if (r < 0 || status != 0)
		say_no_manager(doctor, r, &output);
	else if (!has_line(buf_text(&output), "LoadState=loaded"))
		say_not_loaded(doctor, buf_text(&output));
	else
		say_loaded(doctor, buf_text(&output));
}
