/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The modules of a daemon, put together and taken apart again.
 */

#include "browser/browser.h"
#include "common/err.h"
#include "config/config.h"
#include "control/control.h"
#include "http/http_client.h"
#include "listener.h"
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
	struct control *control; /* NULL only if a refusal came without a control socket */
	struct sd_watchdog watchdog;
};

/* Puts ASSEMBLY (zeroed, the descriptors -1) together; also after an error it is to be given to
 * assembly_free(). PASSED is borrowed; what was not passed is opened. With a REFUSAL (NULL: none)
 * nothing is opened nor read: clients of the passed sockets are told why. *ret_code is the
 * problem's code of an error. */
int assembly_build(struct assembly *assembly, const struct daemon_options *options,
		   const struct sd_sockets *passed, const struct service_refusal *refusal,
		   const char **ret_code, struct err_detail *detail) _must_check_;

/* Adds the modules to the loop. From here on SIGHUP reloads. ERR_LIMIT. */
int assembly_attach(struct assembly *assembly, struct err_detail *detail) _must_check_;

void assembly_free(struct assembly *assembly);
