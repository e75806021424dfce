/* SPDX-License-Identifier: MIT */
/*
 * misskey-authd: the local callback daemon. Options, config, and off it goes.
 */
#include <stdio.h>

#include "common/config.h"
#include "common/log.h"
#include "common/paths.h"
#include "daemon/daemon.h"
#include "daemon/options.h"
#include "daemon/sd.h"

static int fail(int code, const struct err_detail *detail)
{
	log_error("%s", detail->text);
	return code == ERR_UNSAFE ? OPTIONS_EXIT_UNSAFE : OPTIONS_EXIT_FAILED;
}

int main(int argc, char **argv)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct options options = {0};
	struct paths_environment environment;
	struct config_source source;
	struct paths paths = {0};
	struct err_detail detail = {""};
	int status;
	int r;

	if (options_parse(argc, argv, &options, &status))
		return status;
	log_setup(LOG_LEVEL_INFO, sd_stderr_is_journal());
	paths_environment_read(&environment);
	r = paths_resolve(&environment, &paths, &detail);
	source = (struct config_source){options.config_file, paths.config, paths.system_config};
	if (!r)
		r = config_read_source(&source, &config, &detail);
	if (r)
		return fail(r, &detail);
	if (options.check_config) {
		printf("%s: good\n", config->file ? config->file : "no config file, defaults");
		return 0;
	}
	log_setup(options.has_log_level ? options.log_level : config->log_level,
		  sd_stderr_is_journal());
	r = daemon_run(
		&(struct daemon_options){
			.config = TAKE_PTR(config),
			.source = source,
			.log_level_is_fixed = options.has_log_level,
			.paths = &paths,
		},
		&detail);
	return r ? fail(r, &detail) : 0;
}
