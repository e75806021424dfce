/* SPDX-License-Identifier: MIT */

/*
 * misskey-authctl: finds the command that a person typed, parses its options, finds the daemon.
 */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command_table.h"
#include "common/number.h"
#include "common/paths.h"
#include "common/permission.h"
#include "common/text.h"
#include "common/translate.h"
#include "common/vocabulary.h"
#include "help.h"
#include "http_rules/http_rules.h"
#include "terminal/advice.h"
#include "terminal/exit_status.h"
#include "terminal/option_wrong.h"
#include "terminal/terminal.h"

/* --timeout: no session is useful for longer. */
#define TIMEOUT_MIN_S 1
#define TIMEOUT_MAX_S (7 * 24 * 60 * 60)
/* --limit: more than anybody logs in to at once. */
#define LIMIT_MAX 10000

/* What was read from the command line. */
struct invocation {
	struct command_options options;
	const char *socket; /* NULL: where it always is */
	bool ended;	    /* --help, --version or the like did all that was to do */
};

static int print_version(void)
{
	_cleanup_(buf_done) struct buf text = {0};

	buf_append_text(&text, "misskey-authctl " MISSKEY_AUTHD_VERSION "\n");
	return terminal_value(&text);
}

static int option_timeout(const struct command *command, struct invocation *invocation)
{
	struct err_detail detail = {0};

	if (text_duration(optarg, TIMEOUT_MIN_S, TIMEOUT_MAX_S, &invocation->options.timeout_s,
			  &detail) == 0)
		return EXIT_STATUS_DONE;
	terminal_message(_("misskey-authctl: --timeout: %s."), detail.text);
	return help_usage_error(command);
}

/* The value of the option NAME, a number from 1 to MAX. */
static int option_number(const struct command *command, const char *name, int max,
			 int64_t *ret_number)
{
	uint64_t number;

	if (number_read(optarg, strlen(optarg), (uint64_t)max, &number) && number > 0) {
		*ret_number = (int64_t)number;
		return EXIT_STATUS_DONE;
	}
	terminal_message(_("misskey-authctl: --%s: `%s` must be a number from 1 to %d."), name,
			 optarg, max);
	return help_usage_error(command);
}

static int option_color(const struct command *command)
{
	static const struct {
		const char *when;
		enum terminal_colors colors;
	} choices[] = {
		{"auto", TERMINAL_COLORS_AUTO},
		{"always", TERMINAL_COLORS_ALWAYS},
		{"never", TERMINAL_COLORS_NEVER},
	};

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if (strcmp(optarg, choices[i].when) == 0) {
			terminal_set_colors(choices[i].colors);
			return EXIT_STATUS_DONE;
		}
	}
	terminal_message(_("misskey-authctl: --color: `%s` is none of auto, always, never."),
			 optarg);
	return help_usage_error(command);
}

/* The names of all permissions, one a line: completions ask for them too. */
static int print_permissions(void)
{
	_cleanup_(buf_done) struct buf text = {0};

	for (size_t n = 0; permission_name(n); n++)
		buf_append_format(&text, "%s\n", permission_name(n));
	return terminal_value(&text);
}

static int option_permission(struct invocation *invocation)
{
	if (strcmp(optarg, "help") == 0) {
		invocation->ended = true;
		return print_permissions();
	}
	invocation->options.permission = optarg;
	return EXIT_STATUS_DONE;
}

static int option_method(const struct command *command, struct invocation *invocation)
{
	if (method_from_text(optarg) == METHOD_COUNT) {
		terminal_message(_("misskey-authctl: --method: `%s` is none of auto, app, miauth."),
				 optarg);
		return help_usage_error(command);
	}
	invocation->options.method = optarg;
	return EXIT_STATUS_DONE;
}

static int option_take(const struct command *command, int id, struct invocation *invocation)
{
	switch (id) {
	case OPTION_HELP:
		invocation->ended = true;
		return help_print(command);
	case OPTION_VERSION:
		invocation->ended = true;
		return print_version();
	case OPTION_SOCKET:
		invocation->socket = optarg;
		break;
	case OPTION_COLOR:
		return option_color(command);
	case OPTION_JSON:
		invocation->options.json = true;
		break;
	case OPTION_AS:
		invocation->options.as = optarg;
		break;
	case OPTION_USER:
		invocation->options.user = optarg;
		break;
	case OPTION_PERMISSION:
		return option_permission(invocation);
	case OPTION_METHOD:
		return option_method(command, invocation);
	case OPTION_REPLACE:
		invocation->options.replace = true;
		break;
	case OPTION_IF_NEEDED:
		invocation->options.if_needed = true;
		break;
	case OPTION_BROWSER:
	case OPTION_NO_BROWSER:
		/* The last one counts. */
		invocation->options.browser = id == OPTION_BROWSER;
		invocation->options.no_browser = id == OPTION_NO_BROWSER;
		break;
	case OPTION_MISSING:
		invocation->options.missing = true;
		break;
	case OPTION_NO_WAIT:
		invocation->options.no_wait = true;
		break;
	case OPTION_UNATTENDED:
		invocation->options.unattended = true;
		break;
	case OPTION_LIMIT:
		return option_number(command, "limit", LIMIT_MAX, &invocation->options.limit);
	case OPTION_PORT:
		return option_number(command, "port", UINT16_MAX, &invocation->options.port);
	case OPTION_AT_LOGIN:
		invocation->options.at_login = true;
		break;
	case OPTION_VERIFY_DAILY:
		invocation->options.verify_daily = true;
		break;
	case OPTION_TIMEOUT:
		return option_timeout(command, invocation);
	}
	return EXIT_STATUS_DONE;
}

