/* SPDX-License-Identifier: MIT */

/*
 * doctor: the callback port of 127.0.0.1.
 */

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/number.h"
#include "common/translate.h"
#include "doctor.h"

/* 0 if the daemon could listen on PORT now, else errno. Nothing listens afterwards. */
static int bind_error(unsigned port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
	};
	_cleanup_(closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	/* As the daemon does: connections of the one before are not in its way. */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return errno;
	return 0;
}

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
		findings_remedy(findings, _("Choose another: %s"), DOCTOR_OTHER_PORT);
	else
		findings_remedy(findings,
				_("Set another port in the config, in [daemon]: listen = "
				  "127.0.0.1:PORT, then: %s"),
				DOCTOR_RESTART);
}

static void check_without_daemon(struct doctor *doctor, unsigned port)
{
	int error = bind_error(port);

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
	int error = bind_error(port);

	if (error) {
		say_unusable(doctor, port, error);
		return;
	}
	findings_add(&doctor->findings, FINDING_WARNING,
		     _("127.0.0.1:%u was taken when the daemon started, and is free now"), port);
	findings_remedy(&doctor->findings, DOCTOR_RESTART);
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
	findings_remedy(&doctor->findings, _("A changed port needs a restart: %s"), DOCTOR_RESTART);
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
