/* SPDX-License-Identifier: MIT */

/*
 * misskey-authctl show: all that is known of one account.
 */

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "account_files.h"
#include "account_note.h"
#include "client/control_reply.h"
#include "command/command.h"
#include "common/text.h"
#include "common/translate.h"
#include "common/vocabulary.h"
#include "control_call.h"
#include "pending_login.h"
#include "terminal/color.h"
#include "terminal/exit_status.h"
#include "terminal/print_json.h"
#include "terminal/terminal.h"
#include "withdrawal.h"

/* What a fact is called. */
#define NAME_COLUMNS 14
/* "2026-11-22 21:00:00 +0900" and a NUL. */
#define LOCAL_TIME_BYTES 32

/* The time where the person is. */
static void append_time(struct buf *text, const char *name, const char *time)
{
	char local[LOCAL_TIME_BYTES] = "";
	struct tm parts;
	int64_t unix_s;
	time_t seconds;

	if (!time || text_time_parse(time, &unix_s) < 0) {
		terminal_append_fact(text, NAME_COLUMNS, name, NULL);
		return;
	}
	seconds = (time_t)unix_s;
	if (localtime_r(&seconds, &parts))
		(void)strftime(local, sizeof(local), "%Y-%m-%d %H:%M:%S %z", &parts);
	terminal_append_fact(text, NAME_COLUMNS, name, local);
}

static void append_state(struct buf *text, const struct json *account)
{
	_cleanup_(buf_done) struct buf state = {0};

	terminal_append_cell(&state, json_get_string(account, "state"));
	buf_append_format(text, "%-*s", NAME_COLUMNS, "State:");
	color_append(text, color_of_state[control_credential_state(account)], buf_text(&state));
	buf_append_char(text, '\n');
}

static void append_user(struct buf *text, const struct json *account)
{
	const char *username = json_get_string(json_get(account, "user"), "username");
	const char *expected = json_get_string(account, "expected_user");
	_cleanup_(buf_done) struct buf user = {0};

	if (username)
		buf_append_format(&user, "@%s", username);
	else if (expected)
		buf_append_format(&user, "- (must be @%s)", expected);
	terminal_append_fact(text, NAME_COLUMNS, "User:", buf_text(&user));
}

/* The daemon remembers since its start when it asked. A success is remembered longer. */
static const char *last_asked(const struct json *account)
{
	const char *verified = json_get_string(account, "verified_at");
	const char *asked = json_get_string(account, "asked_at");

	return asked && (!verified || strcmp(asked, verified) > 0) ? asked : verified;
}

static void append_credential(struct buf *text, const struct json *account)
{
	_cleanup_(buf_done) struct buf permission = {0};

	account_note_names(&permission, json_get(account, "permission"));
	append_state(text, account);
	append_user(text, account);
	terminal_append_fact(text, NAME_COLUMNS, "Permissions:", buf_text(&permission));
	append_time(text, "Obtained:", json_get_string(account, "obtained_at"));
	append_time(text, "Verified:", json_get_string(account, "verified_at"));
	append_time(text, "Last asked:", last_asked(account));
	if (json_get_string(account, "expires_at"))
		append_time(text, "Expires:", json_get_string(account, "expires_at"));
}

/* How it was obtained, or else how it is going to be. */
static const char *method_name(const struct json *account)
{
	const char *method = json_get_string(account, "obtained_by");

	switch (method_from_text(method ? method : json_get_string(account, "method"))) {
	case METHOD_APP:
		return "app authorization";
	case METHOD_MIAUTH:
		return "MiAuth";
	default:
		return NULL;
	}
}

