/* SPDX-License-Identifier: MIT */
/*
 * misskey-authd, the daemon: reads the command line and runs.
 */
#include <stdio.h>

#include "common/log.h"
#include "common/output.h"
#include "common/paths.h"
#include "common/translate.h"
#include "config/config.h"
#include "http_rules/http_rules.h"
#include "process/daemon.h"
#include "process/options.h"
#include "runtime/systemd.h"

static void print_doubt(const char *sentence, void *context)
{
	(void)context;
	fprintf(stderr, "%s\n", sentence);
}

static int check_config(const struct config_source *source, struct err_detail *detail)
{
	_cleanup_(config_freep) struct config *config = NULL;
	int r = config_read_source(source, &config, detail);

	if (r)
		return r;
	config_tell_doubts(config, print_doubt, NULL);
	printf(_("%s: good\n"), config->file ? config->file : _("no config file, defaults"));
	return output_flush(detail);
}

static int run(const struct options *options, struct err_detail *detail)
{
	struct paths_environment environment;
	struct paths paths = {0};
	struct daemon_options daemon = {
		.log_level_is_fixed = options->log_level_text != NULL,
		.log_level = options->log_level_text,
		.has_agent = !options->no_agent,
		.paths = &paths,
		.idle_exit_ms = options->idle_exit_s * 1000,
	};
	int r;

	paths_environment_read(&environment);
	r = paths_resolve(&environment, &paths, detail);
	if (r)
		return r;
	daemon.source = (struct config_source){
		options->config_file,
		paths.config,
		paths.system_config,
		{.home = paths.home},
	};
	return options->check_config ? check_config(&daemon.source, detail)
				     : daemon_run(&daemon, detail);
}

int main(int argc, char **argv)
{
	struct options options = {0};
	struct err_detail detail = {""};
	int status;
	int r;

	http_rules_clean_environment();
	translate_begin();
	if (options_parse(argc, argv, &options, &status))
		return status;
	/* The log is English. */
	if (!options.check_config)
		translate_end();
	log_setup(options.log_level_text ? options.log_level : LOG_LEVEL_INFO,
		  sd_stderr_is_journal());
	r = run(&options, &detail);
	if (r)
		log_error("%s", detail.text);
	return r == 0 ? 0 : r == ERR_UNSAFE ? OPTIONS_EXIT_UNSAFE : OPTIONS_EXIT_FAILED;
}
