/* SPDX-License-Identifier: MIT */
#include "common/paths.h"

#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/text.h"
#include "common/translate.h"

#define DIRECTORY_NAME "misskey-authd"
#define CONFIG_NAME "config.ini"
#define CONTROL_NAME "control.sock"
/* As pam_systemd names them. */
#define RUNTIME_DIRECTORIES "/run/user/"
#define SYSTEM_CONFIG "/etc/xdg/" DIRECTORY_NAME "/" CONFIG_NAME

static bool is_absolute(const char *path)
{
	return path && path[0] == '/';
}

static int join(char ret_path[static PATH_MAX], const char *directory, const char *name,
		struct err_detail *detail)
{
	size_t size = strnlen(directory, PATH_MAX);
	size_t name_size = strlen(name);

	while (size > 0 && directory[size - 1] == '/')
		size--;
	if (size + 1 + name_size >= PATH_MAX)
		return err_set(detail, ERR_LIMIT, _("the path of %s is too long"), name);
	memmove(ret_path, directory, size);
	ret_path[size] = '/';
	memcpy(ret_path + size + 1, name, name_size + 1);
	return 0;
}

/* $VARIABLE/NAME, or $HOME/FALLBACK/NAME where the variable is not set. */
static int join_base(char ret_path[static PATH_MAX], const char *base, const char *home,
		     const char *fallback, const char *name, struct err_detail *detail)
{
	int r;

	if (is_absolute(base))
		return join(ret_path, base, name, detail);
	if (!is_absolute(home))
		return err_set(detail, ERR_NOT_FOUND,
			       _("there is no home directory: set HOME to an absolute path"));
	r = join(ret_path, home, fallback, detail);
	return r < 0 ? r : join(ret_path, ret_path, name, detail);
}

void paths_environment_read(struct paths_environment *ret_environment)
{
	const char *home = getenv("HOME");

	if (!is_absolute(home)) {
		const struct passwd *user = getpwuid(getuid());

		home = user ? user->pw_dir : NULL;
	}
	ret_environment->home = home;
	ret_environment->config_home = getenv("XDG_CONFIG_HOME");
	ret_environment->state_home = getenv("XDG_STATE_HOME");
	ret_environment->runtime_dir = getenv("XDG_RUNTIME_DIR");
}

bool paths_adopt_runtime_dir(void)
{
	char directory[sizeof(RUNTIME_DIRECTORIES) + 20];
	struct stat status;

	if (is_absolute(getenv("XDG_RUNTIME_DIR")))
		return false;
	(void)snprintf(directory, sizeof(directory), RUNTIME_DIRECTORIES "%lu",
		       (unsigned long)geteuid());
	return lstat(directory, &status) == 0 && S_ISDIR(status.st_mode) &&
	       status.st_uid == geteuid() && !(status.st_mode & (S_IRWXG | S_IRWXO)) &&
	       setenv("XDG_RUNTIME_DIR", directory, 1) == 0;
}

int paths_resolve_state(const struct paths_environment *environment,
			char ret_state[static PATH_MAX], struct err_detail *detail)
{
	return join_base(ret_state, environment->state_home, environment->home, ".local/state",
			 DIRECTORY_NAME, detail);
}

int paths_resolve(const struct paths_environment *environment, struct paths *ret_paths,
		  struct err_detail *detail)
{
	struct paths paths = {.system_config = SYSTEM_CONFIG};
	int r;

	r = join_base(paths.config, environment->config_home, environment->home, ".config",
		      DIRECTORY_NAME "/" CONFIG_NAME, detail);
	if (r < 0)
		return r;
	r = paths_resolve_state(environment, paths.state, detail);
	if (r < 0)
		return r;
	if (is_absolute(environment->runtime_dir)) {
		r = join(paths.runtime, environment->runtime_dir, DIRECTORY_NAME, detail);
		if (r < 0)
			return r;
		r = join(paths.control, paths.runtime, CONTROL_NAME, detail);
		if (r < 0)
			return r;
	}
	if (is_absolute(environment->home) && strlen(environment->home) < PATH_MAX)
		strcpy(paths.home, environment->home);
	*ret_paths = paths;
	return 0;
}

bool paths_lead_nowhere(const char *path, struct err_detail *detail)
{
	char prefix[PATH_MAX];
	char target[PATH_MAX];
	struct stat status;

	for (size_t size = 1; size < sizeof(prefix); size++) {
		ssize_t target_size;

		if (path[size] && path[size] != '/')
			continue;
		(void)snprintf(prefix, sizeof(prefix), "%.*s", (int)size, path);
		target_size = readlink(prefix, target, sizeof(target));
		if (target_size > 0 && stat(prefix, &status) < 0) {
			_cleanup_(buf_done) struct buf quoted = {0};

			text_append_quoted(&quoted, prefix);
			(void)err_set(detail, ERR_IO,
				      _("The symbolic link %s leads to %.*s, which is not there. "
					"Put it there, or remove the link: rm %s"),
				      prefix, (int)target_size, target, buf_text(&quoted));
			return true;
		}
		if (!path[size])
			break;
	}
	return false;
}