static void append_access(struct buf *text, const struct json *account)
{
	_cleanup_(buf_done) struct buf page = {0};

	terminal_append_fact(text, NAME_COLUMNS,
			     "App:", json_get_string(json_get(account, "app"), "name"));
	terminal_append_fact(text, NAME_COLUMNS, "Method:", method_name(account));
	if (withdrawal_page(account, &page))
		terminal_append_fact(text, NAME_COLUMNS, "Withdraw at:", buf_text(&page));
	else if (withdrawal_from_text(json_get_string(account, "withdrawal")) ==
		 WITHDRAWAL_ADMINISTRATOR)
		terminal_append_fact(text, NAME_COLUMNS,
				     "Withdraw:", "only the server's administrator can");
}

/* Those that are there. */
static void append_files(struct buf *text, const char *name, const char *directory)
{
	const char *label = "Files:";

	for (enum account_file file = 0; file < ACCOUNT_FILE_COUNT; file++) {
		_cleanup_(buf_done) struct buf path = {0};

		account_files_append(&path, directory, file, name);
		if (access(buf_text(&path), F_OK) < 0)
			continue;
		buf_append_format(text, "%-*s", NAME_COLUMNS, label);
		terminal_append_message(text, buf_text(&path));
		buf_append_char(text, '\n');
		label = "";
	}
}

static void append_login(struct buf *text, const struct json *account)
{
	_cleanup_(buf_done) struct buf login = {0};

	if (!pending_login_is(account))
		return;
	pending_login_append(&login, account);
	terminal_append_fact(text, NAME_COLUMNS, "Login:", buf_text(&login));
}

static int print_text(const struct json *account, const char *directory)
{
	const char *name = json_get_string(account, "account");
	_cleanup_(buf_done) struct buf text = {0};

	terminal_append_fact(&text, NAME_COLUMNS, "Account:", name);
	terminal_append_fact(&text, NAME_COLUMNS,
			     "Made by:", control_is_configured(account) ? "the config" : "a login");
	terminal_append_fact(&text, NAME_COLUMNS, "Server:", json_get_string(account, "server"));
	append_credential(&text, account);
	append_access(&text, account);
	append_files(&text, name, directory);
	append_login(&text, account);
	return terminal_value(&text);
}

/* The members that are not of the daemon's ACCOUNT: where the files are, or would be. */
static int add_members(struct json *account, const char *directory)
{
	static const char *const keys[ACCOUNT_FILE_COUNT] = {"credentials", "env", "token"};
	_cleanup_(json_freep) struct json *files = json_new_object();
	const char *name = json_get_string(account, "account");
	_cleanup_(buf_done) struct buf page = {0};
	bool has_page = withdrawal_page(account, &page);

	for (enum account_file file = 0; file < ACCOUNT_FILE_COUNT; file++) {
		_cleanup_(buf_done) struct buf path = {0};

		account_files_append(&path, directory, file, name);
		if (buf_error(&path) || json_add_string(files, keys[file], buf_text(&path)) < 0)
			return ERR_NOMEM;
	}
	if (buf_error(&page) ||
	    json_add_string(account, "settings_url", has_page ? buf_text(&page) : NULL) < 0)
		return ERR_NOMEM;
	return json_add(account, "files", TAKE_PTR(files));
}

int command_show(struct control_client *client, const struct command_options *options)
{
	_cleanup_(json_freep) struct json *account = NULL;
	_cleanup_(json_freep) struct json *daemon = NULL;
	const char *directory;
	int status = control_call_account(client, "GET", options->argument, "", NULL, &account);

	if (status == EXIT_STATUS_DONE && pending_login_was_all(account))
		return control_call_no_account(options->argument);
	if (status == EXIT_STATUS_DONE)
		status = control_call(client, "GET", "/v1/status", NULL, &daemon);
	if (status != EXIT_STATUS_DONE)
		return status;
	directory = json_get_string(daemon, "state_directory");
	if (!directory || !json_get_string(account, "account"))
		return control_call_not_understood();
	if (options->json) {
		int r = add_members(account, directory);

		return r < 0 ? terminal_failed(r) : print_json(account, true);
	}
	status = print_text(account, directory);
	account_note_permission(account, true);
	account_note_expiry(account);
	account_note_browser(account);
	pending_login_note(account);
	return status;
}
