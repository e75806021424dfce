/* SPDX-License-Identifier: MIT */
/*
 * misskey-authd: the local callback daemon. Options, config, and off it goes.
 */
#include <stdio.h>

#include "common/log.h"
#include "daemon/daemon.h"
#include "daemon/options.h"
#include "daemon/sd.h"

int main(int argc, char **argv)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct options options = {0};
	struct paths_environment environment;
	struct paths paths;
	struct err_detail detail = {""};
	int status;
	int r;

	if (options_parse(argc, argv, &options, &status))
		return status;
	log_setup(LOG_LEVEL_INFO, sd_stderr_is_journal());
	paths_environment_read(&environment);
	r = paths_resolve(&environment, &paths, &detail);
	if (!r)
		r = options_read_config(&options, &paths, &config, &detail);
	if (r) {
		log_error("%s", detail.text);
		return r == ERR_UNSAFE ? OPTIONS_EXIT_UNSAFE : OPTIONS_EXIT_FAILED;
	}
	if (options.check_config) {
		printf("%s: good\n", config->file ? config->file : "no config file, defaults");
		return 0;
	}
	log_setup(options.has_log_level ? options.log_level : config->log_level,
		  sd_stderr_is_journal());
	r = daemon_run(config, &paths, &detail);
	if (r) {
		log_error("%s", detail.text);
		return r == ERR_UNSAFE ? OPTIONS_EXIT_UNSAFE : OPTIONS_EXIT_FAILED;
	}
	return 0;
}
