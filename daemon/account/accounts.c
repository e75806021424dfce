/* SPDX-License-Identifier: MIT */
#include "account/accounts.h"

#include <stdlib.h>
#include <string.h>

#include "common/name_table.h"

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

/* A new account, with its own copies. NULL without memory. */
static struct account *account_new(const struct config_account *definition)
{
	_cleanup_(account_freep) struct account *account = calloc(1, sizeof(*account));

	if (!account)
		return NULL;
	memcpy(account->name, definition->name, sizeof(account->name));
	account->server = definition->server;
	if (copy_text(definition->permission, &account->permission) ||
	    copy_text(definition->user, &account->user) ||
	    copy_text(definition->app_name, &account->app_name) ||
	    copy_text(definition->description, &account->description))
		return NULL;
	return TAKE_PTR(account);
}

/* Exchanges the two definitions. */
static void account_swap(struct account *account, struct account *changed)
{
	struct account before = *account;

	account->server = changed->server;
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

/* Makes or changes the account, or leaves everything as it was. */
static int put(struct accounts *accounts, const struct config_account *definition,
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

int accounts_put(struct accounts *accounts, const struct registry_account *made,
		 struct account **ret_account)
{
	static char app_name[] = CONFIG_DEFAULT_APP_NAME;
	static char description[] = CONFIG_DEFAULT_APP_DESCRIPTION;
	struct config_account definition = {
		.server = made->server,
		.permission = made->permission,
		.user = made->user,
		.app_name = app_name,
		.description = description,
	};

	memcpy(definition.name, made->name, sizeof(definition.name));
	return put(accounts, &definition, ret_account);
}

static int load_config(struct accounts *accounts, const struct config *config)
{
	for (size_t n = 0; n < config->account_count; n++) {
		struct account *account;

		if (put(accounts, &config->accounts[n], &account))
			return ERR_NOMEM;
		account->from_config = true;
	}
	return 0;
}

static int load_registry(struct accounts *accounts, const struct registry *registry)
{
	for (size_t n = 0; n < registry_account_count(registry); n++) {
		const struct registry_account *entry = registry_account_at(registry, n);
		struct account *account = accounts_find(accounts, entry->name);

		if (account && account->from_config)
			continue;
		if (accounts_put(accounts, entry, &account))
			return ERR_NOMEM;
	}
	return 0;
}

static int load_credentials(struct accounts *accounts, const struct credentials *credentials)
{
	for (size_t n = 0; n < credentials_count(credentials); n++) {
		const struct credential *entry = credentials_at(credentials, n);
		struct registry_account made = {.permission = entry->permission};
		struct account *account;

		if (accounts_find(accounts, entry->account))
			continue;
		memcpy(made.name, entry->account, sizeof(made.name));
		if (url_server_parse(entry->server, &made.server, NULL))
			continue;
		if (accounts_put(accounts, &made, &account))
			return ERR_NOMEM;
	}
	return 0;
}

int accounts_load(struct accounts *accounts, const struct config *config,
		  const struct registry *registry, const struct credentials *credentials)
{
	if (load_config(accounts, config))
		return ERR_NOMEM;
	if (registry && load_registry(accounts, registry))
		return ERR_NOMEM;
	if (credentials && load_credentials(accounts, credentials))
		return ERR_NOMEM;
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
	return a->from_config == b->from_config &&
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
