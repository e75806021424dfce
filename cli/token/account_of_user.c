/* SPDX-License-Identifier: MIT */
#include "token/account_of_user.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/account_name.h"
#include "common/cleanup.h"
#include "common/state.h"
#include "token/account_names.h"
#include "token/token_file.h"

/* The state directory, "/accounts/", a name and "/env". */
#define PATH_BYTES (PATH_MAX + 16 + ACCOUNT_NAME_BYTES)

static const char *without_scheme(const char *origin)
{
	const char *end = strstr(origin, "://");

	return end ? end + 3 : origin;
}

/* Whether the file PATH of ACCOUNT has a credential of the user whose name is the first SIZE bytes
 * of USER, on HOST. */
static bool is_of(const char *path, const char *account, const char *user, size_t size,
		  const char *host)
{
	_cleanup_(env_file_erase) struct env_file file = {0};
	const char *name;

	if (token_file_read(path, account, &file, NULL) < 0)
		return false;
	name = env_file_value(&file, ENV_KEY_USER);
	return strlen(name) == size && strncasecmp(name, user, size) == 0 &&
	       strcasecmp(without_scheme(env_file_value(&file, ENV_KEY_SERVER)), host) == 0;
}

int account_of_user_find(const char *directory, const char *user_at_host,
			 struct name_table *ret_names, struct err_detail *detail)
{
	const char *user = user_at_host + (*user_at_host == '@');
	size_t size = strcspn(user, "@");
	size_t kept = 0;
	int r;

	*ret_names = (struct name_table){0};
	if (size == 0 || !user[size])
		return 0;
	r = account_names_read(directory, ret_names, detail);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ret_names->count; i++) {
		char *name = ret_names->rows[i];
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), "%s/%s/" ACCOUNT_ENV_FILE, directory, name);
		if (is_of(path, name, user, size, user + size + 1))
			ret_names->rows[kept++] = name;
		else
			free(name);
	}
	ret_names->count = kept;
	return 0;
}
