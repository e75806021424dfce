/* SPDX-License-Identifier: MIT */

/*
 * misskey-token: what a script calls. Prints one credential, or runs a command with it. Needs libc
 * and one file; asks nobody, waits for nothing.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/account_name.h"
#include "common/cleanup.h"
#include "common/paths.h"
#include "common/state.h"
#include "common/text.h"
#include "common/translate.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"
#include "token/account_names.h"
#include "token/account_of_user.h"
#include "token/token_file.h"
#include "token/token_options.h"

/* The state directory, which paths_resolve() lets be so long, and "/accounts". */
#define DIRECTORY_BYTES (PATH_MAX + sizeof("/" ACCOUNTS_DIRECTORY))
/* Names in a message; a person with more accounts asks for --list. */
#define NAMES_SHOWN 20

static int fail(int code, const struct err_detail *detail)
{
	terminal_message("misskey-token: %s", detail->text);
	if (code == ERR_UNSAFE || code == ERR_DAMAGED || code == ERR_ACCESS)
		return EXIT_STATUS_UNSAFE;
	return EXIT_STATUS_FAILED;
}

/* Not stdio: it would keep a copy of the secret. A pipe that is full and does not block is a
 * failure, not something to wait for. */
static int print(const struct buf *text)
{
	const char *bytes = buf_text(text);
	size_t left = text->size;

	if (text->error) {
		terminal_message(_("misskey-token: %s."), _(err_text(text->error)));
		return EXIT_STATUS_FAILED;
	}
	/* A closed pipe, whose reader has had enough, is a failure without a word. */
	signal(SIGPIPE, SIG_IGN);
	while (left > 0) {
		ssize_t count = write(STDOUT_FILENO, bytes, left);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			if (errno != EPIPE)
				terminal_message(
					_("misskey-token: Writing to standard output failed: %s."),
					translate_errno(errno));
			return EXIT_STATUS_FAILED;
		}
		bytes += count;
		left -= (size_t)count;
	}
	return EXIT_STATUS_DONE;
}

static void append_names(struct buf *line, const struct name_table *names)
{
	for (size_t i = 0; i < names->count && i < NAMES_SHOWN; i++)
		buf_append_format(line, "%s%s", i > 0 ? ", " : "", (const char *)names->rows[i]);
	if (names->count > NAMES_SHOWN)
		buf_append_format(line, _(" and %zu more (see misskey-token --list)"),
				  names->count - NAMES_SHOWN);
}

static void say_names(const struct name_table *names)
{
	_cleanup_(buf_done) struct buf line = {0};

	append_names(&line, names);
	if (names->count == 0)
		terminal_message(
			_("There is no account yet. Log in with: misskey-authctl login SERVER"));
	else
		terminal_message(_("There are: %s"), buf_text(&line));
}

static int say_no_account(const char *account, const char *directory)
{
	_cleanup_(account_names_done) struct name_table names = {0};
	const char *nearest = NULL;

	/* The names only help: without them this account is missing all the same. */
	if (account_names_read(directory, &names, NULL) == 0)
		nearest = text_nearest(account, (const char *const *)names.rows, names.count);
	if (nearest)
		terminal_message(_("misskey-token: There is no account %s; did you mean %s?"),
				 account, nearest);
	else
		terminal_message(_("misskey-token: There is no account %s."), account);
	say_names(&names);
	return EXIT_STATUS_NO_ACCOUNT;
}

/* NAMED is no account. Perhaps it is @user@server, and that user has one. */
static int choose_by_user(const char *named, const char *directory,
			  char ret_account[static ACCOUNT_NAME_BYTES])
{
	_cleanup_(account_names_done) struct name_table names = {0};
	_cleanup_(buf_done) struct buf line = {0};
	struct err_detail detail = {0};
	int r = account_of_user_find(directory, named, &names, &detail);

	if (r < 0)
		return fail(r, &detail);
	if (names.count == 0)
		return say_no_account(named, directory);
	if (names.count == 1) {
		strcpy(ret_account, names.rows[0]);
		return EXIT_STATUS_DONE;
	}
	append_names(&line, &names);
	terminal_message(_("misskey-token: Which account of %s? There are: %s"), named,
			 buf_text(&line));
	return EXIT_STATUS_USAGE;
}

