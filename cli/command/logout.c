/* SPDX-License-Identifier: MIT */

/*
 * misskey-authctl logout: has the daemon forget an account.
 */

#include "client/control_reply.h"
#include "command/command.h"
#include "common/translate.h"
#include "control_call.h"
#include "terminal/exit_status.h"
#include "terminal/print_json.h"
#include "terminal/terminal.h"
#include "withdrawal.h"

static void say_what_is_left(const char *account, const struct json *forgotten)
{
	bool is_absent = control_credential_state(forgotten) == CREDENTIAL_ABSENT;

	if (is_absent)
		terminal_message(_("There was no credential of %s on this computer."), account);
	else
		terminal_message(_("The credential of %s was removed from this computer."),
				 account);
	if (control_is_configured(forgotten))
		terminal_message(_("The account is still in the config; to log in again: "
				   "misskey-authctl login %s"),
				 account);
	if (!is_absent)
		withdrawal_say(forgotten);
}

int command_logout(struct control_client *client, const struct command_options *options)
{
	_cleanup_(json_freep) struct json *forgotten = NULL;
	int status =
		control_call_account(client, "DELETE", options->argument, "", NULL, &forgotten);

	if (status != EXIT_STATUS_DONE)
		return status;
	say_what_is_left(options->argument, forgotten);
	return options->json ? print_json(forgotten, true) : EXIT_STATUS_DONE;
}
