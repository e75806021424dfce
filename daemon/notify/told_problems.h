/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which problems of the daemon its person was told of, over many starts: one that systemd starts
 * for every other client must not say the same each time. The memory is a file of the runtime
 * directory, so it ends with the session.
 */

#include <stdbool.h>

#include "common/buf.h"
#include "service/service.h"

struct told_problems {
	struct buf codes; /* of the problems that were told, each with a line break */
};

/* Reads what DIRECTORY has; without it, or with DIRECTORY NULL, nothing was told. */
void told_problems_read(struct told_problems *told, const char *directory);

bool told_problems_has(const struct told_problems *told, const char *code);

/* Keeps the problems that SERVICE has now, all of which are told. Where that cannot be written,
 * they are told once more at the next start. */
void told_problems_write(const struct told_problems *told, const char *directory,
			 const struct service *service);

void told_problems_done(struct told_problems *told);
