/* SPDX-License-Identifier: MIT */

/*
 * misskey-authctl rename: gives an account another name.
 */

#include "account_files.h"
#include "client/control_reply.h"
#include "command/command.h"
#include "common/account_name.h"
#include "common/translate.h"
#include "control_call.h"
#include "terminal/exit_status.h"
#include "terminal/print_json.h"
#include "terminal/terminal.h"

static void say_files(struct control_client *client, const char *old, const char *new)
{
	_cleanup_(json_freep) struct json *status = control_client_get(client, "/v1/status");
	const char *directory = json_get_string(status, "state_directory");
	_cleanup_(buf_done) struct buf token = {0};
	_cleanup_(buf_done) struct buf env = {0};

	if (!directory)
		return;
	account_files_append(&env, directory, ACCOUNT_FILE_ENV, new);
	account_files_append(&token, directory, ACCOUNT_FILE_TOKEN, new);
	terminal_message(_("Its files are now %s and %s."), buf_text(&env), buf_text(&token));
	terminal_message(_("Change %s to %s in your scripts and units, also in the paths of these "
			   "files."),
			 old, new);
}

static void say_renamed(struct control_client *client, const char *old, const char *new,
			const struct json *account)
{
	terminal_message(_("The account %s is called %s now."), old, new);
	if (credential_state_is_good(control_credential_state(account)))
		terminal_message(_("A script uses it with: misskey-token %s"), new);
	say_files(client, old, new);
}

int command_rename(struct control_client *client, const struct command_options *options)
{
	const char *old = options->arguments[0];
	const char *new = options->arguments[1];
	_cleanup_(json_freep) struct json *body = json_new_object();
	_cleanup_(json_freep) struct json *account = NULL;
	int status;

	if (!account_name_valid(new))
		return control_call_bad_name(new);
	if (json_add_string(body, "to", new) < 0)
		return terminal_failed(ERR_NOMEM);
	status = control_call_account(client, "POST", old, "/rename", body, &account);
	if (status != EXIT_STATUS_DONE)
		return status;
	say_renamed(client, old, new, account);
	return options->json ? print_json(account, true) : EXIT_STATUS_DONE;
}
