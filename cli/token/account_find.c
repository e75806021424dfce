/* SPDX-License-Identifier: MIT */
#include "token/account_find.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "token/account_credential.h"
#include "token/account_names.h"

static bool is_server(const char *origin, const char *wanted)
{
	const char *host = strstr(origin, "://");

	return strcasecmp(origin, wanted) == 0 || (host && strcasecmp(host + 3, wanted) == 0);
}

bool account_is_wanted(const struct env_file *file, const struct account_wanted *wanted)
{
	const char *user = env_file_value(file, ENV_KEY_USER);

	if (wanted->user && (strlen(user) != wanted->user_size ||
			     strncasecmp(user, wanted->user, wanted->user_size) != 0))
		return false;
	if (wanted->server && !is_server(env_file_value(file, ENV_KEY_SERVER), wanted->server))
		return false;
	return !wanted->with_credential || env_file_is_good(file);
}

static bool is_wanted(const char *directory, const char *account,
		      const struct account_wanted *wanted)
{
	_cleanup_(env_file_erase) struct env_file file = {0};

	return account_credential_read(directory, account, &file, NULL) == 0 &&
	       account_is_wanted(&file, wanted);
}

int account_find(const char *directory, const struct account_wanted *wanted,
		 struct name_table *ret_names, struct err_detail *detail)
{
	int r = account_names_read(directory, ret_names, detail);
	size_t kept = 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < ret_names->count; i++) {
		char *name = ret_names->rows[i];

		if (is_wanted(directory, name, wanted))
			ret_names->rows[kept++] = name;
		else
			free(name);
	}
	ret_names->count = kept;
	return 0;
}

int account_find_user(const char *directory, const char *user_at_host, struct name_table *ret_names,
		      struct err_detail *detail)
{
	const char *user = user_at_host + (*user_at_host == '@');
	size_t size = strcspn(user, "@");
	struct account_wanted wanted = {.user = user, .user_size = size};

	*ret_names = (struct name_table){0};
	if (size == 0 || !user[size])
		return 0;
	wanted.server = user + size + 1;
	return account_find(directory, &wanted, ret_names, detail);
}
