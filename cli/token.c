/* SPDX-License-Identifier: MIT */

/*
 * misskey-token: what a script calls. Prints one credential, or runs a command with it. Needs libc
 * and one file; asks nobody, waits for nothing.
 */

#include <string.h>

#include "common/account_name.h"
#include "common/cleanup.h"
#include "common/paths.h"
#include "common/state.h"
#include "common/text.h"
#include "common/translate.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"
#include "token/account_credential.h"
#include "token/account_find.h"
#include "token/account_names.h"
#include "token/credential_helper.h"
#include "token/token_exec.h"
#include "token/token_options.h"
#include "token/token_print.h"

static void say_names(const struct name_table *names)
{
	_cleanup_(buf_done) struct buf line = {0};

	account_names_append(&line, names);
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
	int r = account_find_user(directory, named, &names, &detail);

	if (r < 0)
		return account_credential_failed(r, &detail);
	if (names.count == 0)
		return say_no_account(named, directory);
	if (names.count == 1) {
		strcpy(ret_account, names.rows[0]);
		return EXIT_STATUS_DONE;
	}
	account_names_append(&line, &names);
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
		return account_credential_failed(r, &detail);
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
		return account_credential_failed(r, &detail);
	for (size_t i = 0; i < names.count; i++)
		buf_append_format(&text, "%s\n", (const char *)names.rows[i]);
	return token_print_text(&text);
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
		r = account_credential_read(directory, named, ret_file, &detail);
	if (r == ERR_NOT_FOUND) {
		status = named ? choose_by_user(named, directory, account)
			       : choose_only(directory, account);
		if (status != EXIT_STATUS_DONE)
			return status;
		r = account_credential_read(directory, account, ret_file, &detail);
	}
	return r < 0 ? account_credential_failed(r, &detail) : EXIT_STATUS_DONE;
}

/* Operations other than get, also those that later versions of git have, are passed over. */
static int help_git(const struct token_options *options, const char *directory,
		    struct env_file *file)
{
	int status;

	if (strcmp(options->operation, "get") != 0)
		return EXIT_STATUS_DONE;
	if (!options->account)
		return credential_helper(NULL, directory);
	status = read_chosen(options->account, directory, file);
	return status == EXIT_STATUS_DONE ? credential_helper(file, directory) : status;
}

static int run(const struct token_options *options, const char *directory, struct env_file *file)
{
	int status;

	if (options->mode == TOKEN_MODE_LIST)
		return list(directory);
	if (options->mode == TOKEN_MODE_CREDENTIAL_HELPER)
		return help_git(options, directory, file);
	status = read_chosen(options->account, directory, file);
	if (status == EXIT_STATUS_DONE)
		status = account_credential_check(file);
	if (status != EXIT_STATUS_DONE)
		return status;
	if (options->mode == TOKEN_MODE_EXEC)
		return token_exec(options->command, &options->sets, file);
	return token_print(options, file, directory);
}

int main(int argc, char **argv)
{
	/* Not on the stack, where each of its pages would cost time, whether it is used or not. */
	static struct env_file file;
	char directory[PATH_MAX + sizeof("/" ACCOUNTS_DIRECTORY)];
	struct paths_environment environment;
	struct token_options options = {0};
	struct err_detail detail = {0};
	int status;
	int r;

	translate_begin();
	status = token_options_parse(argc, argv, &options);
	if (status != EXIT_STATUS_DONE || options.mode == TOKEN_MODE_NOTHING)
		return status;
	paths_environment_read(&environment);
	r = paths_resolve_state(&environment, directory, &detail);
	if (r < 0)
		return account_credential_failed(r, &detail);
	strcpy(directory + strlen(directory), "/" ACCOUNTS_DIRECTORY);
	status = run(&options, directory, &file);
	env_file_erase(&file);
	return status;
}
