/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What systemd is asked for a unit that runs a command: the words of StartTransientUnit
 * (org.freedesktop.systemd1(5)).
 */

#include <systemd/sd-bus.h>

#include "common/err.h"
#include "launch/launch_command.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

/* The call that starts COMMAND as the unit NAME with INPUT_FD (borrowed) as its standard input.
 * Returns a negative errno value on failure, as sd-bus does. */
int launch_unit_call_new(sd_bus *connection, const char *name, const struct launch_command *command,
			 int input_fd, sd_bus_message **ret_message) _must_check_;