/* Reads the options of COMMAND from argv; MODE is how getopt_long() treats other words. */
static int parse_options(const struct command *command, const char *mode, int argc, char **argv,
			 struct invocation *invocation)
{
	int found;

	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while (!invocation->ended &&
	       (found = getopt_long(argc, argv, mode, command->options, NULL)) != -1) {
		int status;

		if (found == '?' || found == ':') {
			option_wrong("misskey-authctl", command->options, found, argv);
			return help_usage_error(command);
		}
		status = option_take(command, found, invocation);
		if (status != EXIT_STATUS_DONE)
			return status;
	}
	return EXIT_STATUS_DONE;
}

/* Only the first GIVEN arguments of COMMAND are there; LAST is the word before the missing one. */
static void say_missing(const struct command *command, int given, const char *last)
{
	const char *missing = command->arguments;

	for (; given > 0; given--)
		missing = strchr(missing, ' ') + 1;
	terminal_message(_("misskey-authctl: %.*s is missing after %s."),
			 (int)strcspn(missing, " "), missing, last);
}

/* Reads what follows the command's own name, argv[0]. */
static int parse_command(const struct command *command, int argc, char **argv,
			 struct invocation *invocation)
{
	int status = parse_options(command, ":h", argc, argv, invocation);

	if (status != EXIT_STATUS_DONE || invocation->ended)
		return status;
	if (argc - optind > command->arguments_max) {
		terminal_message(_("misskey-authctl: Unexpected argument: %s"),
				 argv[optind + command->arguments_max]);
		return help_usage_error(command);
	}
	if (argc - optind < command->arguments_min) {
		say_missing(command, argc - optind, argv[argc - 1]);
		return help_usage_error(command);
	}
	invocation->options.argument = argv[optind];
	invocation->options.arguments = argv + optind;
	invocation->options.argument_count = argc - optind;
	return EXIT_STATUS_DONE;
}

/* Reads the whole command line; *ret_command is what to run, unless all is done. */
static int parse(int argc, char **argv, const struct command **ret_command,
		 struct invocation *invocation)
{
	const struct command *command;
	int status = parse_options(&command_program, "+:h", argc, argv, invocation);

	if (status != EXIT_STATUS_DONE || invocation->ended)
		return status;
	if (optind == argc) {
		terminal_message(_("misskey-authctl: No command given."));
		return help_usage_error(&command_program);
	}
	command = command_find(argv[optind]);
	if (!command)
		return help_unknown_command(argv[optind]);
	status = parse_command(command, argc - optind, argv + optind, invocation);
	if (!invocation->ended)
		*ret_command = command;
	return status;
}

/* Without XDG_RUNTIME_DIR nobody knows where the control socket is. */
static void say_no_session(void)
{
	_cleanup_(buf_done) struct buf fact = {0};

	buf_append_format(&fact, ADVICE_NO_SESSION, (unsigned long)geteuid());
	terminal_message("misskey-authctl: %s.", buf_text(&fact));
	terminal_message(ADVICE_SESSION, (unsigned long)geteuid());
}

/* The client of the control socket at PATH (NULL: where it always is). SAY what is wrong, or not.
 */
static int connect_daemon(const char *path, struct control_client **ret_client, bool say)
{
	struct paths_environment environment;
	struct err_detail detail = {0};
	struct paths paths = {0};
	int r = 0;

	if (!path) {
		paths_environment_read(&environment);
		r = paths_resolve(&environment, &paths, &detail);
		path = paths.control;
	}
	if (r == 0 && !*path) {
		if (say)
			say_no_session();
		return EXIT_STATUS_NO_DAEMON;
	}
	if (r == 0)
		r = control_client_new(path, ret_client, &detail);
	if (r == 0)
		return EXIT_STATUS_DONE;
	if (say)
		terminal_message("misskey-authctl: %s", detail.text);
	return r == ERR_NOT_FOUND || r == ERR_LIMIT ? EXIT_STATUS_NO_DAEMON : EXIT_STATUS_FAILED;
}

int main(int argc, char **argv)
{
	_cleanup_(control_client_freep) struct control_client *client = NULL;
	const struct command *command = NULL;
	struct invocation invocation = {0};
	int status;

	translate_begin();
	/* A closed pipe is an error of write(): nothing is said, and the command fails. */
	signal(SIGPIPE, SIG_IGN);
	json_init();
	status = parse(argc, argv, &command, &invocation);
	if (status != EXIT_STATUS_DONE || !command)
		return status;
	/* The programs that are started find the user's systemd by it, too. */
	(void)paths_adopt_runtime_dir();
	/* doctor calls servers itself. Other commands leave the browser its environment. */
	if (command->run == command_doctor)
		http_rules_clean_environment();
	status = connect_daemon(invocation.socket, &client, !command->runs_without_daemon);
	if (status != EXIT_STATUS_DONE && !command->runs_without_daemon)
		return status;
	return command->run(client, &invocation.options);
}
