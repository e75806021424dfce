/* SPDX-License-Identifier: MIT */
#include "token/account_names.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/account_name.h"
#include "common/cleanup.h"
#include "common/paths.h"
#include "common/translate.h"

DEFINE_CLEANUP(DIR *, closedir);

void account_names_done(struct account_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct account_names){0};
}

/* Room is doubled at every power of two. */
static int add(struct account_names *names, const char *name)
{
	if ((names->count & (names->count - 1)) == 0) {
		size_t capacity = names->count ? 2 * names->count : 1;
		char **items = reallocarray(names->items, capacity, sizeof(*items));

		if (!items)
			return ERR_NOMEM;
		names->items = items;
	}
	names->items[names->count] = strdup(name);
	if (!names->items[names->count])
		return ERR_NOMEM;
	names->count++;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int failed(const char *directory, int error, struct err_detail *detail)
{
	return err_set(detail, err_from_errno(error), _("%s cannot be read: %s."), directory,
		       translate_errno(error));
}

int account_names_read(const char *directory, struct account_names *ret_names,
		       struct err_detail *detail)
{
	_cleanup_(closedirp) DIR *stream = opendir(directory);
	const struct dirent *entry;

	*ret_names = (struct account_names){0};
	if (!stream && errno == ENOENT)
		return paths_lead_nowhere(directory, detail) ? ERR_IO : 0;
	if (!stream)
		return failed(directory, errno, detail);
	while ((void)(errno = 0), (entry = readdir(stream))) {
		if (account_name_valid(entry->d_name) && add(ret_names, entry->d_name) < 0)
			return failed(directory, ENOMEM, detail);
	}
	if (errno != 0)
		return failed(directory, errno, detail);
	if (ret_names->count > 0)
		qsort(ret_names->items, ret_names->count, sizeof(*ret_names->items), compare);
	return 0;
}
