/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What agent.c (life, and the daemon's events) and telling.c (what is told, and to whom) share.
 */

#include <systemd/sd-event.h>

#include "client/control_client.h"
#include "desktop/notifier.h"
#include "follow/agent.h"
#include "hook/hooks.h"
#include "told.h"

struct agent {
	const struct agent_options *options;
	struct config *config;
	sd_event *event;
	int state_fd;
	int result; /* of agent_run() */
	bool is_over;

	/* The daemon. */
	struct control_client *client;
	struct control_stream *stream; /* of its events; NULL: it is not followed */
	sd_event_source *line;	       /* something came on it */
	struct control_stream *hold; /* keeps it from ending for want of work; NULL: nothing does */
	sd_event_source *hold_end;
	char callback_url[NEWS_CALLBACK_BYTES]; /* its own; "": none */

	/* Telling. */
	struct told *told;
	sd_event_source *save; /* when TOLD is to be written; NULL: it is */
	struct hooks *hooks;
	struct notifier *notifier;
	uint64_t last_turn;
	size_t waiting[CONFIG_HOOK_COUNT]; /* how many rows have a turn */
	struct {
		struct told_row *row;
		char value[TOLD_BYTES];
	} running[CONFIG_HOOK_COUNT]; /* what the run of each kind is told; .row NULL: none */
};

/* ---- telling.c ---- */

/* STATUS is that of docs/control-api.md. */
void telling_snapshot(struct agent *agent, const struct json *status);
/* ACCOUNT is that of docs/control-api.md, as it is, or was before it was removed. */
void telling_account(struct agent *agent, const struct json *account);
void telling_removed(struct agent *agent, const struct json *account);
/* The config is another. */
void telling_again(struct agent *agent);
/* Writes what was told, if it is not written yet. */
void telling_save(struct agent *agent);
/* Whether something is being told, or waits for its turn or for the person. */
bool telling_is_at_work(const struct agent *agent);

/* For hooks_new() and notifier_new(); the context is the agent. */
int telling_next(enum config_hook kind, struct hook_event *ret_event, void *context);
void telling_told(enum config_hook kind, void *context);
void telling_open(const char *account, void *context);

/* ---- agent.c ---- */

/* A process keeps the environment that it was started with, but a desktop tells the user's systemd
 * where its display is when it begins, which can be later. As a service of the user's systemd this
 * process takes the variables that it has now. Without it, or its bus, nothing changes. */
void environment_refresh(void);
