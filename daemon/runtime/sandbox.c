/* SPDX-License-Identifier: MIT */
#include "runtime/sandbox.h"

#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

bool sandbox_is_around(void)
{
	const char *home = getenv("HOME");
	struct statfs system;

	return home && statfs(home, &system) == 0 && system.f_type == TMPFS_MAGIC &&
	       (system.f_flags & ST_RDONLY) != 0;
}

void sandbox_explain(const char *path, bool writable, struct err_detail *detail)
{
	size_t size = strlen(detail->text);

	if (!sandbox_is_around() || access(path, F_OK) == 0)
		return;
	(void)snprintf(detail->text + size, sizeof(detail->text) - size,
		       "; if it is there, the service's sandbox hides it: systemctl --user edit "
		       "misskey-authd, write [Service] and, below it, %s=%s, then: systemctl "
		       "--user restart misskey-authd",
		       writable ? "BindPaths" : "BindReadOnlyPaths", path);
}

/* The unit shows this directory if there is one. */
static bool is_shown(const char *path)
{
	char shown[PATH_MAX];

	(void)snprintf(shown, sizeof(shown), "%s/.config/misskey-authd", getenv("HOME"));
	return strcmp(path, shown) == 0;
}

bool sandbox_hides(const char *path, struct err_detail *detail)
{
	if (!sandbox_is_around() || access(path, F_OK) == 0 || is_shown(path))
		return false;
	sandbox_explain(path, false, detail);
	return true;
}
