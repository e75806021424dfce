/* SPDX-License-Identifier: MIT */
#include "command_table.h"

#include <limits.h>
#include <string.h>

#include "common/text.h"
#include "common/translate.h"

/* The options of every command, and the end of a table. */
#define GLOBAL_OPTIONS                                                                            \
	{"help", no_argument, NULL, OPTION_HELP}, {"version", no_argument, NULL, OPTION_VERSION}, \
		{"socket", required_argument, NULL, OPTION_SOCKET},                               \
		{"color", required_argument, NULL, OPTION_COLOR},                                 \
	{                                                                                         \
		0                                                                                 \
	}

static const struct option global_options[] = {GLOBAL_OPTIONS};

/* Of most commands. */
static const struct option short_options[] = {{"json", no_argument, NULL, OPTION_JSON},
					      GLOBAL_OPTIONS};

static const struct option login_options[] = {
	{"missing", no_argument, NULL, OPTION_MISSING},
	{"limit", required_argument, NULL, OPTION_LIMIT},
	{"unattended", no_argument, NULL, OPTION_UNATTENDED},
	{"as", required_argument, NULL, OPTION_AS},
	{"user", required_argument, NULL, OPTION_USER},
	{"permission", required_argument, NULL, OPTION_PERMISSION},
	{"method", required_argument, NULL, OPTION_METHOD},
	{"replace", no_argument, NULL, OPTION_REPLACE},
	{"if-needed", no_argument, NULL, OPTION_IF_NEEDED},
	{"browser", no_argument, NULL, OPTION_BROWSER},
	{"no-browser", no_argument, NULL, OPTION_NO_BROWSER},
	{"no-wait", no_argument, NULL, OPTION_NO_WAIT},
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"json", no_argument, NULL, OPTION_JSON},
	GLOBAL_OPTIONS};

static const struct option enable_options[] = {
	{"port", required_argument, NULL, OPTION_PORT},
	{"at-login", no_argument, NULL, OPTION_AT_LOGIN},
	{"verify-daily", no_argument, NULL, OPTION_VERIFY_DAILY},
	GLOBAL_OPTIONS};

const struct command command_program = {
	.arguments = "[--socket PATH] [--color WHEN] COMMAND [OPTION…]",
	.help = N_(
		"Signs in to Misskey servers through misskey-authd.\n"
		"\n"
		"Commands:\n"
		"  login [SERVER|ACCOUNT]  sign in, by one click in a web browser\n"
		"  cancel ACCOUNT          end a login that waits for consent\n"
		"  logout ACCOUNT          remove an account's credential from this computer\n"
		"  rename OLD NEW          give an account another name\n"
		"  list                    the accounts and their states\n"
		"  show ACCOUNT            all about one account\n"
		"  status                  the daemon, what is wrong with it, and the accounts\n"
		"  verify [ACCOUNT…]       ask the servers whether credentials still work\n"
		"  watch                   show what happens to the accounts, as it happens\n"
		"  callback URL            finish a login with an address of another browser\n"
		"  enable                  have systemd start the daemon when it is needed\n"
		"  disable                 stop the daemon, and keep systemd from starting it\n"
		"  reload                  have the daemon read its config again\n"
		"  doctor                  look for what is wrong, and say what to do\n"
		"  help [COMMAND]          this text, or the command's\n"
		"\n"
		"Options:\n"
		"  --socket PATH  the daemon's control socket, instead of\n"
		"                 $XDG_RUNTIME_DIR/misskey-authd/control.sock\n"
		"  --color WHEN   auto, always or never; auto: on a terminal, unless NO_COLOR is "
		"set\n"
		"  -h, --help     this text; with a command, the command's\n"
		"  --version      the version\n"),
	.options = global_options,
};

