/* SPDX-License-Identifier: MIT */
#include "places_note.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/paths.h"
#include "common/proxy.h"
#include "common/text.h"
#include "common/translate.h"
#include "terminal/advice.h"
#include "terminal/terminal.h"

static bool is_same(const char *a, const char *b)
{
	struct stat one;
	struct stat other;

	return strcmp(a, b) == 0 || (stat(a, &one) == 0 && stat(b, &other) == 0 &&
				     one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

/* DIRECTORY is $XDG_STATE_HOME/misskey-authd. */
static void note_state(const char *directory, const char *ours)
{
	_cleanup_(buf_done) struct buf parent = {0};
	_cleanup_(buf_done) struct buf quoted = {0};

	buf_append(&parent, directory, (size_t)(strrchr(directory, '/') - directory));
	text_append_quoted(&quoted, buf_text(&parent));
	terminal_message(_("This shell looks for credentials in %s, but the daemon keeps them in "
			   "%s. For this shell: export XDG_STATE_HOME=%s"),
			 ours, directory, buf_text(&quoted));
}

/* FILE is what the daemon reads; NULL: none. A config that it was told by -c is no mistake. */
static void note_config(const char *file, const char *ours)
{
	const char *home = getenv("XDG_CONFIG_HOME");
	_cleanup_(buf_done) struct buf quoted = {0};

	if (!home || *home != '/' || access(ours, F_OK) != 0)
		return;
	if (file)
		terminal_message(_("The daemon reads the config %s, and not this shell's, %s."),
				 file, ours);
	else
		terminal_message(_("The daemon has no config; it does not read this shell's, %s."),
				 ours);
	text_append_quoted(&quoted, home);
	terminal_message(_("To have it read this one: systemctl --user set-environment "
			   "XDG_CONFIG_HOME=%s; then: %s"),
			 buf_text(&quoted), ADVICE_RESTART);
}

void places_note_files(const struct json *daemon)
{
	const char *directory = json_get_string(daemon, "state_directory");
	const char *file = json_get_string(daemon, "config");
	struct paths_environment environment;
	struct paths paths;

	paths_environment_read(&environment);
	if (!directory || *directory != '/' || paths_resolve(&environment, &paths, NULL) < 0)
		return;
	if (!is_same(directory, paths.state))
		note_state(directory, paths.state);
	if (!file || !is_same(file, paths.config))
		note_config(file, paths.config);
}

const char *places_missing_proxy(const struct json *daemon)
{
	bool has_proxy = true;

	(void)json_get_bool(daemon, "proxy", &has_proxy);
	return has_proxy ? NULL : proxy_variable();
}

void places_note_proxy(const struct json *daemon)
{
	const char *variable = places_missing_proxy(daemon);

	if (variable)
		terminal_message(_("This shell has a proxy (%s), but the daemon has none. To give "
				   "it this one: systemctl --user import-environment %s; then: %s"),
				 variable, variable, ADVICE_RESTART);
}
