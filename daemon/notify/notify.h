/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What is worth telling a person's hooks and desktop: watches the service and sees to it that
 * nothing is told twice. docs/integrations.md says what the events are.
 */

#include <stdbool.h>

#include "common/cleanup.h"
#include "runtime/loop.h"
#include "service/service.h"

struct notify;

/* Watches SERVICE (borrowed) from now on, and tells the problems that it has already; MEMORY (NULL:
 * none) is the directory that says which were told by an earlier process. Call it after the
 * servers: a page that they have told somebody to open is not offered once more. */
int notify_new(struct service *service, const char *memory, struct notify **ret_notify,
	       struct err_detail *detail) _must_check_;
int notify_attach(struct notify *notify, struct loop *loop) _must_check_;

/* Whether no hook runs, none waits for its turn, and nothing is left to be sent. */
bool notify_is_flushed(const struct notify *notify);
/* The same, and no notification waits for the person to press "Open". */
bool notify_is_idle(const struct notify *notify);

/* The end comes: takes back what only a running daemon can do. */
void notify_quiesce(struct notify *notify);

/* Hooks that still run go on by themselves. */
void notify_free(struct notify *notify);
DEFINE_CLEANUP(struct notify *, notify_free);