static int choose_only(const char *directory, char ret_account[static ACCOUNT_NAME_BYTES])
{
	_cleanup_(account_names_done) struct name_table names = {0};
	struct err_detail detail = {0};
	int r = account_names_read(directory, &names, &detail);

	if (r < 0)
		return fail(r, &detail);
	if (names.count == 1) {
		strcpy(ret_account, names.rows[0]);
		return EXIT_STATUS_DONE;
	}
	if (names.count > 1)
		terminal_message(_("misskey-token: Which account?"));
	say_names(&names);
	return names.count > 1 ? EXIT_STATUS_USAGE : EXIT_STATUS_NO_CREDENTIAL;
}

static int list(const char *directory)
{
	_cleanup_(account_names_done) struct name_table names = {0};
	_cleanup_(buf_done) struct buf text = {0};
	struct err_detail detail = {0};
	int r = account_names_read(directory, &names, &detail);

	if (r < 0)
		return fail(r, &detail);
	for (size_t i = 0; i < names.count; i++)
		buf_append_format(&text, "%s\n", (const char *)names.rows[i]);
	return print(&text);
}

static int check_credential(const struct env_file *file, const char *account)
{
	const char *state = env_file_value(file, ENV_KEY_STATE);

	if (env_file_is_good(file))
		return EXIT_STATUS_DONE;
	if (strcmp(state, "revoked") == 0)
		terminal_message(
			_("misskey-token: %s does not accept the credential of %s any more. Log in "
			  "again with: misskey-authctl login %s"),
			env_file_value(file, ENV_KEY_SERVER), account, account);
	else if (strcmp(state, "suspended") == 0)
		terminal_message(
			_("misskey-token: %s has suspended the user of %s. When that is over, "
			  "run: misskey-authctl verify %s"),
			env_file_value(file, ENV_KEY_SERVER), account, account);
	else
		terminal_message(_("misskey-token: There is no credential of %s yet. Log in with: "
				   "misskey-authctl login %s"),
				 account, account);
	return EXIT_STATUS_NO_CREDENTIAL;
}

/* The values need no escapes: token_file_read() has seen to that. */
static void append_json(struct buf *text, const struct env_file *file)
{
	const char *user = env_file_value(file, ENV_KEY_USER);
	const char *quote = *user ? "\"" : "";

	buf_append_format(text, "{\"account\":\"%s\",\"server\":\"%s\",\"user\":%s%s%s,",
			  env_file_value(file, ENV_KEY_ACCOUNT),
			  env_file_value(file, ENV_KEY_SERVER), quote, *user ? user : "null",
			  quote);
	buf_append_format(text, "\"state\":\"%s\",\"token\":\"%s\"}\n",
			  env_file_value(file, ENV_KEY_STATE), env_file_value(file, ENV_KEY_TOKEN));
}

static void append_environment(struct buf *text, const struct env_file *file)
{
	for (size_t i = 0; i < ENV_KEY_COUNT; i++)
		if (file->lines[i])
			buf_append_format(text, "%s\n", file->lines[i]);
}

static int print_credential(enum token_mode mode, const struct env_file *file,
			    const char *state_directory)
{
	_cleanup_(buf_done) struct buf text = {0};

	switch (mode) {
	case TOKEN_MODE_JSON:
		append_json(&text, file);
		break;
	case TOKEN_MODE_ENV:
		append_environment(&text, file);
		break;
	case TOKEN_MODE_HEADER:
		buf_append_format(&text, "Authorization: Bearer %s\n",
				  env_file_value(file, ENV_KEY_TOKEN));
		break;
	case TOKEN_MODE_SERVER:
		buf_append_format(&text, "%s\n", env_file_value(file, ENV_KEY_SERVER));
		break;
	case TOKEN_MODE_PATH:
		buf_append_format(&text, "%s/" ACCOUNTS_DIRECTORY "/%s/" ACCOUNT_TOKEN_FILE "\n",
				  state_directory, env_file_value(file, ENV_KEY_ACCOUNT));
		break;
	default:
		buf_append_format(&text, "%s\n", env_file_value(file, ENV_KEY_TOKEN));
	}
	return print(&text);
}

