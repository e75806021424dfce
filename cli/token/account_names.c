/* SPDX-License-Identifier: MIT */
#include "token/account_names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/account_name.h"
#include "common/cleanup.h"
#include "common/paths.h"
#include "common/state.h"
#include "common/translate.h"

/* A person with more accounts asks for --list. */
#define NAMES_SHOWN 20

DEFINE_CLEANUP(DIR *, closedir);

void account_names_done(struct name_table *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->rows[i]);
	name_table_done(names);
}

static int add(struct name_table *names, const char *name)
{
	_cleanup_(freep) char *copy = strdup(name);
	int r = copy ? name_table_append(names, copy) : ERR_NOMEM;

	if (r == 0)
		copy = NULL;
	return r;
}

/* A directory without it is one that the daemon is just making or removing. */
static bool has_env_file(DIR *stream, const char *name)
{
	char path[NAME_MAX + sizeof("/" ACCOUNT_ENV_FILE)];

	snprintf(path, sizeof(path), "%s/" ACCOUNT_ENV_FILE, name);
	return faccessat(dirfd(stream), path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno == EACCES;
}

static int failed(const char *directory, int error, struct err_detail *detail)
{
	return err_set(detail, err_from_errno(error), _("%s cannot be read: %s."), directory,
		       translate_errno(error));
}

static int read_names(const char *directory, bool all, struct name_table *ret_names,
		      struct err_detail *detail)
{
	_cleanup_(closedirp) DIR *stream = opendir(directory);
	const struct dirent *entry;

	*ret_names = (struct name_table){0};
	if (!stream && errno == ENOENT)
		return paths_lead_nowhere(directory, detail) ? ERR_IO : 0;
	if (!stream)
		return failed(directory, errno, detail);
	while ((void)(errno = 0), (entry = readdir(stream))) {
		if (account_name_valid(entry->d_name) &&
		    (all || has_env_file(stream, entry->d_name)) &&
		    add(ret_names, entry->d_name) < 0)
			return failed(directory, ENOMEM, detail);
	}
	if (errno != 0)
		return failed(directory, errno, detail);
	(void)name_table_sort(ret_names);
	return 0;
}

int account_names_read(const char *directory, struct name_table *ret_names,
		       struct err_detail *detail)
{
	return read_names(directory, false, ret_names, detail);
}

int account_names_read_all(const char *directory, struct name_table *ret_names,
			   struct err_detail *detail)
{
	return read_names(directory, true, ret_names, detail);
}

void account_names_append(struct buf *line, const struct name_table *names)
{
	for (size_t i = 0; i < names->count && i < NAMES_SHOWN; i++)
		buf_append_format(line, "%s%s", i > 0 ? ", " : "", (const char *)names->rows[i]);
	if (names->count > NAMES_SHOWN)
		buf_append_format(line, _(" and %zu more (see misskey-token --list)"),
				  names->count - NAMES_SHOWN);
}
