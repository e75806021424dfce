/* SPDX-License-Identifier: MIT */

/*
 * doctor: systemd's user manager and our units. Only the two sockets must run: they start the
 * service when it is needed.
 */

#include <string.h>

#include "common/translate.h"
#include "doctor.h"
#include "units/units.h"

static bool is(const char *state, const char *wanted)
{
	return strcmp(state, wanted) == 0;
}

/* Whether systemd can start the unit; if not, a finding says so. */
static bool check_usable(struct doctor *doctor, const struct unit *unit)
{
	enum finding_status status = FINDING_ERROR;
	struct err_detail fault;
	struct err_detail remedy;

	if (unit_is_usable(unit, &fault, &remedy))
		return true;
	if (is(unit->load, "masked"))
		status = FINDING_WARNING;
	else if (is(unit->load, "not-found"))
		status = doctor->status ? FINDING_NOTE : FINDING_WARNING;
	findings_add(&doctor->findings, status, "%s", fault.text);
	findings_remedy(&doctor->findings, "%s", remedy.text);
	return false;
}

/* ---- The service and its sockets ---- */

/* Whether the socket listens, now and after the next start of the session. */
static bool check_socket(struct doctor *doctor, const struct unit *unit)
{
	struct findings *findings = &doctor->findings;

	if (!check_usable(doctor, unit))
		return false;
	if (is(unit->active, "failed")) {
		findings_add(findings, FINDING_ERROR, _("%s has failed: it does not listen"),
			     unit->name);
		findings_remedy(findings, _("See why: journalctl --user -u %s -n 20; then: %s"),
				unit->name, DOCTOR_START);
		return false;
	}
	if (unit_is_active(unit) && unit_is_enabled(unit))
		return true;
	if (unit_is_active(unit))
		findings_add(findings, FINDING_NOTE,
			     _("%s listens, but will not after the next start of the computer"),
			     unit->name);
	else
		findings_add(findings, FINDING_WARNING, _("%s does not listen"), unit->name);
	findings_remedy(findings, DOCTOR_START);
	return false;
}

/* Neither the service nor a socket runs: one finding is enough. */
static bool is_unused(const struct unit *units)
{
	return is(units[UNIT_SERVICE].active, "inactive") &&
	       is(units[UNIT_CALLBACK_SOCKET].active, "inactive") &&
	       is(units[UNIT_CONTROL_SOCKET].active, "inactive") &&
	       is(units[UNIT_CALLBACK_SOCKET].load, "loaded") &&
	       is(units[UNIT_CONTROL_SOCKET].load, "loaded");
}

static void check_service(struct doctor *doctor, const struct unit *units)
{
	struct findings *findings = &doctor->findings;
	bool callback;
	bool control;

	if (!check_usable(doctor, &units[UNIT_SERVICE]))
		return;
	if (is_unused(units)) {
		findings_add(findings, doctor->status ? FINDING_NOTE : FINDING_WARNING,
			     doctor->status ? _("%s does not run, and its sockets do not listen: "
						"the daemon was started without systemd")
					    : _("%s does not run, and its sockets do not listen"),
			     units[UNIT_SERVICE].name);
		findings_remedy(findings, doctor->status ? _("End that daemon, then: %s") : "%s",
				DOCTOR_START);
		return;
	}
	if (is(units[UNIT_SERVICE].active, "failed")) {
		findings_add(findings, FINDING_ERROR, _("%s has failed"), units[UNIT_SERVICE].name);
		findings_remedy(findings, _("See why: %s -n 20; then: %s"), DOCTOR_LOG,
				ADVICE_RESTART);
	}
	callback = check_socket(doctor, &units[UNIT_CALLBACK_SOCKET]);
	control = check_socket(doctor, &units[UNIT_CONTROL_SOCKET]);
	doctor->socket_listens = unit_is_active(&units[UNIT_CALLBACK_SOCKET]);
	if (callback && control && !is(units[UNIT_SERVICE].active, "failed"))
		findings_add(findings, FINDING_OK,
			     _("systemd listens on both sockets, and starts %s when it is needed"),
			     units[UNIT_SERVICE].name);
}

/* ---- What a person may want besides ---- */

static void check_extra(struct doctor *doctor, const struct unit *unit, const char *what,
			const char *option)
{
	struct findings *findings = &doctor->findings;

	/* An earlier version has no such unit, and a person who masked it knows that. */
	if (!is(unit->load, "loaded"))
		return;
	if (is(unit->active, "failed")) {
		findings_add(findings, FINDING_WARNING, _("%s has failed"), unit->name);
		findings_remedy(findings, _("See why: journalctl --user -u %s -n 20"), unit->name);
	} else if (unit_is_enabled(unit)) {
		findings_add(findings, FINDING_OK, _("%s %s"), unit->name, what);
	} else {
		findings_add(findings, FINDING_NOTE, _("%s is not enabled: it %s"), unit->name,
			     what);
		findings_remedy(findings, _("If you want that: %s %s"), DOCTOR_START, option);
	}
}

void doctor_check_units(struct doctor *doctor)
{
	struct unit units[UNIT_COUNT];
	struct err_detail detail;
	int r = units_read(units, &detail);

	if (r < 0) {
		findings_add(&doctor->findings, FINDING_NOTE, "%s", detail.text);
		findings_remedy(&doctor->findings, "%s", units_remedy(r));
		return;
	}
	doctor->socket_port = unit_port(&units[UNIT_CALLBACK_SOCKET]);
	check_service(doctor, units);
	check_extra(doctor, &units[UNIT_LOGIN_SERVICE],
		    _("opens the pages of accounts without a credential at the start of a "
		      "graphical session"),
		    "--at-login");
	check_extra(doctor, &units[UNIT_VERIFY_TIMER], _("has the credentials verified every day"),
		    "--verify-daily");
}
