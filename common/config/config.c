/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/fsx.h"
#include "common/permission.h"
#include "common/text.h"
#include "common/translate.h"
#include "config_values.h"

int config_new(struct config **ret_config)
{
	struct config *config = calloc(1, sizeof(*config));

	if (!config)
		return ERR_NOMEM;
	config->port = CONFIG_DEFAULT_PORT;
	config->session_time_s = CONFIG_DEFAULT_SESSION_TIME_S;
	config->poll_interval_s = CONFIG_DEFAULT_POLL_INTERVAL_S;
	config->poll_interval_max_s = CONFIG_DEFAULT_POLL_INTERVAL_MAX_S;
	config->request_time_s = CONFIG_DEFAULT_REQUEST_TIME_S;
	config->log_level = LOG_LEVEL_INFO;
	config->hook_time_s = CONFIG_DEFAULT_HOOK_TIME_S;
	config->notifications = true;
	config->browser = true;
	config->confinement = true;
	*ret_config = config;
	return 0;
}

int config_text_set(char **text, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return ERR_NOMEM;
	free(*text);
	*text = copy;
	return 0;
}

int config_account_add(struct config *config, const char *name, unsigned line)
{
	size_t count = config->account_count;
	struct config_account *account;

	/* There is room for the next power of two. */
	if ((count & (count - 1)) == 0) {
		struct config_account *accounts =
			reallocarray(config->accounts, count ? 2 * count : 1, sizeof(*accounts));

		if (!accounts)
			return ERR_NOMEM;
		config->accounts = accounts;
	}
	account = &config->accounts[config->account_count++];
	*account = (struct config_account){.line = line};
	(void)snprintf(account->name, sizeof(account->name), "%s", name);
	return 0;
}

/* Puts FILE and KEY before the error about the file that KEY names. */
static int name_key(const char *file, const char *key, int code, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf shown = {0};

	text_append_printable(&shown, file, PATH_MAX);
	if (buf_error(&shown) || !detail)
		return code;
	return err_set(detail, code, "%s: %s: %s", buf_text(&shown), key, detail->text);
}

static int check_named(const struct trust *trust, const struct config *config,
		       struct err_detail *detail)
{
	int r = config->ca_file ? trust_check(trust, config->ca_file, detail) : 0;

	if (r < 0 && r != ERR_NOT_FOUND)
		return name_key(config->file, "ca_file", r, detail);
	for (enum config_hook hook = 0; hook < CONFIG_HOOK_COUNT; hook++) {
		if (!config->hooks[hook])
			continue;
		r = trust_check(trust, config->hooks[hook][0], detail);
		if (r == ERR_UNSAFE)
			return name_key(config->file, config_hook_name(hook), r, detail);
	}
	return 0;
}

int config_read(const struct trust *trust, const char *file, struct config **ret_config,
		struct err_detail *detail)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(buf_done) struct buf shown = {0};
	_cleanup_(buf_done) struct buf text = {0};
	_cleanup_(closep) int fd = -1;
	int r = trust_open(trust, file, &fd, detail);

	if (r < 0)
		return r;
	text_append_printable(&shown, file, PATH_MAX);
	r = buf_error(&shown);
	if (r < 0)
		return err_set(detail, r, "%s", _(err_text(r)));
	if (fsx_read_all(fd, CONFIG_MAX_BYTES, &text) < 0)
		return err_set(detail, err_from_errno(errno), "%s: %s", buf_text(&shown),
			       translate_errno(errno));
	if (buf_error(&text) < 0)
		return err_set(detail, buf_error(&text), "%s: %s", buf_text(&shown),
			       _(err_text(buf_error(&text))));
	r = config_parse(buf_text(&text), text.size, file, &config, detail);
	if (r < 0)
		return r;
	r = check_named(trust, config, detail);
	if (r < 0)
		return r;
	*ret_config = TAKE_PTR(config);
	return 0;
}

int config_read_source(const struct config_source *source, struct config **ret_config,
		       struct err_detail *detail)
{
	int r;

	if (source->named)
		return config_read(&source->trust, source->named, ret_config, detail);
	r = config_read(&source->trust, source->user, ret_config, detail);
	if (r == ERR_NOT_FOUND)
		r = config_read(&source->trust, source->system, ret_config, detail);
	if (r == ERR_NOT_FOUND)
		r = config_new(ret_config);
	return r;
}

const char *config_hook_name(enum config_hook hook)
{
	static const char *const names[CONFIG_HOOK_COUNT] = {
		[CONFIG_ON_CONSENT_NEEDED] = "on_consent_needed",
		[CONFIG_ON_CREDENTIAL_CHANGED] = "on_credential_changed",
		[CONFIG_ON_ERROR] = "on_error",
	};

	return names[hook];
}

bool config_tells_anybody(const struct config *config)
{
	for (enum config_hook hook = 0; hook < CONFIG_HOOK_COUNT; hook++)
		if (config->hooks[hook])
			return true;
	return config->notifications;
}

const struct config_account *config_account_find(const struct config *config, const char *name)
{
	return name_table_find(&config->by_name, name);
}

void config_tell_doubts(const struct config *config, config_doubt_function *function, void *context)
{
	for (size_t i = 0; i < config->account_count; i++) {
		const struct config_account *account = &config->accounts[i];
		const char *rest = account->permission;
		struct err_detail detail;

		while (permission_next_unknown(&rest, &detail)) {
			struct err_detail sentence;

			(void)err_set(&sentence, ERR_OK, "%s: [account %s]: %s", config->file,
				      account->name, detail.text);
			function(sentence.text, context);
		}
	}
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->account_count; i++) {
		free(config->accounts[i].permission);
		free(config->accounts[i].user);
		free(config->accounts[i].app_name);
		free(config->accounts[i].description);
	}
	for (size_t i = 0; i < CONFIG_HOOK_COUNT; i++)
		free(config->hooks[i]);
	free(config->accounts);
	name_table_done(&config->by_name);
	free(config->ca_file);
	free(config->file);
	free(config);
}
