/* SPDX-License-Identifier: MIT */

/*
 * misskey-authctl verify: has the daemon ask the servers whether the credentials still work.
 */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "client/control_reply.h"
#include "command/command.h"
#include "common/account_name.h"
#include "common/translate.h"
#include "control_call.h"
#include "terminal/daemon_text.h"
#include "terminal/exit_status.h"
#include "terminal/print_json.h"
#include "terminal/terminal.h"

/* The config lets one call of a server take 5 minutes at most. */
#define VERIFY_TIMEOUT_MS (330 * 1000)

struct verify {
	struct control_client *client;
	struct json *results; /* for --json; NULL: a line each */
	int status;	      /* the worst so far */
};

/* A credential that does not work counts more than a server that does not answer. */
static void note_status(struct verify *verify, int status)
{
	if (verify->status == EXIT_STATUS_DONE || status == EXIT_STATUS_NO_CREDENTIAL)
		verify->status = status;
}

static int print_state(const char *account, const char *state)
{
	_cleanup_(buf_done) struct buf line = {0};

	terminal_append_cell(&line, account);
	buf_append_char(&line, ' ');
	terminal_append_cell(&line, state);
	buf_append_char(&line, '\n');
	return terminal_value(&line);
}

static int status_of(const struct json *reply)
{
	bool answered = false;

	if (!credential_state_is_good(control_credential_state(reply)))
		return EXIT_STATUS_NO_CREDENTIAL;
	if (!json_get_bool(reply, "answered", &answered) || !answered)
		return EXIT_STATUS_SERVER;
	return EXIT_STATUS_DONE;
}

/* Problems come as whole sentences. */
static void say_problem(const char *account, const struct json *reply)
{
	const struct json *problem = json_get(reply, "problem");
	const char *message = json_get_string(problem, "message");
	const char *code = json_get_string(problem, "code");
	const char *server = json_get_string(reply, "server");
	_cleanup_(buf_done) struct buf text = {0};
	bool try_again = false;

	if (!message)
		return;
	daemon_text_append(&text, code, message);
	(void)json_get_bool(reply, "try_again", &try_again);
	if (!server)
		server = _("the server");
	if (code && strcmp(code, CODE_NOT_STORED) == 0)
		terminal_message(
			_("misskey-authctl: What %s answered about %s could not be stored. %s"),
			server, account, buf_text(&text));
	else if (status_of(reply) != EXIT_STATUS_NO_CREDENTIAL && try_again)
		terminal_message(
			_("misskey-authctl: Whether the credential of %s works could not be found "
			  "out at %s. %s Ask again later with: misskey-authctl verify %s"),
			account, server, buf_text(&text), account);
	else if (status_of(reply) != EXIT_STATUS_NO_CREDENTIAL)
		terminal_message(
			_("misskey-authctl: Whether the credential of %s works could not be found "
			  "out at %s. %s"),
			account, server, buf_text(&text));
	else if (control_credential_state(reply) == CREDENTIAL_SUSPENDED)
		terminal_message(_("misskey-authctl: The user of %s is suspended at %s. %s When "
				   "that is over, run: misskey-authctl verify %s"),
				 account, server, buf_text(&text), account);
	else
		terminal_message(_("misskey-authctl: The credential of %s does not work at %s any "
				   "more. %s Log in again with: misskey-authctl login %s"),
				 account, server, buf_text(&text), account);
}

/* Takes RESULT: shows it now, or keeps it for the end. */
static int take_result(struct verify *verify, const char *account, struct json *result)
{
	int status;

	if (!verify->results) {
		status = print_state(account, json_get_string(result, "state"));
		json_free(result);
		return status;
	}
	if (json_append(verify->results, result) == 0)
		return EXIT_STATUS_DONE;
	return terminal_failed(ERR_NOMEM);
}

/* Anything but EXIT_STATUS_DONE ends the command. */
static int ask(struct verify *verify, const char *account)
{
	_cleanup_(json_freep) struct json *reply = NULL;
	char path[CONTROL_PATH_BYTES];
	int status;

	terminal_progress(_("Asking about %s…"), account);
	snprintf(path, sizeof(path), "/v1/accounts/%s/verify", account);
	status = control_call_within(verify->client, "POST", path, NULL, VERIFY_TIMEOUT_MS, &reply);
	if (status != EXIT_STATUS_DONE)
		return status;
	say_problem(account, reply);
	note_status(verify, status_of(reply));
	return take_result(verify, account, TAKE_PTR(reply));
}

/* The server has nothing to be asked about. */
static int report_none(struct verify *verify, const char *name, const struct json *account)
{
	const char *server = json_get_string(account, "server");
	struct json *result = json_new_object();

	if (control_credential_state(account) == CREDENTIAL_REVOKED)
		terminal_message(_("misskey-authctl: %s does not accept the credential of %s any "
				   "more. Log in again with: misskey-authctl login %s"),
				 server ? server : _("The server"), name, name);
	else
		terminal_message(_("misskey-authctl: There is no credential of %s yet. Log in "
				   "with: misskey-authctl login %s"),
				 name, name);
	note_status(verify, EXIT_STATUS_NO_CREDENTIAL);
	if (json_add_string(result, "account", name) < 0 ||
	    json_add_string(result, "state", json_get_string(account, "state")) < 0) {
		json_free(result);
		result = NULL;
	}
	return take_result(verify, name, result);
}

static int verify_account(struct verify *verify, const struct json *account)
{
	const char *name = json_get_string(account, "account");
	enum credential_state state = control_credential_state(account);

	if (!name || !account_name_valid(name) || !json_get_string(account, "state"))
		return control_call_not_understood();
	if (state == CREDENTIAL_REVOKED || state == CREDENTIAL_ABSENT)
		return report_none(verify, name, account);
	return ask(verify, name);
}

static int verify_all(struct verify *verify, const struct json *accounts)
{
	const struct json *account = json_first(accounts);
	int status = EXIT_STATUS_DONE;

	for (; status == EXIT_STATUS_DONE && account; account = json_next(account))
		/* Nobody expects an account to work that was never logged in to. */
		if (control_credential_state(account) != CREDENTIAL_ABSENT)
			status = verify_account(verify, account);
	return status;
}

static int verify_named(struct verify *verify, const struct json *accounts, const char *name)
{
	const struct json *account = control_find(accounts, "account", name);

	if (account)
		return verify_account(verify, account);
	note_status(verify, control_call_no_account(name));
	return EXIT_STATUS_DONE;
}

int command_verify(struct control_client *client, const struct command_options *options)
{
	_cleanup_(json_freep) struct json *results = options->json ? json_new_array() : NULL;
	_cleanup_(json_freep) struct json *reply = NULL;
	struct verify verify = {.client = client, .results = results};
	int status = control_call(client, "GET", "/v1/accounts", NULL, &reply);
	const struct json *accounts = json_get(reply, "accounts");

	if (status == EXIT_STATUS_DONE && options->argument_count == 0)
		status = verify_all(&verify, accounts);
	for (int n = 0; status == EXIT_STATUS_DONE && n < options->argument_count; n++)
		status = verify_named(&verify, accounts, options->arguments[n]);
	terminal_progress_end();
	if (status == EXIT_STATUS_DONE && options->json)
		status = print_json(results, true);
	return status == EXIT_STATUS_DONE ? verify.status : status;
}
