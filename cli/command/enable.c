/* SPDX-License-Identifier: MIT */

/*
 * misskey-authctl enable: has the user's systemd listen for misskey-authd, at a port of choice.
 */

#include <errno.h>
#include <string.h>

#include "command/command.h"
#include "common/cleanup.h"
#include "common/fsx.h"
#include "common/translate.h"
#include "service_units.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"
#include "units/loopback_port.h"

/* Drop-ins count in the order of their names: after what `systemctl edit` calls override.conf. */
#define PORT_FILE "port.conf"

static int failed(const struct err_detail *detail)
{
	terminal_message(_("misskey-authctl: %s."), detail->text);
	return EXIT_STATUS_FAILED;
}

/* ---- Before anything is changed ---- */

/* Whether systemd can start what is WANTED. */
static bool can_start(const struct unit *units, unsigned wanted)
{
	struct err_detail fault;
	struct err_detail remedy;

	for (size_t id = 0; id < UNIT_COUNT; id++) {
		if (!(wanted & UNIT_SET(id)) || unit_is_usable(&units[id], &fault, &remedy))
			continue;
		(void)failed(&fault);
		terminal_message("%s", remedy.text);
		return false;
	}
	return true;
}

/* A daemon that was started by hand has the port, the socket and the state's lock. */
static bool runs_by_hand(struct control_client *client, const struct unit *units)
{
	_cleanup_(json_freep) struct json *status = NULL;
	int64_t pid;

	if (!client || unit_is_active(&units[UNIT_CONTROL_SOCKET]) ||
	    unit_is_active(&units[UNIT_SERVICE]))
		return false;
	status = control_client_get(client, "/v1/status");
	if (!json_get_integer(status, "pid", &pid))
		return false;
	terminal_message(_("misskey-authctl: misskey-authd runs already, without systemd (process "
			   "%lld)."),
			 (long long)pid);
	terminal_message(_("To have systemd start it instead: kill %lld; misskey-authctl enable"),
			 (long long)pid);
	return true;
}

static bool port_is_free(const struct unit *callback, const struct command_options *options)
{
	unsigned port = options->port ? (unsigned)options->port : unit_port(callback);
	int error;

	if (unit_is_active(callback) && port == unit_port(callback))
		return true; /* it is ours */
	error = loopback_port_error(port);
	if (!error)
		return true;
	if (error == EADDRINUSE)
		terminal_message(_("misskey-authctl: Another program has the port 127.0.0.1:%u."),
				 port);
	else
		terminal_message(_("misskey-authctl: 127.0.0.1:%u cannot be used: %s."), port,
				 translate_errno(error));
	terminal_message(_("To take another port: misskey-authctl enable --port %u%s%s"),
			 loopback_port_free(port), options->at_login ? " --at-login" : "",
			 options->verify_daily ? " --verify-daily" : "");
	return false;
}

/* ---- The change ---- */

static int write_port(unsigned port, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf directory = {0};
	_cleanup_(buf_done) struct buf text = {0};
	_cleanup_(closep) int fd = -1;
	int r = service_units_drop_ins(&directory, detail);

	if (r == 0)
		r = fsx_open_directory(buf_text(&directory), &fd, detail);
	if (r < 0)
		return r;
	/* The empty line takes the unit's own port away. */
	buf_append_format(&text,
			  "# Written by misskey-authctl enable --port.\n"
			  "[Socket]\nListenStream=\nListenStream=127.0.0.1:%u\n",
			  port);
	r = buf_error(&text);
	return r < 0 ? r : fsx_write(fd, PORT_FILE, text.bytes, text.size, detail);
}

/* A socket cannot be started, nor get another port, while its service runs. */
static int change(const struct unit *units, const struct command_options *options, unsigned wanted,
		  struct err_detail *detail)
{
	bool listens = unit_is_active(&units[UNIT_CALLBACK_SOCKET]) &&
		       unit_is_active(&units[UNIT_CONTROL_SOCKET]);
	int r = options->port ? write_port((unsigned)options->port, detail) : 0;

