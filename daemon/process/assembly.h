/* SPDX-License-Identifier: MIT */
#ifndef PROCESS_ASSEMBLY_H
#define PROCESS_ASSEMBLY_H

/*
 * The modules of a daemon, put together and taken apart again.
 */

#include <stdbool.h>

#include "browser/browser.h"
#include "common/err.h"
#include "config/config.h"
#include "control/control.h"
#include "http/http_client.h"
#include "listener.h"
#include "notify/notify.h"
#include "process/daemon.h"
#include "runtime/loop.h"
#include "runtime/systemd.h"
#include "service/service.h"

struct assembly {
	const struct sd_sockets *passed; /* borrowed */
	int callback_fd;		 /* of our own, -1: none; here and below */
	int control_fd;
	const char *control_path;			/* of control_fd */
	char callback_url[REGISTRY_CALLBACK_URL_BYTES]; /* "": no listener */
	struct err_detail callback_problem;		/* why there is none */
	struct http_client *client;
	struct loop *loop;
	struct service *service;
	struct browser *browser; /* NULL: no listener */
	struct control *control; /* NULL only if REFUSAL came without a control socket */
	struct notify *notify;	 /* NULL only with a refusal */
	struct sd_watchdog watchdog;
};

/* Why a daemon cannot work, which its clients are told. */
struct refusal {
	const char *code; /* of a problem in /v1/status; static */
	struct err_detail why;
};

/* Puts PARTS (zeroed, the descriptors -1) together, also half built to be given to assembly_free().
 * PASSED is borrowed; what was not passed is opened. With a REFUSAL (NULL: none) nothing is opened
 * nor read: clients of the passed sockets are told why. *ret_code is the problem's code of an
 * error. */
int assembly_build(struct assembly *assembly, const struct daemon_options *options,
		   const struct sd_sockets *passed, const struct refusal *refusal,
		   const char **ret_code, struct err_detail *detail) _must_check_;
void assembly_free(struct assembly *assembly);

/* Whether nothing is being answered or told, and nothing awaited that cannot be had twice. */
bool assembly_are_flushed(const struct assembly *assembly);

/* Whether nothing would be lost or late if the process ended here and its sockets started it
 * again. */
bool assembly_are_idle(const struct assembly *assembly);

/* Takes no more, answers what is held. */
void assembly_quiesce(struct assembly *assembly);

#endif
