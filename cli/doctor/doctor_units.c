/* SPDX-License-Identifier: MIT */

/*
 * doctor: systemd's user manager and our units. Only the two sockets must run: they start the
 * service when it is needed.
 */

#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "common/number.h"
#include "common/translate.h"
#include "doctor.h"

#define TIMEOUT_MS 5000
/* "not-found", "deactivating", "enabled-runtime" and the like. */
#define STATE_BYTES 32

enum unit_id { SERVICE, CALLBACK_SOCKET, CONTROL_SOCKET, LOGIN_SERVICE, VERIFY_TIMER, UNIT_COUNT };

static const char *const names[UNIT_COUNT] = {
	[SERVICE] = "misskey-authd.service",
	[CALLBACK_SOCKET] = "misskey-authd-callback.socket",
	[CONTROL_SOCKET] = "misskey-authd-control.socket",
	[LOGIN_SERVICE] = "misskey-authd-login.service",
	[VERIFY_TIMER] = "misskey-authd-verify.timer",
};

static const char *const command[] = {
	"systemctl",
	"--user",
	"show",
	"-p",
	"Id,LoadState,ActiveState,UnitFileState,Listen",
	"misskey-authd.service",
	"misskey-authd-callback.socket",
	"misskey-authd-control.socket",
	"misskey-authd-login.service",
	"misskey-authd-verify.timer",
	NULL,
};

struct unit {
	char load[STATE_BYTES];
	char active[STATE_BYTES];
	char file[STATE_BYTES];
};

/* ---- Reading ---- */

/* The value of KEY, "Key=", in the lines of BLOCK up to an empty one; cut to CAPACITY. */
static void read_value(const char *block, const char *key, char *ret_value, size_t capacity)
{
	*ret_value = '\0';
	for (const char *line = block; *line && *line != '\n';
	     line += strcspn(line, "\n") + (strchr(line, '\n') != NULL)) {
		size_t size = strcspn(line, "\n");
		size_t key_size = strlen(key);

		if (strncmp(line, key, key_size) != 0)
			continue;
		size -= key_size;
		if (size >= capacity)
			size = capacity - 1;
		memcpy(ret_value, line + key_size, size);
		ret_value[size] = '\0';
		return;
	}
}

/* "127.0.0.1:41987 (Stream)"; 0 for what has no port. */
static unsigned port_of(const char *listen)
{
	const char *colon = strrchr(listen, ':');
	uint64_t port;

	return colon && number_read(colon + 1, number_length(colon + 1), UINT16_MAX, &port)
		       ? (unsigned)port
		       : 0;
}

static void read_units(struct doctor *doctor, const char *text,
		       struct unit ret_units[static UNIT_COUNT])
{
	for (const char *block = text; block && *block; block = strstr(block, "\n\n")) {
		char id[64];
		char listen[64];

		block += strspn(block, "\n");
		read_value(block, "Id=", id, sizeof(id));
		for (size_t i = 0; i < UNIT_COUNT; i++) {
			if (strcmp(id, names[i]) != 0)
				continue;
			read_value(block, "LoadState=", ret_units[i].load, STATE_BYTES);
			read_value(block, "ActiveState=", ret_units[i].active, STATE_BYTES);
			read_value(block, "UnitFileState=", ret_units[i].file, STATE_BYTES);
		}
		if (strcmp(id, names[CALLBACK_SOCKET]) == 0) {
			read_value(block, "Listen=", listen, sizeof(listen));
			doctor->socket_port = port_of(listen);
		}
	}
}

static bool is(const char *state, const char *wanted)
{
	return strcmp(state, wanted) == 0;
}

static bool is_enabled(const struct unit *unit)
{
	return is(unit->file, "enabled") || is(unit->file, "enabled-runtime");
}

/* ---- No manager, no units ---- */

static void say_no_systemd(struct doctor *doctor)
{
	findings_add(&doctor->findings, FINDING_NOTE,
		     _("There is no systemd here, so nothing starts the daemon by itself"));
	findings_remedy(&doctor->findings, _("Start misskey-authd with your session, for instance "
					     "in ~/.profile: misskey-authd &"));
}

static void say_no_manager(struct doctor *doctor, int r, struct buf *output)
{
	size_t line = strcspn(buf_text(output), "\n");

	if (r == 0 && line > 0)
		findings_add(&doctor->findings, FINDING_NOTE,
			     _("There is no systemd user manager to start the daemon: %.*s"),
			     (int)line, buf_text(output));
	else
		findings_add(&doctor->findings, FINDING_NOTE,
			     r == ERR_BUSY ? _("systemd's user manager does not answer: systemctl "
					       "--user took too long")
					   : _("systemd's user manager does not answer: systemctl "
					       "--user failed"));
	findings_remedy(&doctor->findings,
			_("Log in anew, not by su or sudo, or let it run always: loginctl "
			  "enable-linger; without it, start misskey-authd with your session"));
}

/* Whether systemd has the unit; if not, a finding says so. */
static bool check_loaded(struct doctor *doctor, const char *name, const struct unit *unit)
{
	struct findings *findings = &doctor->findings;

	if (is(unit->load, "loaded"))
		return true;
	if (is(unit->load, "masked")) {
		findings_add(findings, FINDING_WARNING, _("%s is masked: it cannot start"), name);
		findings_remedy(findings, "systemctl --user unmask %s && " DOCTOR_START, name);
	} else if (is(unit->load, "not-found")) {
		findings_add(findings, doctor->status ? FINDING_NOTE : FINDING_WARNING,
			     _("systemd does not know %s"), name);
		findings_remedy(findings,
				_("Install misskey-authd, then: systemctl --user daemon-reload && "
				  "systemctl --user enable --now misskey-authd"));
	} else {
		findings_add(findings, FINDING_ERROR,
			     _("systemd cannot read %s or what overrides it"), name);
		findings_remedy(findings, _("See why: systemctl --user status %s"), name);
	}
	return false;
}

