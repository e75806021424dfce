/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * When the commands of the config are run: one run of a kind at a time, in the order in which
 * things happened, never holding up the loop. What waits for its turn is the account alone, each
 * once: what a hook is told is put together when its run begins, and so is the newest state. Only
 * errors are kept as they were, HOOKS_MAX_ERRORS at most.
 */

#include <stdbool.h>

#include "common/cleanup.h"
#include "launch/bus.h"
#include "runtime/loop.h"
#include "service/service.h"

/* What is more is in the log alone. The oldest are kept: they are the cause of what follows. */
#define HOOKS_MAX_ERRORS 64

struct hooks;

/* SERVICE (borrowed) has the config that is asked for the commands, each time. UNITS is as for
 * launch_start(). Sets SIGCHLD to its default. */
int hooks_new(struct service *service, struct bus *units, struct hooks **ret_hooks,
	      struct err_detail *detail) _must_check_;
int hooks_attach(struct hooks *hooks, struct loop *loop) _must_check_;

/* Something happened. Without a command for it these do nothing. */
void hooks_consent_needed(struct hooks *hooks, const struct account *account);
void hooks_credential_changed(struct hooks *hooks, const struct account *account);
void hooks_error(struct hooks *hooks, const struct account *account, const char *code,
		 const char *message); /* ACCOUNT may be NULL */

/* Whether nothing runs and nothing waits. */
bool hooks_are_idle(const struct hooks *hooks);

/* Forgets what runs, which goes on by itself, and what waits; says so in the log. */
void hooks_free(struct hooks *hooks);
DEFINE_CLEANUP(struct hooks *, hooks_free);
