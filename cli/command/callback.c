/* SPDX-License-Identifier: MIT */

/*
 * misskey-authctl callback: hands the daemon the URL that a browser on another machine was sent to.
 */

#include <string.h>

#include "command/command.h"
#include "common/account_name.h"
#include "common/secret.h"
#include "control_call.h"
#include "login_wait.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"

static int follow(struct control_client *client, struct json *login, bool json)
{
	_cleanup_(json_freep) struct json *daemon = control_client_get(client, "/v1/status");
	const char *name = json_get_string(login, "account");

	if (!name || !account_name_valid(name))
		return control_call_not_understood();
	return login_wait(client, &(struct login_request){
					  .account = name,
					  .server = json_get_string(login, "server"),
					  .login = login,
					  .daemon = daemon,
					  .json = json,
				  });
}

int command_callback(struct control_client *client, const struct command_options *options)
{
	_cleanup_(json_freep) struct json *login = NULL;
	_cleanup_(json_freep) struct json *body = json_new_object();
	int status;
	int r;

	r = body ? json_add_string(body, "url", options->argument) : ERR_NOMEM;
	if (r < 0)
		return terminal_failed(r);
	/* The command may wait for long: ps(1) must not show the session's token to other users. */
	secret_erase(options->argument, strlen(options->argument));
	status = control_call(client, "POST", "/v1/callback", body, &login);
	if (status != EXIT_STATUS_DONE)
		return status;
	return follow(client, login, options->json);
}
