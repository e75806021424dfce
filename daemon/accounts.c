/* SPDX-License-Identifier: MIT */
#include "daemon/accounts.h"

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

static int replace_text(char **text, const char *with)
{
	char *copy = with ? strdup(with) : NULL;

	if (with && !copy)
		return ERR_NOMEM;
	free(*text);
	*text = copy;
	return 0;
}

static int account_fill(struct account *account, const struct url_server *server,
			const char *permission, const char *user, const char *app_name,
			const char *description)
{
	account->server = *server;
	if (replace_text(&account->permission, permission) || replace_text(&account->user, user) ||
	    replace_text(&account->app_name, app_name) ||
	    replace_text(&account->description, description))
		return ERR_NOMEM;
	return 0;
}

static int insert(struct accounts *accounts, size_t place, struct account *account)
{
	if (accounts->count == accounts->capacity) {
		size_t capacity = accounts->capacity ? accounts->capacity * 2 : 16;
		struct account **grown =
			reallocarray(accounts->sorted, capacity, sizeof(struct account *));

		if (!grown)
			return ERR_NOMEM;
		accounts->sorted = grown;
		accounts->capacity = capacity;
	}
	memmove(accounts->sorted + place + 1, accounts->sorted + place,
		(accounts->count - place) * sizeof(struct account *));
	accounts->sorted[place] = account;
	accounts->count++;
	return 0;
}

/* The account NAME, made if there is none. *ret_is_new tells which. */
static int find_or_make(struct accounts *accounts, const char *name, struct account **ret_account,
			bool *ret_is_new)
{
	_cleanup_(account_freep) struct account *account = NULL;
	bool found;
	size_t place = place_of(accounts, name, &found);

	*ret_is_new = !found;
	if (found) {
		*ret_account = accounts->sorted[place];
		return 0;
	}
	account = calloc(1, sizeof(*account));
	if (!account)
		return ERR_NOMEM;
	snprintf(account->name, sizeof(account->name), "%s", name);
	if (insert(accounts, place, account))
		return ERR_NOMEM;
	*ret_account = TAKE_PTR(account);
	return 0;
}

int accounts_put(struct accounts *accounts, const struct registry_account *made,
		 struct account **ret_account)
{
	struct account *account;
	bool is_new;

	if (find_or_make(accounts, made->name, &account, &is_new))
		return ERR_NOMEM;
	*ret_account = account;
	return account_fill(account, &made->server, made->permission, made->user,
			    accounts->app_name, accounts->description);
}

static int load_config(struct accounts *accounts, const struct config *config)
{
	for (size_t n = 0; n < config->account_count; n++) {
		const struct config_account *entry = &config->accounts[n];
		struct account *account;
		bool is_new;

		if (find_or_make(accounts, entry->name, &account, &is_new))
			return ERR_NOMEM;
		account->from_config = true;
		if (account_fill(account, &entry->server, entry->permission, entry->user,
				 entry->app_name, entry->description))
			return ERR_NOMEM;
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