static const struct command commands[] = {
	{
		.name = "login",
		.arguments =
			"[SERVER|ACCOUNT | --missing [--limit COUNT]] [--unattended] "
			"[--as ACCOUNT] [--user NAME] [--replace] [--permission LIST] "
			"[--method METHOD] [--if-needed] [--browser | --no-browser] [--no-wait] "
			"[--timeout TIME] [--json]",
		.help = N_(
			"Signs in and prints the account's name. SERVER may be misskey.example,\n"
			"@alice@misskey.example or https://misskey.example/@alice. With a user it "
			"is that user's\n"
			"account, or a new one called alice@misskey.example.\n"
			"\n"
			"  --missing          every account of the config that has no credential\n"
			"  --limit COUNT      with --missing: at most so many, instead of 5\n"
			"  --unattended       open each page once, print no address, do not wait: "
			"for "
			"the\n"
			"                     start of a session\n"
			"  --as ACCOUNT       what to call the account on this computer\n"
			"  --user NAME        who has to consent\n"
			"  --replace          the account may get another user than it has\n"
			"  --permission LIST  what scripts may do: read:account,write:notes, or a "
			"change:\n"
			"                     +write:drive; all names: --permission "
			"help\n"
			"  --method METHOD    app (the app authorization), miauth, or auto: app, "
			"and "
			"miauth\n"
			"                     where a server has only that\n"
			"  --if-needed        do nothing if there is a credential that works, with "
			"at least\n"
			"                     the wanted permissions\n"
			"  --browser          open a browser here, also in an SSH session\n"
			"  --no-browser       show the page's URL and QR code, to open it on any "
			"device\n"
			"  --no-wait          print the page's URL, open nothing, do not wait\n"
			"  --timeout TIME     how long to wait for the consent: 90s, 15m\n"
			"  --json             print an object instead of the name\n"),
		.options = login_options,
		.arguments_max = 1,
		.run = command_login,
	},
	{
		.name = "cancel",
		.arguments = "ACCOUNT [--json]",
		.help = N_("Ends the account's login that waits for consent. The account is as it "
			   "was before; one\n"
			   "that had no credential and is not in the config is gone.\n"
			   "\n"
			   "  --json  print an object with the login that was ended\n"),
		.options = short_options,
		.arguments_min = 1,
		.arguments_max = 1,
		.run = command_cancel,
	},
	{
		.name = "logout",
		.arguments = "ACCOUNT [--json]",
		.help = N_(
			"Removes the account's credential from this computer, and the account "
			"itself "
			"if it is\n"
			"not in the config. At the server the app keeps its access until you take "
			"it away there.\n"
			"\n"
			"  --json  print an object with what was removed\n"),
		.options = short_options,
		.arguments_min = 1,
		.arguments_max = 1,
		.run = command_logout,
	},
	{
		.name = "rename",
		.arguments = "OLD NEW [--json]",
		.help = N_("Gives the account OLD, which is not in the config, the name NEW. Its "
			   "credential stays\n"
			   "as it is; its files get the new name.\n"
			   "\n"
			   "  --json  print an object with the account\n"),
		.options = short_options,
		.arguments_min = 2,
		.arguments_max = 2,
		.run = command_rename,
	},
	{
		.name = "list",
		.arguments = "[--json]",
		.help = N_("Prints the accounts and their states, and the logins that have not "
			   "ended.\n"
			   "\n"
			   "  --json  print an array of objects instead of a table\n"),
		.options = short_options,
		.run = command_list,
	},
	{
		.name = "show",
		.arguments = "ACCOUNT [--json]",
		.help = N_(
			"Prints all about the account: its user and permissions, when the server "
			"was asked\n"
			"whether its credential works, its files, and where to take the access "
			"away again.\n"
			"\n"
			"  --json  print an object\n"),
		.options = short_options,
		.arguments_min = 1,
		.arguments_max = 1,
		.run = command_show,
	},
	{
		.name = "status",
		.arguments = "[--json]",
		.help = N_("Prints what the daemon is, what is wrong with it, and the accounts.\n"
			   "\n"
			   "  --json  print an object\n"),
		.options = short_options,
		.run = command_status,
	},
	{
		.name = "verify",
		.arguments = "[ACCOUNT…] [--json]",
		.help = N_(
			"Has each account's server asked whether the credential still works, and "
			"prints the\n"
			"accounts and their states. Without ACCOUNT: all that have been logged in "
			"to.\n"
			"\n"
			"  --json  print an array of objects\n"),
		.options = short_options,
		.arguments_max = INT_MAX,
		.run = command_verify,
	},
	{
		.name = "watch",
		.arguments = "[--json]",
		.help = N_("Prints the accounts and their states, and then what happens to them, a "
			   "line "
			   "each, until\n"
			   "it is interrupted.\n"
			   "\n"
			   "  --json  print the events of GET /v1/events, an object a line\n"),
		.options = short_options,
		.run = command_watch,
	},
	{
		.name = "callback",
		.arguments = "URL [--json]",
		.help = N_("Finishes a login with the address that your browser could not open. It "
			   "was\n"
			   "sent there after the consent: http://127.0.0.1:…/callback?token=…\n"
			   "\n"
			   "  --json  print an object instead of the account's name\n"),
		.options = short_options,
		.arguments_min = 1,
		.arguments_max = 1,
		.run = command_callback,
	},
	{
		.name = "enable",
		.arguments = "[--port PORT] [--at-login] [--verify-daily]",
		.help = N_("Has systemd listen for browsers and programs from now on, and start "
			   "the daemon when\n"
			   "one comes. Prints where it listens.\n"
			   "\n"
			   "  --port PORT     the port of 127.0.0.1 that browsers come back to; "
			   "without it, the\n"
			   "                  one that was chosen before, or 41987\n"
			   "  --at-login      at the start of a desktop session, open the pages of "
			   "the config's\n"
			   "                  accounts that have no credential\n"
			   "  --verify-daily  ask the servers daily whether the credentials still "
			   "work\n"),
		.options = enable_options,
		.runs_without_daemon = true,
		.run = command_enable,
	},
	{
		.name = "disable",
		.arguments = "",
		.help = N_("Stops the daemon and all of its units, and keeps systemd from starting "
			   "them.\n"
			   "Accounts and settings stay; it says where they are.\n"),
		.options = global_options,
		.runs_without_daemon = true,
		.run = command_disable,
	},
	{
		.name = "reload",
		.arguments = "[--json]",
		.help = N_(
			"Has the daemon read its config again. A bad config changes nothing; "
			"another "
			"port\n"
			"needs a restart.\n"
			"\n"
			"  --json  print an object with the names of the accounts that changed\n"),
		.options = short_options,
		.run = command_reload,
	},
	{
		.name = "doctor",
		.arguments = "[--json]",
		.help = N_(
			"Looks at everything that a login needs: the daemon and its sockets, its\n"
			"unit, config and port, files and their modes, the servers and the clock, "
			"the\n"
			"accounts, and the browser. Changes nothing.\n"
			"\n"
			"  --json  print an object instead of lines\n"),
		.options = short_options,
		.runs_without_daemon = true,
		.run = command_doctor,
	},
	{
		.name = "help",
		.arguments = "[COMMAND]",
		.help = N_("Prints what misskey-authctl can do, or what the command does and "
			   "takes.\n"),
		.options = global_options,
		.arguments_max = 1,
		.runs_without_daemon = true,
		.run = command_help,
	},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

const char *command_nearest(const char *word)
{
	const char *names[COMMAND_COUNT];

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		names[i] = commands[i].name;
	return text_nearest(word, names, COMMAND_COUNT);
}
