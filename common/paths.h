/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Where files are (XDG Base Directory Specification). The environment is handed in by the programs;
 * as the specification says, a value that is not an absolute path counts as unset.
 */

#include <limits.h>
#include <stdbool.h>

#include "common/err.h"

struct paths_environment {
	const char *home;	 /* HOME, else the home of the user data base */
	const char *config_home; /* XDG_CONFIG_HOME */
	const char *state_home;	 /* XDG_STATE_HOME */
	const char *runtime_dir; /* XDG_RUNTIME_DIR */
};

struct paths {
	char home[PATH_MAX];	      /* "" if there is none */
	char config[PATH_MAX];	      /* $XDG_CONFIG_HOME/misskey-authd/config.ini */
	char system_config[PATH_MAX]; /* /etc/xdg/misskey-authd/config.ini */
	char state[PATH_MAX];	      /* $XDG_STATE_HOME/misskey-authd */
	char runtime[PATH_MAX];	      /* $XDG_RUNTIME_DIR/misskey-authd, "" if that is not set */
	char control[PATH_MAX];	      /* RUNTIME/control.sock, "" likewise */
};

/* Fills the environment from getenv() and the user data base: for the programs' main() alone. */
void paths_environment_read(struct paths_environment *ret_environment);

/* Where XDG_RUNTIME_DIR is not set, as under cron and su: sets it to /run/user/UID, if that is this
 * user's own and nobody else's. Whether it did: for a program's main() alone. */
bool paths_adopt_runtime_dir(void);

/* For a PATH that was not found: whether a symbolic link on the way leads to nothing. Then DETAIL
 * says so, and what helps: what is behind the link may be there again later. */
bool paths_lead_nowhere(const char *path, struct err_detail *detail);

/* The state directory alone. Errors as of paths_resolve(). */
int paths_resolve_state(const struct paths_environment *environment,
			char ret_state[static PATH_MAX], struct err_detail *detail) _must_check_;

/* ERR_NOT_FOUND without any home, ERR_LIMIT if a path is too long. */
int paths_resolve(const struct paths_environment *environment, struct paths *ret_paths,
		  struct err_detail *detail) _must_check_;
