/* SPDX-License-Identifier: MIT */
#include "account/accounts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/name_table.h"
#include "common/text.h"

/* Of the computer's name, in an app's: the first part, and no more. */
#define COMPUTER_BYTES 33

struct accounts {
	struct name_table table; /* of struct account; the accounts themselves never move */
};

static void account_free(struct account *account)
{
	if (!account)
		return;
	free(account->permission);
	free(account->user);
	free(account->app_name);
	free(account->description);
	free(account);
}
DEFINE_CLEANUP(struct account *, account_free);

int accounts_new(struct accounts **ret_accounts)
{
	*ret_accounts = calloc(1, sizeof(**ret_accounts));
	return *ret_accounts ? 0 : ERR_NOMEM;
}

void accounts_free(struct accounts *accounts)
{
	if (!accounts)
		return;
	for (size_t n = 0; n < accounts->table.count; n++)
		account_free(accounts->table.rows[n]);
	name_table_done(&accounts->table);
	free(accounts);
}

struct account *accounts_find(struct accounts *accounts, const char *name)
{
	return name_table_find(&accounts->table, name);
}

size_t accounts_count(const struct accounts *accounts)
{
	return accounts->table.count;
}

struct account *accounts_at(struct accounts *accounts, size_t index)
{
	return accounts->table.rows[index];
}

static int copy_text(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return text && !*ret_copy ? ERR_NOMEM : 0;
}

/* A name that a person recognises in the server's list of apps. Misskey takes 128 characters. */
static char *default_app_name(const char *account)
{
	_cleanup_(buf_done) struct buf name = {0};
	char computer[COMPUTER_BYTES] = "";

	/* A name that is too long is cut, perhaps without an end. */
	(void)gethostname(computer, sizeof(computer) - 1);
	computer[strcspn(computer, ".")] = '\0';
	buf_append_format(&name, "misskey-authd: %s", account);
	if (computer[0] && text_is_plain(computer))
		buf_append_format(&name, " on %s", computer);
	return buf_error(&name) ? NULL : strdup(buf_text(&name));
}

/* A new account, with its own copies. NULL without memory. */
static struct account *account_new(const struct config_account *definition)
{
	_cleanup_(account_freep) struct account *account = calloc(1, sizeof(*account));
	const char *description =
		definition->description ? definition->description : CONFIG_DEFAULT_APP_DESCRIPTION;

	if (!account)
		return NULL;
	memcpy(account->name, definition->name, sizeof(account->name));
	account->server = definition->server;
	account->method = definition->method;
	account->app_name = definition->app_name ? strdup(definition->app_name)
						 : default_app_name(definition->name);
	if (!account->app_name || copy_text(definition->permission, &account->permission) ||
	    copy_text(definition->user, &account->user) ||
	    copy_text(description, &account->description))
		return NULL;
	return TAKE_PTR(account);
}

/* Exchanges the two definitions. */
static void account_swap(struct account *account, struct account *changed)
{
	struct account before = *account;

	account->server = changed->server;
	account->method = changed->method;
	account->permission = changed->permission;
	account->user = changed->user;
	account->app_name = changed->app_name;
	account->description = changed->description;
	changed->permission = before.permission;
	changed->user = before.user;
	changed->app_name = before.app_name;
	changed->description = before.description;
}

/* Adds an account that is not there yet. */
static int add(struct accounts *accounts, struct account *account)
{
	void *none;

	return name_table_put(&accounts->table, account, &none);
}

int accounts_put(struct accounts *accounts, const struct config_account *definition,
		 struct account **ret_account)
{
	_cleanup_(account_freep) struct account *account = account_new(definition);
	struct account *present = accounts_find(accounts, definition->name);

	if (!account)
		return ERR_NOMEM;
	if (present)
		account_swap(present, account);
	else if (add(accounts, account))
		return ERR_NOMEM;
	else
		present = TAKE_PTR(account);
	*ret_account = present;
	return 0;
}

int accounts_put_credential(struct accounts *accounts, const struct credential *credential,
			    const struct registry *registry, struct account **ret_account)
{
	const struct registry_app *app =
		registry && credential->app_id
			? registry_app_by_id(registry, credential->account, credential->server,
					     credential->app_id)
			: NULL;
	struct config_account definition = {
		.permission = credential->permission,
		.app_name = credential->app_name,
		.description = app ? app->description : NULL,
		/* What came by the app authorization may have been asked for by any method. */
		.method = credential->method == METHOD_MIAUTH ? METHOD_MIAUTH : METHOD_AUTO,
	};

	memcpy(definition.name, credential->account, sizeof(definition.name));
	if (url_server_parse(credential->server, &definition.server, NULL))
		return ERR_INVALID;
	return accounts_put(accounts, &definition, ret_account);
}