/* Becomes the command. Its environment points into FILE, so that there is no second copy of the
 * token to erase if it cannot be started. */
static int execute(char **command, struct env_file *file)
{
	int error;

	if (putenv(file->lines[ENV_KEY_SERVER]) != 0 || putenv(file->lines[ENV_KEY_ACCOUNT]) != 0 ||
	    putenv(file->lines[ENV_KEY_TOKEN]) != 0) {
		terminal_message(_("misskey-token: %s."), _(err_text(ERR_NOMEM)));
		return EXIT_STATUS_FAILED;
	}
	execvp(command[0], command);
	error = errno;
	terminal_message(_("misskey-token: %s cannot be started: %s."), command[0],
			 translate_errno(error));
	return error == ENOENT ? EXIT_STATUS_NOT_FOUND : EXIT_STATUS_NOT_EXECUTABLE;
}

/* ERR_NOT_FOUND: there is no account of this name. */
static int read_account(const char *directory, const char *account, struct env_file *ret_file,
			struct err_detail *detail)
{
	char path[DIRECTORY_BYTES + ACCOUNT_NAME_BYTES + sizeof("/" ACCOUNT_ENV_FILE)];

	snprintf(path, sizeof(path), "%s/%s/" ACCOUNT_ENV_FILE, directory, account);
	return token_file_read(path, account, ret_file, detail);
}

/* Reads the file of the account that is named, or of the only one. What is a name is read first, so
 * that no other file is opened then. */
static int read_chosen(const char *named, const char *directory, struct env_file *ret_file)
{
	char account[ACCOUNT_NAME_BYTES];
	struct err_detail detail = {0};
	int r = ERR_NOT_FOUND;
	int status;

	if (named && account_name_valid(named))
		r = read_account(directory, named, ret_file, &detail);
	if (r == ERR_NOT_FOUND) {
		status = named ? choose_by_user(named, directory, account)
			       : choose_only(directory, account);
		if (status != EXIT_STATUS_DONE)
			return status;
		r = read_account(directory, account, ret_file, &detail);
	}
	return r < 0 ? fail(r, &detail) : EXIT_STATUS_DONE;
}

static int run(const struct token_options *options, const char *state_directory)
{
	_cleanup_(env_file_erase) struct env_file file = {0};
	char directory[DIRECTORY_BYTES];
	int status;

	snprintf(directory, sizeof(directory), "%s/" ACCOUNTS_DIRECTORY, state_directory);
	if (options->mode == TOKEN_MODE_LIST)
		return list(directory);
	status = read_chosen(options->account, directory, &file);
	if (status == EXIT_STATUS_DONE)
		status = check_credential(&file, env_file_value(&file, ENV_KEY_ACCOUNT));
	if (status != EXIT_STATUS_DONE)
		return status;
	if (options->mode == TOKEN_MODE_EXEC)
		return execute(options->command, &file);
	return print_credential(options->mode, &file, state_directory);
}

int main(int argc, char **argv)
{
	struct paths_environment environment;
	struct token_options options = {0};
	struct err_detail detail = {0};
	struct paths paths;
	int status;
	int r;

	translate_begin();
	status = token_options_parse(argc, argv, &options);
	if (status != EXIT_STATUS_DONE || options.mode == TOKEN_MODE_NOTHING)
		return status;
	paths_environment_read(&environment);
	r = paths_resolve(&environment, &paths, &detail);
	if (r < 0)
		return fail(r, &detail);
	return run(&options, paths.state);
}
