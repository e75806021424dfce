/* SPDX-License-Identifier: MIT */
#include "common/config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/config_internal.h"
#include "common/text.h"
#include "common/translate.h"

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

static int compare_accounts(const void *a, const void *b)
{
	const struct config_account *x = *(const struct config_account *const *)a;
	const struct config_account *y = *(const struct config_account *const *)b;
	int order = strcmp(x->name, y->name);

	if (order != 0)
		return order;
	return (x->line > y->line) - (x->line < y->line);
}

int config_accounts_sort(struct config *config)
{
	size_t count = config->account_count;
	const struct config_account **by_name;

	if (count == 0)
		return 0;
	by_name = calloc(count, sizeof(const struct config_account *));
	if (!by_name)
		return ERR_NOMEM;
	for (size_t i = 0; i < count; i++)
		by_name[i] = &config->accounts[i];
	qsort(by_name, count, sizeof(const struct config_account *), compare_accounts);
	free(config->by_name);
	config->by_name = by_name;
	return 0;
}

static int check_file(int fd, const char *shown, struct err_detail *detail)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return err_set(detail, err_from_errno(errno), "%s: %s", shown,
			       translate_errno(errno));
	if (!S_ISREG(status.st_mode))
		return err_set(detail, ERR_UNSAFE, _("%s: expected a regular file"), shown);
	/* The owner says nothing: inside the service's user namespace root is shown as 65534. */
	if (status.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(detail, ERR_UNSAFE,
			       _("%s: others can write it (mode %04o), and so could send your "
				 "credentials elsewhere; type: chmod go-w '%s'"),
			       shown, (unsigned)status.st_mode & 07777U, shown);
	return 0;
}

static int read_all(int fd, const char *shown, struct buf *text, struct err_detail *detail)
{
	char block[16 * 1024];
	int r;

	while (text->size <= CONFIG_MAX_BYTES) {
		ssize_t size = read(fd, block, sizeof(block));

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return err_set(detail, err_from_errno(errno), "%s: %s", shown,
				       translate_errno(errno));
		if (size == 0)
			break;
		buf_append(text, block, (size_t)size);
		r = buf_error(text);
		if (r < 0)
			return err_set(detail, r, "%s: %s", shown, _(err_text(r)));
	}
	return 0;
}

int config_read(const char *file, struct config **ret_config, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf shown = {0};
	_cleanup_(buf_done) struct buf text = {0};
	_cleanup_(closep) int fd = -1;
	int r;

	text_append_printable(&shown, file, PATH_MAX);
	r = buf_error(&shown);
	if (r < 0)
		return err_set(detail, r, "%s", _(err_text(r)));
	/* O_NONBLOCK: a pipe in the file's place must not hold us up. */
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_set(detail, err_from_errno(errno), "%s: %s", buf_text(&shown),
			       translate_errno(errno));
	r = check_file(fd, buf_text(&shown), detail);
	if (r < 0)
		return r;
	r = read_all(fd, buf_text(&shown), &text, detail);
	if (r < 0)
		return r;
	return config_parse(buf_text(&text), text.size, file, ret_config, detail);
}

int config_read_source(const struct config_source *source, struct config **ret_config,
		       struct err_detail *detail)
{
	int r;

	if (source->named)
		return config_read(source->named, ret_config, detail);
	r = config_read(source->user, ret_config, detail);
	if (r == ERR_NOT_FOUND)
		r = config_read(source->system, ret_config, detail);
	if (r == ERR_NOT_FOUND)
		r = config_new(ret_config);
	return r;
}

static int compare_name(const void *name, const void *element)
{
	const struct config_account *account = *(const struct config_account *const *)element;

	return strcmp(name, account->name);
}

const struct config_account *config_account_find(const struct config *config, const char *name)
{
	const struct config_account **found;

	if (!config->by_name)
		return NULL;
	found = bsearch(name, config->by_name, config->account_count,
			sizeof(const struct config_account *), compare_name);
	return found ? *found : NULL;
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
	free(config->by_name);
	free(config->ca_file);
	free(config->file);
	free(config);
}