static int load_config(struct accounts *accounts, const struct config *config)
{
	for (size_t n = 0; n < config->account_count; n++) {
		struct account *account;

		if (accounts_put(accounts, &config->accounts[n], &account))
			return ERR_NOMEM;
		account->from_config = true;
	}
	return 0;
}

static int load_credentials(struct accounts *accounts, const struct registry *registry,
			    const struct credentials *credentials)
{
	for (size_t n = 0; n < credentials_count(credentials); n++) {
		const struct credential *entry = credentials_at(credentials, n);
		struct account *account;

		if (!accounts_find(accounts, entry->account) &&
		    accounts_put_credential(accounts, entry, registry, &account) == ERR_NOMEM)
			return ERR_NOMEM;
	}
	return 0;
}

/* Whether SESSION keeps its account: one that the config had, and has no more, is not logged in to
 * any longer, unless consent was given. */
static bool is_kept(const struct registry_session *session)
{
	return !session->from_config || session->proof != REGISTRY_PROOF_NONE;
}

static int load_sessions(struct accounts *accounts, const struct registry *registry)
{
	for (size_t n = 0; n < registry_session_count(registry); n++) {
		const struct registry_session *session = registry_session_at(registry, n);
		struct config_account definition = {0};
		struct account *account;

		if (!is_kept(session) || accounts_find(accounts, session->account) ||
		    url_server_parse(session->server, &definition.server, NULL))
			continue;
		memcpy(definition.name, session->account, sizeof(definition.name));
		definition.permission = session->permission;
		definition.app_name = session->app_name;
		definition.description = session->description;
		if (accounts_put(accounts, &definition, &account))
			return ERR_NOMEM;
		account->is_provisional = true;
	}
	return 0;
}

int accounts_load(struct accounts *accounts, const struct config *config,
		  const struct registry *registry, const struct credentials *credentials)
{
	if (load_config(accounts, config))
		return ERR_NOMEM;
	if (credentials && load_credentials(accounts, registry, credentials))
		return ERR_NOMEM;
	if (registry && load_sessions(accounts, registry))
		return ERR_NOMEM;
	return 0;
}

int accounts_check_names(const struct accounts *accounts, const struct config *config,
			 struct err_detail *detail)
{
	_cleanup_(name_table_done) struct name_table alike = {0};

	if (name_table_clone(&accounts->table, &alike))
		return err_set(detail, ERR_NOMEM, "no memory for the accounts of the config");
	name_table_sort_alike(&alike);
	for (size_t i = 1; i < alike.count; i++) {
		const struct account *a = alike.rows[i - 1];
		const struct account *b = alike.rows[i];
		const struct account *ours = a->from_config ? a : b;
		const struct config_account *section = config_account_find(config, ours->name);

		if (section && account_name_is_alike(a->name, b->name))
			return err_set(detail, ERR_EXISTS,
				       "%s:%u: `[account %s]`: there is an account %s, whose name "
				       "differs only in the case of letters; use that name, or "
				       "another one",
				       config->file, section->line, ours->name,
				       ours == a ? b->name : a->name);
	}
	return 0;
}

void accounts_remove(struct accounts *accounts, const char *name)
{
	account_free(name_table_take(&accounts->table, name));
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same(const struct account *a, const struct account *b)
{
	return a->from_config == b->from_config && a->method == b->method &&
	       strcmp(a->server.origin, b->server.origin) == 0 &&
	       strcmp(a->permission, b->permission) == 0 && is_same_text(a->user, b->user) &&
	       strcmp(a->app_name, b->app_name) == 0 && strcmp(a->description, b->description) == 0;
}

/* Makes ACCOUNT what WANTED is; both have one name. */
static void change(struct account *account, struct account *wanted,
		   accounts_change_function *function, void *context)
{
	if (is_same(account, wanted))
		return;
	account_swap(account, wanted);
	account->from_config = wanted->from_config;
	account->is_provisional = wanted->is_provisional;
	account->is_unlisted = account->is_unlisted && wanted->is_provisional;
	function(ACCOUNTS_CHANGED, account, context);
}

int accounts_replace(struct accounts *accounts, struct accounts *wanted,
		     accounts_change_function *function, void *context)
{
	struct name_table *table = &accounts->table;

	if (name_table_reserve(table, wanted->table.count))
		return ERR_NOMEM;
	for (size_t n = 0; n < table->count;) {
		struct account *account = table->rows[n];

		if (!accounts_find(wanted, account->name))
			function(ACCOUNTS_REMOVED, account, context);
		if (n < table->count && table->rows[n] == account)
			n++;
	}
	for (size_t n = 0; n < wanted->table.count; n++) {
		struct account *account = wanted->table.rows[n];
		struct account *present = accounts_find(accounts, account->name);

		if (present) {
			change(present, account, function, context);
		} else if (add(accounts, account) == 0) {
			wanted->table.rows[n] = NULL;
			function(ACCOUNTS_ADDED, account, context);
		}
	}
	return 0;
}
