/* SPDX-License-Identifier: MIT */

/*
 * misskey-authctl list and status.
 */

#include <stddef.h>

#include "account_note.h"
#include "client/control_reply.h"
#include "command/command.h"
#include "common/text.h"
#include "common/translate.h"
#include "control_call.h"
#include "pending_login.h"
#include "terminal/color.h"
#include "terminal/daemon_text.h"
#include "terminal/exit_status.h"
#include "terminal/print_json.h"
#include "terminal/terminal.h"

/* What a fact of the status is called. */
#define NAME_COLUMNS 17

/* COLUMN_LOGIN is there only while a login is pending. */
enum { COLUMN_ACCOUNT, COLUMN_STATE, COLUMN_USER, COLUMN_SERVER, COLUMN_LOGIN, COLUMN_COUNT };

static const char *const headers[COLUMN_COUNT] = {"ACCOUNT", "STATE", "USER", "SERVER", "LOGIN"};

struct table {
	struct buf *text;
	size_t columns;
	size_t widths[COLUMN_COUNT];
};

/* The cell of ACCOUNT (NULL: the header) in COLUMN, printable. */
static void append_cell(struct buf *cell, const struct json *account, size_t column)
{
	const char *username;

	switch (account ? column : COLUMN_COUNT) {
	case COLUMN_ACCOUNT:
		terminal_append_cell(cell, json_get_string(account, "account"));
		break;
	case COLUMN_STATE:
		terminal_append_cell(cell, json_get_string(account, "state"));
		break;
	case COLUMN_USER:
		username = json_get_string(json_get(account, "user"), "username");
		if (username)
			buf_append_char(cell, '@');
		terminal_append_cell(cell, username);
		break;
	case COLUMN_SERVER:
		terminal_append_cell(cell, json_get_string(account, "server"));
		break;
	case COLUMN_LOGIN:
		pending_login_append(cell, account);
		break;
	default:
		buf_append_text(cell, headers[column]);
	}
}

static enum color cell_color(const struct json *account, size_t column)
{
	if (!account || column != COLUMN_STATE)
		return COLOR_NONE;
	return color_of_state[control_credential_state(account)];
}

static void measure_row(struct table *table, const struct json *account)
{
	for (size_t i = 0; i < table->columns; i++) {
		_cleanup_(buf_done) struct buf cell = {0};

		append_cell(&cell, account, i);
		if (text_columns(buf_text(&cell)) > table->widths[i])
			table->widths[i] = text_columns(buf_text(&cell));
	}
}

static void append_row(struct table *table, const struct json *account)
{
	for (size_t i = 0; i < table->columns; i++) {
		_cleanup_(buf_done) struct buf cell = {0};

		append_cell(&cell, account, i);
		color_append(table->text, cell_color(account, i), buf_text(&cell));
		if (i == table->columns - 1)
			break;
		buf_append_format(table->text, "%*s",
				  (int)(table->widths[i] - text_columns(buf_text(&cell)) + 2), "");
	}
	buf_append_char(table->text, '\n');
}

static void say_notes(const struct json *accounts)
{
	for (const struct json *c = json_first(accounts); c; c = json_next(c)) {
		account_note_permission(c, true);
		account_note_expiry(c);
		account_note_browser(c);
	}
	pending_login_note_all(accounts);
}

static void append_table(struct buf *text, const struct json *accounts)
{
	struct table table = {.text = text, .columns = COLUMN_LOGIN};

	for (const struct json *c = json_first(accounts); c; c = json_next(c))
		if (pending_login_is(c))
			table.columns = COLUMN_COUNT;
	measure_row(&table, NULL);
	for (const struct json *c = json_first(accounts); c; c = json_next(c))
		measure_row(&table, c);
	append_row(&table, NULL);
	for (const struct json *c = json_first(accounts); c; c = json_next(c))
		append_row(&table, c);
}

static void say_how_to_log_in(void)
{
	terminal_message(
		_("There is no account yet. Log in with: misskey-authctl login misskey.example"));
}

/* Asks for PATH and looks whether there is a list of accounts in the reply. */
static int get_accounts(struct control_client *client, const char *path, struct json **ret_reply,
			const struct json **ret_accounts)
{
	int status = control_call(client, "GET", path, NULL, ret_reply);

	if (status != EXIT_STATUS_DONE)
		return status;
	*ret_accounts = json_get(*ret_reply, "accounts");
	if (json_is_array(*ret_accounts))
		return EXIT_STATUS_DONE;
	return control_call_not_understood();
}

int command_list(struct control_client *client, const struct command_options *options)
{
	_cleanup_(json_freep) struct json *reply = NULL;
	_cleanup_(buf_done) struct buf table = {0};
	const struct json *accounts;
	int status = get_accounts(client, "/v1/accounts", &reply, &accounts);

	if (status != EXIT_STATUS_DONE)
		return status;
	if (options->json)
		return print_json(accounts, true);
	if (!json_first(accounts)) {
		say_how_to_log_in();
		return EXIT_STATUS_DONE;
	}
	append_table(&table, accounts);
	status = terminal_value(&table);
	say_notes(accounts);
	return status;
}

static void append_problems(struct buf *text, const struct json *problems)
{
	for (const struct json *c = json_first(problems); c; c = json_next(c)) {
		const char *message = json_get_string(c, "message");
		const char *code = json_get_string(c, "code");
		_cleanup_(buf_done) struct buf problem = {0};

		daemon_text_append(&problem, code, message ? message : code);
		buf_append_format(text, "%-*s", NAME_COLUMNS, "Problem:");
		terminal_append_message(text, buf_text(&problem));
		buf_append_char(text, '\n');
	}
}

static void append_status(struct buf *text, const struct json *status)
{
	const char *callback_url = json_get_string(status, "callback_url");
	const char *config = json_get_string(status, "config");
	int64_t pid;

	terminal_append_fact(text, NAME_COLUMNS, "Version:", json_get_string(status, "version"));
	if (json_get_integer(status, "pid", &pid))
		buf_append_format(text, "%-*s%lld\n", NAME_COLUMNS, "Process:", (long long)pid);
	terminal_append_fact(text, NAME_COLUMNS, "Callback URL:",
			     callback_url ? callback_url : "none (logins work by polling)");
	terminal_append_fact(text, NAME_COLUMNS, "Config:", config ? config : "none (defaults)");
	terminal_append_fact(text, NAME_COLUMNS,
			     "State directory:", json_get_string(status, "state_directory"));
	terminal_append_fact(text, NAME_COLUMNS, "Confinement:",
			     json_get_string(json_get(status, "confinement"), "summary"));
	append_problems(text, json_get(status, "problems"));
}

int command_status(struct control_client *client, const struct command_options *options)
{
	_cleanup_(json_freep) struct json *reply = NULL;
	_cleanup_(buf_done) struct buf text = {0};
	const struct json *accounts;
	int status = get_accounts(client, "/v1/status", &reply, &accounts);

	if (status != EXIT_STATUS_DONE)
		return status;
	if (options->json)
		return print_json(reply, true);
	append_status(&text, reply);
	if (json_first(accounts)) {
		buf_append_char(&text, '\n');
		append_table(&text, accounts);
	}
	status = terminal_value(&text);
	say_notes(accounts);
	if (!json_first(accounts) && !json_first(json_get(reply, "problems")))
		say_how_to_log_in();
	return status;
}
