/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One run of a command as a transient unit of the user's systemd: outside of the sandbox and the
 * control group of the daemon's own service, so that it may do what the person may and goes on when
 * the service ends. The environment is the manager's, which knows the desktop's display. systemd
 * enforces the time limit, whether the daemon still is there or not.
 */

#include "common/account_name.h"
#include "common/cleanup.h"
#include "common/digest.h"
#include "launch/bus.h"
#include "launch/launch_command.h"
#include "runtime/clock.h"

/* Longest name of a unit, NUL included (systemd.unit(5)). */
#define LAUNCH_UNIT_NAME_BYTES 256

struct launch_unit;

/* Standard input is an unlinked file in memory that cannot be changed any more, standard output
 * /dev/null (as with launch_process.h), standard error the journal. Nothing of COMMAND is needed
 * afterwards. With an error, which DETAIL explains, nothing was started; but most of what can go
 * wrong is a result, because nothing is waited for here. */
int launch_unit_start(struct bus *bus, const struct launch_command *command, struct clock_time now,
		      struct launch_unit **ret_unit, struct err_detail *detail) _must_check_;

/* When a tick is due, monotonic ms. */
int64_t launch_unit_deadline(const struct launch_unit *unit, struct clock_time now);

/* Whether the run is over, with its result. */
bool launch_unit_tick(struct launch_unit *unit, struct clock_time now,
		      struct launch_result *ret_result);

/* Forgets the unit, which goes on. */
void launch_unit_free(struct launch_unit *unit);
DEFINE_CLEANUP(struct launch_unit *, launch_unit_free);

/* misskey-authd-PURPOSE-ACCOUNT-RANDOM.service, with ACCOUNT escaped and, if need be, cut. */
void launch_unit_name(const char *purpose, const char *account, const char *random,
		      char ret_name[static LAUNCH_UNIT_NAME_BYTES]);
