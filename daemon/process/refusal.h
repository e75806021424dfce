/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A daemon that cannot work tells the clients of its sockets why. A service that ended instead
 * would be started again for every client, until systemd gave the sockets up.
 */

#include "process/daemon.h"
#include "runtime/systemd.h"
#include "service/service.h"

/* Answers whoever is connected with REFUSAL, and returns when the next client is in the backlog, or
 * on SIGHUP: then it is time to try again. *ret_has_ended: it is time to end, because of a signal,
 * or because nobody came within the idle exit's time. SAID is what the log has already, and is kept
 * between calls: many clients are refused for the same reason. */
int refusal_serve(const struct daemon_options *options, const struct sd_sockets *passed,
		  const struct service_refusal *refusal, struct err_detail *said,
		  bool *ret_has_ended, struct err_detail *detail) _must_check_;
