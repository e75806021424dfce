/* SPDX-License-Identifier: MIT */
#include "token/token_options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/translate.h"
#include "terminal/exit_status.h"
#include "terminal/option_wrong.h"
#include "terminal/terminal.h"
#include "token_format.h"

static const char usage[] =
	N_("usage: misskey-token [ACCOUNT] [--json | --env | --header | --server | "
	   "--path | --list | --format TEXT | --credential-helper get]\n"
	   "usage: misskey-token [ACCOUNT] [--set VARIABLE=FIELD]… --exec COMMAND [ARG…]\n");

static const char help[] =
	N_("\n"
	   "Prints the credential of ACCOUNT, which can be left out if there is only one.\n"
	   "\n"
	   "Print something else:\n"
	   "  --json    an object with account, server, user, i, permission and state\n"
	   "  --env     MISSKEY_STATE=… and so on, one a line\n"
	   "  --header  Authorization: Bearer …, for Misskey 2025 and newer\n"
	   "  --server  the server's address\n"
	   "  --path    the path of the file that has the credential alone\n"
	   "  --list    the names of all accounts\n"
	   "  --format TEXT\n"
	   "            TEXT with a field's value for each {FIELD}\n"
	   "\n"
	   "Run a command:\n"
	   "  --exec COMMAND [ARG…]\n"
	   "            run COMMAND with MISSKEY_SERVER, MISSKEY_TOKEN and MISSKEY_ACCOUNT\n"
	   "  --set VARIABLE=FIELD\n"
	   "            also give COMMAND a field's value as VARIABLE; before --exec, as often\n"
	   "            as needed\n"
	   "\n"
	   "Answer git and programs that ask as git does:\n"
	   "  --credential-helper get\n"
	   "            read a request on standard input, print a user name and the credential\n"
	   "\n"
	   "FIELD is token, server, url, host, account, user, user_id, permission or state. In\n"
	   "TEXT, {FIELD|json}, {FIELD|sh} and {FIELD|url} write the value as a JSON string, as\n"
	   "a word for a shell and percent-encoded for a URL; {{ and }} are braces.\n"
	   "\n"
	   "  -h, --help\n"
	   "            this text\n"
	   "  --version the version\n");

enum { OPTION_VERSION = 256, OPTION_SET, OPTION_MODE };

/* A mode's option has the number OPTION_MODE plus the mode. */
static const struct option options[] = {
	{"json", no_argument, NULL, OPTION_MODE + TOKEN_MODE_JSON},
	{"env", no_argument, NULL, OPTION_MODE + TOKEN_MODE_ENV},
	{"header", no_argument, NULL, OPTION_MODE + TOKEN_MODE_HEADER},
	{"server", no_argument, NULL, OPTION_MODE + TOKEN_MODE_SERVER},
	{"path", no_argument, NULL, OPTION_MODE + TOKEN_MODE_PATH},
	{"list", no_argument, NULL, OPTION_MODE + TOKEN_MODE_LIST},
	{"format", required_argument, NULL, OPTION_MODE + TOKEN_MODE_FORMAT},
	{"credential-helper", required_argument, NULL, OPTION_MODE + TOKEN_MODE_CREDENTIAL_HELPER},
	{"set", required_argument, NULL, OPTION_SET},
	{"exec", no_argument, NULL, OPTION_MODE + TOKEN_MODE_EXEC},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, OPTION_VERSION},
	{0},
};

static int usage_error(void)
{
	fputs(_(usage), stderr);
	return EXIT_STATUS_USAGE;
}

static int take_account(struct token_options *ret_options, const char *account)
{
	if (ret_options->account) {
		terminal_message(
			_("misskey-token: Only one account can be named. Unexpected argument: %s"),
			account);
		return usage_error();
	}
	ret_options->account = account;
	return EXIT_STATUS_DONE;
}

