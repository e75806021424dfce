/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "common/command_line.h"
#include "config/config.h"
#include "fuzz.h"

static bool is_command(char *const *words)
{
	size_t count = 0;

	while (words[count])
		count++;
	return words[0] && words[0][0] == '/' && count <= COMMAND_LINE_MAX_WORDS;
}

/* What is refused must be refused with a sentence; what is accepted must be within its bounds. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct err_detail detail = {""};

	if (config_parse((const char *)data, size, "fuzz.ini", &config, &detail)) {
		if (!detail.text[0])
			abort();
		return 0;
	}
	if (config->port > 65535 || config->session_time_s < 60)
		abort();
	for (size_t n = 0; n < CONFIG_HOOK_COUNT; n++)
		if (config->hooks[n] && !is_command(config->hooks[n]))
			abort();
	for (size_t n = 0; n < config->account_count; n++)
		if (!account_name_valid(config->accounts[n].name) ||
		    (!config->accounts[n].server.tls && !config->accounts[n].server.loopback))
			abort();
	return 0;
}