/* ---- The service and its sockets ---- */

/* A socket cannot be started while its service runs without it. */
static const char *how_to_listen(const struct unit *service)
{
	return is(service->active, "inactive")
		       ? DOCTOR_START
		       : "systemctl --user stop misskey-authd && " DOCTOR_START;
}

static void say_failed_socket(struct doctor *doctor, enum unit_id id)
{
	struct findings *findings = &doctor->findings;

	findings_add(findings, FINDING_ERROR, _("%s has failed: it does not listen"), names[id]);
	if (id == CALLBACK_SOCKET)
		findings_remedy(findings,
				_("See why: journalctl --user -u misskey-authd-callback.socket -n "
				  "20; if the port is taken: %s"),
				DOCTOR_OTHER_PORT);
	else
		findings_remedy(findings,
				_("See why: journalctl --user -u %s -n 20; then: systemctl --user "
				  "stop misskey-authd && systemctl --user restart %s"),
				names[id], names[id]);
}

/* Whether the socket listens, now and after the next start of the session. */
static bool check_socket(struct doctor *doctor, const struct unit *units, enum unit_id id)
{
	struct findings *findings = &doctor->findings;
	const struct unit *unit = &units[id];

	if (!check_loaded(doctor, names[id], unit))
		return false;
	if (is(unit->active, "failed")) {
		say_failed_socket(doctor, id);
		return false;
	}
	if (!is(unit->active, "active")) {
		findings_add(findings, FINDING_WARNING, _("%s does not listen"), names[id]);
		findings_remedy(findings, "%s", how_to_listen(&units[SERVICE]));
		return false;
	}
	if (!is_enabled(unit)) {
		findings_add(findings, FINDING_NOTE,
			     _("%s listens, but will not after the next start of the computer"),
			     names[id]);
		findings_remedy(findings, "systemctl --user enable misskey-authd");
		return false;
	}
	return true;
}

/* Neither the service nor a socket runs: one finding is enough. */
static bool is_unused(const struct unit *units)
{
	return is(units[SERVICE].active, "inactive") &&
	       is(units[CALLBACK_SOCKET].active, "inactive") &&
	       is(units[CONTROL_SOCKET].active, "inactive") &&
	       is(units[CALLBACK_SOCKET].load, "loaded") &&
	       is(units[CONTROL_SOCKET].load, "loaded");
}

static void check_service(struct doctor *doctor, const struct unit *units)
{
	struct findings *findings = &doctor->findings;
	bool callback;
	bool control;

	if (!check_loaded(doctor, names[SERVICE], &units[SERVICE]))
		return;
	if (is_unused(units)) {
		findings_add(findings, doctor->status ? FINDING_NOTE : FINDING_WARNING,
			     doctor->status ? _("%s does not run, and its sockets do not listen: "
						"the daemon was started without systemd")
					    : _("%s does not run, and its sockets do not listen"),
			     names[SERVICE]);
		findings_remedy(findings, doctor->status ? _("End that daemon, then: %s") : "%s",
				DOCTOR_START);
		return;
	}
	if (is(units[SERVICE].active, "failed")) {
		findings_add(findings, FINDING_ERROR, _("%s has failed"), names[SERVICE]);
		findings_remedy(findings, _("See why: %s -n 20; then: %s"), DOCTOR_LOG,
				DOCTOR_RESTART);
	}
	callback = check_socket(doctor, units, CALLBACK_SOCKET);
	control = check_socket(doctor, units, CONTROL_SOCKET);
	doctor->socket_listens = is(units[CALLBACK_SOCKET].active, "active");
	if (callback && control && !is(units[SERVICE].active, "failed"))
		findings_add(findings, FINDING_OK,
			     _("systemd listens on both sockets, and starts %s when it is needed"),
			     names[SERVICE]);
}

/* ---- What a person may want besides ---- */

static void check_extra(struct doctor *doctor, enum unit_id id, const struct unit *unit,
			const char *what, const char *start)
{
	struct findings *findings = &doctor->findings;

	/* An earlier version has no such unit, and a person who masked it knows that. */
	if (!is(unit->load, "loaded"))
		return;
	if (is(unit->active, "failed")) {
		findings_add(findings, FINDING_WARNING, _("%s has failed"), names[id]);
		findings_remedy(findings, _("See why: journalctl --user -u %s -n 20"), names[id]);
	} else if (is_enabled(unit)) {
		findings_add(findings, FINDING_OK, _("%s %s"), names[id], what);
	} else {
		findings_add(findings, FINDING_NOTE, _("%s is not enabled: it %s"), names[id],
			     what);
		findings_remedy(findings, _("If you want that: systemctl --user enable %s%s"),
				start, names[id]);
	}
}

void doctor_check_units(struct doctor *doctor)
{
	_cleanup_(buf_done) struct buf output = {0};
	struct unit units[UNIT_COUNT] = {0};
	int status = 0;
	int r = capture(command, TIMEOUT_MS, &output, &status);

	if (r == ERR_NOT_FOUND) {
		say_no_systemd(doctor);
		return;
	}
	if (r < 0 || status != 0) {
		say_no_manager(doctor, r, &output);
		return;
	}
	read_units(doctor, buf_text(&output), units);
	check_service(doctor, units);
	check_extra(doctor, LOGIN_SERVICE, &units[LOGIN_SERVICE],
		    _("opens the pages of accounts without a credential at the start of a "
		      "graphical session"),
		    "");
	check_extra(doctor, VERIFY_TIMER, &units[VERIFY_TIMER],
		    _("has the credentials verified every day"), "--now ");
}
