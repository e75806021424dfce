/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The units of misskey-authd, and the one way to the user's systemd: `systemctl --user`.
 */

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

enum unit_id {
	UNIT_CALLBACK_SOCKET,
	UNIT_CONTROL_SOCKET,
	UNIT_SERVICE,
	UNIT_AGENT_SERVICE,
	UNIT_LOGIN_SERVICE,
	UNIT_VERIFY_TIMER,
	UNIT_VERIFY_SERVICE,
	UNIT_COUNT,
};

/* A set of units has a bit for each. */
#define UNIT_SET(id) (1U << (id))
#define UNIT_SET_ALL (UNIT_SET(UNIT_COUNT) - 1)
#define UNIT_SET_SOCKETS (UNIT_SET(UNIT_CALLBACK_SOCKET) | UNIT_SET(UNIT_CONTROL_SOCKET))

/* "not-found", "deactivating", "enabled-runtime" and the like. */
#define UNIT_STATE_BYTES 32
/* A socket's path has 107 bytes at most. */
#define UNIT_LISTEN_BYTES 128

/* What systemctl shows of a unit, "" for what it does not have. */
struct unit {
	const char *name;
	char load[UNIT_STATE_BYTES];
	char active[UNIT_STATE_BYTES];
	char file[UNIT_STATE_BYTES];
	char condition[UNIT_STATE_BYTES]; /* "no": Condition…= kept it from starting */
	char listen[UNIT_LISTEN_BYTES];	  /* "127.0.0.1:41987", or a path */
};

/* Reads the states of all units. ERR_NOT_FOUND: there is no systemd; other errors: it does not
 * answer. DETAIL is a clause without a full stop. */
int units_read(struct unit ret_units[static UNIT_COUNT], struct err_detail *detail) _must_check_;

/* What to do when units_read() has failed with CODE. */
const char *units_remedy(int code);

/* `systemctl --user show --property=PROPERTIES` of the units of SET, or of systemd itself if it is
 * empty. Appends the output. Errors as units_read(). */
int units_show(const char *properties, unsigned set, struct buf *output,
	       struct err_detail *detail) _must_check_;

/* The value of KEY in the first block of TEXT, lines of KEY=VALUE up to an empty one. It ends at
 * the end of its line; "" if there is none. */
const char *units_value(const char *text, const char *key);

/* `systemctl --user VERB` with the units of SET. DETAIL has the first line that systemctl said. */
int units_do(const char *verb, unsigned set, struct err_detail *detail);

bool unit_is_active(const struct unit *unit);

/* Whether it starts with the user's session, or with what it waits for. */
bool unit_is_enabled(const struct unit *unit);

/* Whether systemd has the unit and can start it; if not, FAULT is a clause that says why, and
 * REMEDY says what to do. */
bool unit_is_usable(const struct unit *unit, struct err_detail *ret_fault,
		    struct err_detail *ret_remedy);

/* The port that a socket unit listens on; 0 if it has none. */
unsigned unit_port(const struct unit *unit);
