/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Where this shell differs from the daemon, which has its environment from systemd or from another
 * shell: that cannot be seen in any single message, and each of the two is right for itself.
 */

#include "common/json.h"

/* Says on standard error, if it is so, that this shell's programs look for the files, or for the
 * config, in another place than DAEMON does (of GET /v1/status; NULL says nothing). */
void places_note_files(const struct json *daemon);

/* Says on standard error, if it is so, that this shell has a proxy and DAEMON has none. */
void places_note_proxy(const struct json *daemon);

/* The variable by which this shell has a proxy that DAEMON lacks; NULL: it lacks none. */
const char *places_missing_proxy(const struct json *daemon);
