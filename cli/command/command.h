/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The commands of misskey-authctl. Each gets its options parsed, does its work, says what is to say
 * and returns the exit status.
 */

#include <stdbool.h>
#include <stdint.h>

#include "client/control_client.h"

/* What a command does not take is NULL, false or 0. */
struct command_options {
	char *argument;	  /* the first, or NULL; points into argv, as the next */
	char **arguments; /* all of them */
	int argument_count;
	const char *as;
	const char *user;
	const char *permission;
	const char *method; /* method_text() */
	int64_t timeout_s;  /* 0: as long as the session lasts */
	bool browser;
	bool no_browser;
	bool no_wait;
	bool missing;
	bool unattended;
	bool replace;
	bool if_needed;
	int64_t limit; /* 0: the default */
	int64_t port;  /* 0: as it is */
	bool at_login;
	bool verify_daily;
	bool json;
};

int command_login(struct control_client *client, const struct command_options *options);
int command_cancel(struct control_client *client, const struct command_options *options);
int command_list(struct control_client *client, const struct command_options *options);
int command_status(struct control_client *client, const struct command_options *options);
int command_callback(struct control_client *client, const struct command_options *options);
int command_logout(struct control_client *client, const struct command_options *options);
int command_show(struct control_client *client, const struct command_options *options);
int command_rename(struct control_client *client, const struct command_options *options);
int command_verify(struct control_client *client, const struct command_options *options);
int command_watch(struct control_client *client, const struct command_options *options);
int command_reload(struct control_client *client, const struct command_options *options);
int command_enable(struct control_client *client, const struct command_options *options);
int command_disable(struct control_client *client, const struct command_options *options);
int command_doctor(struct control_client *client, const struct command_options *options);
/* Not of this room: it knows the other commands. */
int command_help(struct control_client *client, const struct command_options *options);
