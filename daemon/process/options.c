/* SPDX-License-Identifier: MIT */
#include "process/options.h"

#include <getopt.h>
#include <stdio.h>

#include "common/output.h"
#include "common/text.h"
#include "common/translate.h"

static const char usage[] =
	N_("usage: misskey-authd [-c FILE] [--check-config] [--log-level LEVEL]\n"
	   "                     [--idle-exit TIME] [--no-agent]\n");

static const char help[] =
	N_("\n"
	   "Gets and keeps Misskey credentials for the scripts of this user. Runs until it is\n"
	   "stopped; people talk to it with misskey-authctl, scripts with misskey-token.\n"
	   "\n"
	   "  -c, --config FILE     read this config instead of the usual one\n"
	   "      --check-config    say whether the config is good, and end\n"
	   "      --log-level LEVEL error, warning, info or debug (default: the config's, info)\n"
	   "      --idle-exit TIME  end when there was nothing to do for so long, e.g. 30s: for a\n"
	   "                        daemon that systemd starts by its sockets\n"
	   "      --no-agent        do not start misskey-authd-agent, which runs hooks and shows\n"
	   "                        notifications: its service does, or nobody\n"
	   "  -h, --help            show this\n"
	   "  -V, --version         show the version\n"
	   "\n"
	   "Config: ~/.config/misskey-authd/config.ini, else /etc/xdg/misskey-authd/config.ini;\n"
	   "        without either the defaults are used.\n"
	   "State:  ~/.local/state/misskey-authd/\n");

enum { OPTION_CHECK_CONFIG = 256, OPTION_LOG_LEVEL, OPTION_IDLE_EXIT, OPTION_NO_AGENT };

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"check-config", no_argument, NULL, OPTION_CHECK_CONFIG},
	{"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
	{"idle-exit", required_argument, NULL, OPTION_IDLE_EXIT},
	{"no-agent", no_argument, NULL, OPTION_NO_AGENT},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

static bool take_log_level(struct options *options)
{
	options->log_level_text = optarg;
	if (!log_level_parse(optarg, &options->log_level))
		return true;
	fputs(_("misskey-authd: --log-level takes error, warning, info or debug\n"), stderr);
	return false;
}

static bool take_idle_exit(struct options *options)
{
	struct err_detail detail;

	if (!text_duration(optarg, OPTIONS_IDLE_EXIT_MIN_S, OPTIONS_IDLE_EXIT_MAX_S,
			   &options->idle_exit_s, &detail))
		return true;
	fprintf(stderr, "misskey-authd: --idle-exit: %s\n", detail.text);
	return false;
}

/* What was asked for is on standard output: the exit status. */
static int written(void)
{
	struct err_detail detail;

	if (output_flush(&detail) == 0)
		return 0;
	fprintf(stderr, "misskey-authd: %s\n", detail.text);
	return OPTIONS_EXIT_FAILED;
}

/* Whether the program goes on after OPTION. */
static bool take(int option, struct options *options, int *status)
{
	bool is_right = false;

	*status = 0;
	switch (option) {
	case 'c':
		options->config_file = optarg;
		return true;
	case OPTION_CHECK_CONFIG:
		options->check_config = true;
		return true;
	case OPTION_NO_AGENT:
		options->no_agent = true;
		return true;
	case OPTION_LOG_LEVEL:
		is_right = take_log_level(options);
		break;
	case OPTION_IDLE_EXIT:
		is_right = take_idle_exit(options);
		break;
	case 'h':
		fputs(_(usage), stdout);
		fputs(_(help), stdout);
		*status = written();
		return false;
	case 'V':
		puts("misskey-authd " MISSKEY_AUTHD_VERSION);
		*status = written();
		return false;
	default:
		fputs(_(usage), stderr);
		break;
	}
	if (!is_right)
		*status = OPTIONS_EXIT_USAGE;
	return is_right;
}

bool options_parse(int argc, char **argv, struct options *ret_options, int *ret_status)
{
	int option;

	while ((option = getopt_long(argc, argv, "c:hV", long_options, NULL)) != -1)
		if (!take(option, ret_options, ret_status))
			return true;
	if (optind == argc)
		return false;
	fprintf(stderr, _("misskey-authd: there are no arguments, only options\n%s"), _(usage));
	*ret_status = OPTIONS_EXIT_USAGE;
	return true;
}
