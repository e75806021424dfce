/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The user's D-Bus, through which systemd and the desktop are reached: a connection that is made
 * when it is needed, and the loop's part of it. Nothing here waits: a call's answer comes through
 * its handler, with an error if there is none in BUS_CALL_MS or the connection is lost.
 *
 * What is said on the bus is the affair of launch_unit*.c and notifier.c. With them and sd.c, bus.c
 * is the only user of libsystemd.
 */

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "runtime/loop.h"

/* A service may have to be started for the answer. */
#define BUS_CALL_MS 10000

struct bus;

int bus_new(struct bus **ret_bus, struct err_detail *detail) _must_check_;
int bus_attach(struct bus *bus, struct loop *loop) _must_check_;

/* The connection, a new one if there is none; borrowed, and only until the next dispatch. Who keeps
 * something of it watches for its end (bus_watch_end()). ERR_NOT_FOUND: there is no bus;
 * ERR_ACCESS, ERR_IO, … */
int bus_connect(struct bus *bus, sd_bus **ret_connection, struct err_detail *detail) _must_check_;

/* Calls HANDLER when CONNECTION has ended; *ret_slot is unreferenced by the caller. */
int bus_watch_end(sd_bus *connection, sd_bus_message_handler_t handler, void *context,
		  sd_bus_slot **ret_slot) _must_check_;

/* Sends the call MESSAGE; HANDLER gets its answer. *ret_slot is unreferenced by the caller: before
 * the answer HANDLER is not called then. */
int bus_call(sd_bus *connection, sd_bus_message *message, sd_bus_message_handler_t handler,
	     void *context, sd_bus_slot **ret_slot) _must_check_;

/* The enum err that stands for the negative errno value R of sd-bus, with DETAIL: "WHAT: why". */
int bus_err(struct err_detail *detail, int r, const char *what) _must_check_;

/* Whether nothing is left to be sent. */
bool bus_is_flushed(const struct bus *bus);

void bus_free(struct bus *bus);
DEFINE_CLEANUP(struct bus *, bus_free);
