/* SPDX-License-Identifier: MIT */

/*
 * misskey-authctl callback: hands the daemon the URL that a browser on another machine was sent to.
 */

#include <string.h>

#include "command/command.h"
#include "common/account_name.h"
#include "common/secret.h"
#include "common/translate.h"
#include "control_call.h"
#include "login_wait.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"

/* The server of ACCOUNT, for messages only; *ret_reply holds the text. NULL if it cannot be had. */
static const char *account_server(struct control_client *client, const char *account,
				  struct control_reply *ret_reply)
{
	char path[32 + ACCOUNT_NAME_BYTES];

	strcpy(path, "/v1/accounts/");
	strcat(path, account);
	if (control_client_request(client, "GET", path, NULL, CONTROL_CALL_TIMEOUT_MS, ret_reply,
				   NULL) < 0)
		return NULL;
	return json_get_string(ret_reply->body, "server");
}

static int follow(struct control_client *client, struct json *login, bool json)
{
	_cleanup_(control_reply_done) struct control_reply reply = {0};
	const char *account = json_get_string(login, "account");

	if (!account || !account_name_valid(account)) {
		return control_call_not_understood();
	}
	return login_wait(client, &(struct login_request){
					  .account = account,
					  .server = account_server(client, account, &reply),
					  .login = login,
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
	if (r < 0) {
		terminal_message(_("misskey-authctl: %s."), _(err_text(r)));
		return EXIT_STATUS_FAILED;
	}
	/* While the outcome is awaited, other users need not see the session's token in ps(1). */
	secret_erase(options->argument, strlen(options->argument));
	status = control_call(client, "POST", "/v1/callback", body, &login);
	if (status != EXIT_STATUS_DONE)
		return status;
	return follow(client, login, options->json);
}
