/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * When the commands of the config are run: one run of a kind at a time. Which is next, and what it
 * is told, is asked when its turn comes, so it is the newest state.
 */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "common/cleanup.h"
#include "common/trust.h"
#include "config/config.h"
#include "hook/hook_event.h"

struct hooks_owner {
	/* What the next run of KIND is to be told. ERR_NOT_FOUND: there is nothing now;
	 * hooks_wake() says when to ask again. */
	int (*next)(enum config_hook kind, struct hook_event *ret_event, void *context);
	/* The run that NEXT was asked for has come to its end, or cannot be started, and is not
	 * repeated. */
	void (*told)(enum config_hook kind, void *context);
	void *context;
};

struct hooks;

/* CONFIG (borrowed) is the current one's place. TRUST (borrowed) says whose programs are run; it is
 * asked before each run. OWNER is copied. */
int hooks_new(sd_event *event, struct config *const *config, const struct trust *trust,
	      const struct hooks_owner *owner, struct hooks **ret_hooks,
	      struct err_detail *detail) _must_check_;

/* There may be something to tell. */
void hooks_wake(struct hooks *hooks);

bool hooks_are_running(const struct hooks *hooks);

/* Forgets what runs, which goes on, and says so in the log. */
void hooks_free(struct hooks *hooks);
DEFINE_CLEANUP(struct hooks *, hooks_free);
