/* SPDX-License-Identifier: MIT */

/*
 * doctor: the callback port of 127.0.0.1.
 */

#include <errno.h>
#include <string.h>

#include "common/number.h"
#include "common/translate.h"
#include "doctor.h"
#include "units/loopback_port.h"

/* The port in "http://127.0.0.1:PORT/callback". */
static unsigned port_of_url(const char *callback_url)
{
	const char *port = strrchr(callback_url, ':') + 1;
	uint64_t number;

	return number_read(port, number_length(port), UINT16_MAX, &number) ? (unsigned)number : 0;
}

static void say_unusable(struct doctor *doctor, unsigned port, int error)
{
	struct findings *findings = &doctor->findings;

	if (error == EADDRINUSE)
		findings_add(findings, FINDING_WARNING,
			     _("127.0.0.1:%u is taken by another program: the browser cannot come "
			       "back, and logins work by asking the server every few seconds"),
			     port);
	else
		findings_add(findings, FINDING_WARNING,
			     _("127.0.0.1:%u cannot be used: %s; logins work by asking the server "
			       "every few seconds"),
			     port, translate_errno(error));
	if (doctor->socket_port > 0)
		findings_remedy(findings,
				_("To take another port: misskey-authctl enable --port %u"),
				loopback_port_free(port));
	else
		findings_remedy(findings,
				_("Set another port in the config, in [daemon]: listen = "
				  "127.0.0.1:PORT, then: %s"),
				ADVICE_RESTART);
}

static void check_without_daemon(struct doctor *doctor, unsigned port)
{
	int error = loopback_port_error(port);

	if (error)
		say_unusable(doctor, port, error);
	else if (port)
		findings_add(&doctor->findings, FINDING_OK, _("127.0.0.1:%u is free"), port);
	else
		findings_add(&doctor->findings, FINDING_OK,
			     _("Any free port of 127.0.0.1 will be used"));
}

/* The daemon runs and has no listener. */
static void check_missing_listener(struct doctor *doctor, unsigned port)
{
	int error = loopback_port_error(port);

	if (error) {
		say_unusable(doctor, port, error);
		return;
	}
	findings_add(&doctor->findings, FINDING_WARNING,
		     _("127.0.0.1:%u was taken when the daemon started, and is free now"), port);
	findings_remedy(&doctor->findings, ADVICE_RESTART);
}

static void check_listener(struct doctor *doctor, unsigned listens_on, unsigned wanted)
{
	if (wanted == 0 || wanted == listens_on) {
		findings_add(&doctor->findings, FINDING_OK,
			     _("The daemon waits for browsers at 127.0.0.1:%u"), listens_on);
		return;
	}
	findings_add(&doctor->findings, FINDING_WARNING,
		     _("The daemon waits for browsers at 127.0.0.1:%u, but the config says %u"),
		     listens_on, wanted);
	findings_remedy(&doctor->findings, _("A changed port needs a restart: %s"), ADVICE_RESTART);
}

/* systemd listens, and starts the daemon. Otherwise a daemon without systemd has a port of its own.
 */
static bool is_systemds(const struct doctor *doctor, const char *url)
{
	return doctor->socket_listens &&
	       (!doctor->status || (url && port_of_url(url) == doctor->socket_port));
}

void doctor_check_port(struct doctor *doctor)
{
	const char *url = json_get_string(doctor->status, "callback_url");

	if (url && !strrchr(url, ':'))
		url = NULL;
	if (is_systemds(doctor, url)) {
		findings_add(&doctor->findings, FINDING_OK,
			     _("systemd waits for browsers at 127.0.0.1:%u"), doctor->socket_port);
		return;
	}
	if (!doctor->status && doctor->socket_port > 0) {
		check_without_daemon(doctor, doctor->socket_port);
		return;
	}
	if (!doctor->config)
		return; /* nobody knows which port is meant */
	if (!doctor->status)
		check_without_daemon(doctor, doctor->config->port);
	else if (url)
		check_listener(doctor, port_of_url(url), doctor->config->port);
	else
		check_missing_listener(doctor, doctor->config->port);
}
