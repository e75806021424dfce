/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Waits for the next client of the sockets that systemd passed, without accepting it.
 */

#include <stdint.h>

#include "common/err.h"
#include "runtime/systemd.h"

enum standby_end {
	STANDBY_CLIENT,	 /* somebody waits at a socket */
	STANDBY_RELOAD,	 /* SIGHUP */
	STANDBY_IDLE,	 /* nobody came */
	STANDBY_STOPPED, /* SIGTERM or SIGINT */
};

/* IDLE_MS: how long, 0: for ever. ERR_NOMEM, ERR_IO, … */
int standby_wait(const struct sd_sockets *sockets, int64_t idle_ms, enum standby_end *ret_end,
		 struct err_detail *detail) _must_check_;
