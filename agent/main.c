/* SPDX-License-Identifier: MIT */
/*
 * misskey-authd-agent: what must be outside of the daemon's sandbox. It runs the person's hooks and
 * shows notifications.
 */
#include <getopt.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/json.h"
#include "common/log.h"
#include "common/output.h"
#include "follow/agent.h"
#include "runtime/systemd.h"

/* The unit is started again after the last, if the daemon is there. */
enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_CUT_OFF = 3, OPTION_LOG_LEVEL = 256, OPTION_DAEMON };

static const char help[] =
	"usage: misskey-authd-agent [-c FILE] [--log-level LEVEL]\n"
	"\n"
	"Runs your hooks and shows notifications for misskey-authd. The daemon's service, or the\n"
	"daemon itself, starts it; nobody else needs to.\n"
	"\n"
	"  -c, --config FILE     read this config instead of the usual one\n"
	"      --log-level LEVEL error, warning, info or debug (default: the config's, info)\n"
	"  -h, --help            show this\n"
	"  -V, --version         show the version\n";

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
	/* The daemon's affair alone: see agent_options.is_daemons. */
	{"daemon-on-stdin", no_argument, NULL, OPTION_DAEMON},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

/* What was asked for is on standard output: the exit status. */
static int written(void)
{
	struct err_detail detail;

	if (output_flush(&detail) == 0)
		return 0;
	fprintf(stderr, "misskey-authd-agent: %s\n", detail.text);
	return EXIT_FAILED;
}

/* Whether the program goes on; else *ret_status is its exit status. */
static bool take_options(int argc, char **argv, struct agent_options *options,
			 enum log_level *level, int *ret_status)
{
	int option;

	*ret_status = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "c:hV", long_options, NULL)) != -1) {
		/* The daemon gives "" for what it was not given itself. */
		if (option == 'c') {
			options->source.named = *optarg ? optarg : NULL;
		} else if (option == OPTION_DAEMON) {
			options->is_daemons = true;
		} else if (option == OPTION_LOG_LEVEL &&
			   (!*optarg || !log_level_parse(optarg, level))) {
			options->log_level_is_fixed = *optarg;
		} else if (option == 'h' || option == 'V') {
			fputs(option == 'h' ? help
					    : "misskey-authd-agent " MISSKEY_AUTHD_VERSION "\n",
			      stdout);
			*ret_status = written();
			return false;
		} else {
			fputs(help, stderr);
			return false;
		}
	}
	if (optind != argc)
		fputs(help, stderr);
	return optind == argc;
}

/* Credentials pass through this process. Its hooks inherit the mask and the limit, which they can
 * raise. Returns the mask that was. */
static mode_t protect_process(void)
{
	struct rlimit core;

	(void)prctl(PR_SET_DUMPABLE, 0);
	if (getrlimit(RLIMIT_CORE, &core) == 0) {
		core.rlim_cur = 0;
		(void)setrlimit(RLIMIT_CORE, &core);
	}
	return umask(077);
}

int main(int argc, char **argv)
{
	enum log_level level = LOG_LEVEL_INFO;
	struct agent_options options = {0};
	struct paths_environment environment;
	struct err_detail detail = {""};
	struct paths paths = {0};
	int status;
	int r;

	if (!take_options(argc, argv, &options, &level, &status))
		return status;
	options.umask = protect_process();
	log_setup(level, sd_stderr_is_journal());
	json_init();
	paths_environment_read(&environment);
	r = paths_resolve(&environment, &paths, &detail);
	options.source.user = paths.config;
	options.source.system = paths.system_config;
	options.source.trust.home = paths.home;
	options.paths = &paths;
	if (!r)
		r = agent_run(&options, &detail);
	if (r)
		log_error("%s", detail.text);
	if (r == ERR_IO)
		return EXIT_CUT_OFF;
	return r ? EXIT_FAILED : 0;
}
