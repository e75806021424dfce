/* SPDX-License-Identifier: MIT */
#include "account/accounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct accounts {
	struct account **sorted; /* by name; the accounts themselves never move */
	size_t count;
	size_t capacity;
	char *app_name; /* of accounts that are not in the config */
	char *description;
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
	_cleanup_(accounts_freep) struct accounts *accounts = calloc(1, sizeof(*accounts));

	if (!accounts)
		return ERR_NOMEM;
	accounts->app_name = strdup(CONFIG_DEFAULT_APP_NAME);
	accounts->description = strdup(CONFIG_DEFAULT_APP_DESCRIPTION);
	if (!accounts->app_name || !accounts->description)
		return ERR_NOMEM;
	*ret_accounts = TAKE_PTR(accounts);
	return 0;
}

void accounts_free(struct accounts *accounts)
{
	if (!accounts)
		return;
	for (size_t n = 0; n < accounts->count; n++)
		account_free(accounts->sorted[n]);
	free(accounts->sorted);
	free(accounts->app_name);
	free(accounts->description);
	free(accounts);
}

/* The place of NAME, or where it would have to be. */
static size_t place_of(const struct accounts *accounts, const char *name, bool *ret_found)
{
	size_t low = 0;
	size_t high = accounts->count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(accounts->sorted[middle]->name, name);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct account *accounts_find(struct accounts *accounts, const char *name)
{
	bool found;
	size_t place = place_of(accounts, name, &found);

	return found ? accounts->sorted[place] : NULL;
}

size_t accounts_count(const struct accounts *accounts)
{
	return accounts->count;
}

struct account *accounts_at(struct accounts *accounts, size_t index)
{
	return accounts->sorted[index];
}

/* Makes room for COUNT accounts in all. */
static int reserve(struct accounts *accounts, size_t count)
{
	size_t capacity = accounts->capacity ? accounts->capacity : 16;
	struct account **grown;

	if (count <= accounts->capacity)
		return 0;
	while (capacity < count)
		capacity *= 2;
	grown = reallocarray(accounts->sorted, capacity, sizeof(struct account *));
	if (!grown)
		return ERR_NOMEM;
	accounts->sorted = grown;
	accounts->capacity = capacity;
	return 0;
}

static int insert(struct accounts *accounts, size_t place, struct account *account)
{
	if (reserve(accounts, accounts->count + 1))
		return ERR_NOMEM;
	memmove(accounts->sorted + place + 1, accounts->sorted + place,
		(accounts->count - place) * sizeof(struct account *));
	accounts->sorted[place] = account;
	accounts->count++;
	return 0;
}

/* What an account is; a source of one. */
struct definition {
	const char *name;
	const struct url_server *server;
	const char *permission;
	const char *user; /* may be NULL */
	const char *app_name;
	const char *description;
};

/* A new account, with its own copies. NULL without memory. */
static struct account *account_new(const struct definition *definition)
{
	_cleanup_(account_freep) struct account *account = calloc(1, sizeof(*account));

	if (!account)
		return NULL;
	snprintf(account->name, sizeof(account->name), "%s", definition->name);
	account->server = *definition->server;
	account->permission = strdup(definition->permission);
	account->user = definition->user ? strdup(definition->user) : NULL;
	account->app_name = strdup(definition->app_name);
	account->description = strdup(definition->description);
	if (!account->permission || (definition->user && !account->user) || !account->app_name ||
	    !account->description)
		return NULL;
	return TAKE_PTR(account);
}

/* ACCOUNT becomes what CHANGED is, and the reverse. */
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

/* Makes or changes the account, or leaves everything as it was. */
static int put(struct accounts *accounts, const struct definition *definition,
	       struct account **ret_account)
{
	_cleanup_(account_freep) struct account *account = account_new(definition);
	bool found;
	size_t place = place_of(accounts, definition->name, &found);

	if (!account)
		return ERR_NOMEM;
	if (found) {
		account_swap(accounts->sorted[place], account);
	} else {
		if (insert(accounts, place, account))
			return ERR_NOMEM;
		account = NULL;
	}
	*ret_account = accounts->sorted[place];
	return 0;
}

int accounts_put(struct accounts *accounts, const struct registry_account *made,
		 struct account **ret_account)
{
	const struct definition definition = {
		.name = made->name,
		.server = &made->server,
		.permission = made->permission,
		.user = made->user,
		.app_name = accounts->app_name,
		.description = accounts->description,
	};

	return put(accounts, &definition, ret_account);
}

static int load_config(struct accounts *accounts, const struct config *config)
{
	for (size_t n = 0; n < config->account_count; n++) {
		const struct config_account *entry = &config->accounts[n];
		const struct definition definition = {
			.name = entry->name,
			.server = &entry->server,
			.permission = entry->permission,
			.user = entry->user,
			.app_name = entry->app_name,
			.description = entry->description,
		};
		struct account *account;

		if (put(accounts, &definition, &account))
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

/* ---- Another set of accounts ---- */

void accounts_remove(struct accounts *accounts, const char *name)
{
	bool found;
	size_t place = place_of(accounts, name, &found);

	if (!found)
		return;
	account_free(accounts->sorted[place]);
	accounts->count--;
	memmove(accounts->sorted + place, accounts->sorted + place + 1,
		(accounts->count - place) * sizeof(struct account *));
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

/* The account at WANTED comes among ACCOUNTS, where there is room. */
static void take_over(struct accounts *accounts, struct account **wanted,
		      accounts_change_function *function, void *context)
{
	bool found;
	size_t place = place_of(accounts, (*wanted)->name, &found);
	struct account *account = found ? accounts->sorted[place] : *wanted;

	if (found && is_same(account, *wanted))
		return;
	if (found) {
		account_swap(account, *wanted);
		account->from_config = (*wanted)->from_config;
	} else if (insert(accounts, place, account) == 0) {
		*wanted = NULL;
	}
	function(found ? ACCOUNTS_CHANGED : ACCOUNTS_ADDED, account, context);
}

int accounts_replace(struct accounts *accounts, struct accounts *wanted,
		     accounts_change_function *function, void *context)
{
	if (reserve(accounts, accounts->count + wanted->count))
		return ERR_NOMEM;
	for (size_t n = 0; n < accounts->count;) {
		struct account *account = accounts->sorted[n];

		if (!accounts_find(wanted, account->name))
			function(ACCOUNTS_REMOVED, account, context);
		if (n < accounts->count && accounts->sorted[n] == account)
			n++;
	}
	for (size_t n = 0; n < wanted->count; n++)
		take_over(accounts, &wanted->sorted[n], function, context);
	return 0;
}