static int wrong_value(const char *option, const struct err_detail *detail)
{
	terminal_message("misskey-token: %s: %s", option, detail->text);
	return usage_error();
}

static int take_format(struct token_options *ret_options, const char *format)
{
	struct err_detail detail = {0};

	ret_options->format = format;
	return token_format_check(format, &detail) < 0 ? wrong_value("--format", &detail)
						       : EXIT_STATUS_DONE;
}

static int take_set(struct token_options *ret_options, const char *variable_and_field)
{
	struct err_detail detail = {0};

	return token_sets_add(&ret_options->sets, variable_and_field, &detail) < 0
		       ? wrong_value("--set", &detail)
		       : EXIT_STATUS_DONE;
}

static int take_mode(struct token_options *ret_options, enum token_mode mode)
{
	if (ret_options->mode != TOKEN_MODE_TOKEN && ret_options->mode != mode) {
		terminal_message(_("misskey-token: Only one of --json, --env, --header, --server, "
				   "--path, --list, --format, --credential-helper and --exec can "
				   "be given."));
		return usage_error();
	}
	ret_options->mode = mode;
	if (mode == TOKEN_MODE_FORMAT)
		return take_format(ret_options, optarg);
	if (mode == TOKEN_MODE_CREDENTIAL_HELPER)
		ret_options->operation = optarg;
	return EXIT_STATUS_DONE;
}

static int print_about(struct token_options *ret_options, const char *text, const char *more)
{
	_cleanup_(buf_done) struct buf value = {0};

	ret_options->mode = TOKEN_MODE_NOTHING;
	buf_append_text(&value, text);
	buf_append_text(&value, more);
	return terminal_value(&value);
}

static int take_option(struct token_options *ret_options, int found, char *const *argv)
{
	switch (found) {
	case 1: /* a word that is no option */
		return take_account(ret_options, optarg);
	case '?':
	case ':':
		option_wrong("misskey-token", options, found, argv);
		return usage_error();
	case 'h':
		return print_about(ret_options, _(usage), _(help));
	case OPTION_SET:
		return take_set(ret_options, optarg);
	case OPTION_VERSION:
		return print_about(ret_options, "misskey-token " MISSKEY_AUTHD_VERSION, "\n");
	default:
		return take_mode(ret_options, (enum token_mode)(found - OPTION_MODE));
	}
}

/* What getopt_long() has left: all after --exec, or after "--". */
static int take_rest(int argc, char **argv, struct token_options *ret_options)
{
	int status = EXIT_STATUS_DONE;

	if (ret_options->mode == TOKEN_MODE_EXEC) {
		if (optind < argc && strcmp(argv[optind], "--") == 0)
			optind++;
		ret_options->command = argv + optind;
		if (optind < argc)
			return EXIT_STATUS_DONE;
		terminal_message(_("misskey-token: --exec needs a command."));
		return usage_error();
	}
	if (ret_options->sets.count > 0) {
		terminal_message(_("misskey-token: --set needs --exec, after it."));
		return usage_error();
	}
	for (; status == EXIT_STATUS_DONE && optind < argc; optind++)
		status = take_account(ret_options, argv[optind]);
	if (status == EXIT_STATUS_DONE && ret_options->mode == TOKEN_MODE_LIST &&
	    ret_options->account) {
		terminal_message(_("misskey-token: --list takes no account."));
		return usage_error();
	}
	return status;
}

int token_options_parse(int argc, char **argv, struct token_options *ret_options)
{
	int found;

	opterr = 0;
	/* "-": words come in their order, so that those after --exec are left alone. */
	while (ret_options->mode != TOKEN_MODE_EXEC &&
	       (found = getopt_long(argc, argv, "-:h", options, NULL)) != -1) {
		int status = take_option(ret_options, found, argv);

		if (status != EXIT_STATUS_DONE || ret_options->mode == TOKEN_MODE_NOTHING)
			return status;
	}
	return take_rest(argc, argv, ret_options);
}
