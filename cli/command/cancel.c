/* SPDX-License-Identifier: MIT */

/*
 * misskey-authctl cancel: ends a login that has not ended.
 */

#include "client/control_reply.h"
#include "command/command.h"
#include "common/translate.h"
#include "control_call.h"
#include "pending_login.h"
#include "terminal/exit_status.h"
#include "terminal/print_json.h"
#include "terminal/terminal.h"

static void say_what_is_left(struct control_client *client, const char *name)
{
	_cleanup_(json_freep) struct json *account = control_call_look_up(client, name);

	if (!account)
		terminal_message(_("The login of %s was cancelled."), name);
	else if (pending_login_was_all(account))
		terminal_message(
			_("The login of %s was cancelled. The account had no credential, so "
			  "it is gone."),
			name);
	else if (control_credential_state(account) == CREDENTIAL_ABSENT)
		terminal_message(_("The login of %s was cancelled. To begin another: "
				   "misskey-authctl login %s"),
				 name, name);
	else
		terminal_message(
			_("The login of %s was cancelled. The account is as it was before."), name);
}

int command_cancel(struct control_client *client, const struct command_options *options)
{
	_cleanup_(json_freep) struct json *login = NULL;
	int status =
		control_call_account(client, "DELETE", options->argument, "/login", NULL, &login);

	if (status != EXIT_STATUS_DONE)
		return status;
	say_what_is_left(client, options->argument);
	return options->json ? print_json(login, true) : EXIT_STATUS_DONE;
}