	/* The service too: a login that was pending goes on at the start of the session. This reads
	 * all units again. */
	if (r == 0)
		r = units_do("enable", wanted | UNIT_SET(UNIT_SERVICE), detail);
	if (r == 0 && (options->port || !listens))
		r = units_do("stop", UNIT_SET_SOCKETS | UNIT_SET(UNIT_SERVICE), detail);
	/* What it was at goes on. */
	if (unit_is_active(&units[UNIT_SERVICE]))
		wanted |= UNIT_SET(UNIT_SERVICE);
	/* A login at the start of a session has its time then. */
	return r < 0 ? r : units_do("start", wanted & ~UNIT_SET(UNIT_LOGIN_SERVICE), detail);
}

/* ---- What has come of it ---- */

/* Whether the socket listens, at PORT (0: wherever). */
static bool check_listens(const struct unit *unit, unsigned port)
{
	if (unit_is_active(unit) && (port == 0 || port == unit_port(unit)))
		return true;
	if (strcmp(unit->active, "inactive") == 0 && strcmp(unit->condition, "no") == 0)
		terminal_message(_("misskey-authctl: systemd does not start misskey-authd for "
				   "system users. Start it by hand: misskey-authd"));
	else if (unit_is_active(unit))
		terminal_message(_("misskey-authctl: Another file overrides the port. See which: "
				   "systemctl --user cat %s"),
				 unit->name);
	else
		terminal_message(_("misskey-authctl: %s does not listen. See why: journalctl "
				   "--user -u %s -n 20"),
				 unit->name, unit->name);
	return false;
}

static int report(const struct command_options *options)
{
	_cleanup_(buf_done) struct buf addresses = {0};
	struct unit units[UNIT_COUNT];

	if (service_units_read(units) != EXIT_STATUS_DONE ||
	    !check_listens(&units[UNIT_CALLBACK_SOCKET], (unsigned)options->port) ||
	    !check_listens(&units[UNIT_CONTROL_SOCKET], 0))
		return EXIT_STATUS_FAILED;
	terminal_message(_("systemd listens, and starts misskey-authd when it is needed:"));
	buf_append_format(&addresses, "%s\n%s\n", units[UNIT_CALLBACK_SOCKET].listen,
			  units[UNIT_CONTROL_SOCKET].listen);
	return terminal_value(&addresses);
}

int command_enable(struct control_client *client, const struct command_options *options)
{
	unsigned wanted = UNIT_SET_SOCKETS |
			  (options->at_login ? UNIT_SET(UNIT_LOGIN_SERVICE) : 0) |
			  (options->verify_daily ? UNIT_SET(UNIT_VERIFY_TIMER) : 0);
	struct unit units[UNIT_COUNT];
	struct err_detail detail = {0};

	if (service_units_read(units) != EXIT_STATUS_DONE)
		return EXIT_STATUS_FAILED;
	/* After an installation systemd may not know the files as they are now. */
	if (units_do("daemon-reload", 0, &detail) < 0)
		return failed(&detail);
	if (service_units_read(units) != EXIT_STATUS_DONE ||
	    !can_start(units, wanted | UNIT_SET(UNIT_SERVICE)) || runs_by_hand(client, units))
		return EXIT_STATUS_FAILED;
	/* A service whose socket was stopped still has the port. */
	if (!unit_is_active(&units[UNIT_CALLBACK_SOCKET]) && unit_is_active(&units[UNIT_SERVICE]) &&
	    units_do("stop", UNIT_SET(UNIT_SERVICE), &detail) < 0)
		return failed(&detail);
	if (!port_is_free(&units[UNIT_CALLBACK_SOCKET], options))
		return EXIT_STATUS_FAILED;
	if (change(units, options, wanted, &detail) < 0)
		(void)failed(&detail);
	return report(options);
}
