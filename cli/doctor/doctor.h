/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * misskey-authctl doctor: looks at everything that a login needs, with and without a running
 * daemon, and changes nothing. One function a group of checks; what one finds out and another needs
 * is in struct doctor. They run in the order in which they stand here.
 */

#include <stdbool.h>

#include "client/control_client.h"
#include "common/json.h"
#include "common/paths.h"
#include "common/translate.h"
#include "config/config.h"
#include "findings.h"
#include "terminal/advice.h"

#define DOCTOR_START ADVICE_ENABLE
#define DOCTOR_LOG "journalctl --user -u misskey-authd"

struct doctor {
	struct findings findings;
	struct control_client *client; /* NULL: there can be no control socket */
	struct paths paths;
	struct json *status;   /* the daemon's answer to GET /v1/status; NULL: there is none */
	struct config *config; /* NULL: it cannot be read */
	/* Of the files in accounts/: an array of objects with account, server and state, as the
	 * status has them, which knows more if it is there. */
	struct json *env_accounts;
	/* Of misskey-authd-callback.socket: its port (0: there is no such unit), and whether
	 * systemd listens there. */
	unsigned socket_port;
	bool socket_listens;
};

/* XDG_RUNTIME_DIR, the control socket, and who answers there; finds out the status. */
void doctor_check_sockets(struct doctor *doctor);

/* systemd's user manager and our units; finds out the callback socket's port. */
void doctor_check_units(struct doctor *doctor);

/* The configuration file that is used; finds out the config. */
void doctor_check_config(struct doctor *doctor);

/* How far the daemon that runs confines itself. */
void doctor_check_confinement(struct doctor *doctor);

/* The callback port. */
void doctor_check_port(struct doctor *doctor);

/* The state directory: owners, modes, room, content; finds out the accounts. */
void doctor_check_files(struct doctor *doctor);

/* Every account's server, and the clock by what they say the time is. */
void doctor_check_servers(struct doctor *doctor);

/* Every account's credential. */
void doctor_check_accounts(struct doctor *doctor);

/* Whether a login can open a browser. */
void doctor_check_browser(struct doctor *doctor);

/* What the checks share */

/* The accounts that are known, an array; NULL: none. */
const struct json *doctor_accounts(const struct doctor *doctor);

/* The problem CODE of the daemon's status: what it says, or NULL. */
const char *doctor_problem(const struct doctor *doctor, const char *code);

/* Adds a finding: MESSAGE, with which the daemon tells of its problem CODE. */
void doctor_say_problem(struct doctor *doctor, enum finding_status status, const char *code,
			const char *message);
