/* SPDX-License-Identifier: MIT */

/*
 * misskey-authctl disable: stops all of misskey-authd that systemd runs, and has it start nothing
 * of it again. What it knows stays.
 */

#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "common/cleanup.h"
#include "common/paths.h"
#include "common/translate.h"
#include "service_units.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"

/* Whether nothing is left of UNIT. */
static bool check_gone(const struct unit *unit)
{
	if (unit_is_active(unit)) {
		terminal_message(_("misskey-authctl: %s could not be stopped. See why: systemctl "
				   "--user status %s"),
				 unit->name, unit->name);
		return false;
	}
	if (unit_is_enabled(unit)) {
		terminal_message(_("misskey-authctl: %s is enabled for all users of this computer. "
				   "To turn it off for you: systemctl --user mask %s"),
				 unit->name, unit->name);
		return false;
	}
	return true;
}

static void say_kept(const char *path)
{
	if (access(path, F_OK) == 0)
		terminal_message(_("Kept: %s"), path);
}

static void say_all_kept(void)
{
	_cleanup_(buf_done) struct buf drop_ins = {0};
	struct paths_environment environment;
	struct err_detail detail = {0};
	struct paths paths;

	paths_environment_read(&environment);
	if (paths_resolve(&environment, &paths, &detail) == 0) {
		say_kept(paths.state);
		*strrchr(paths.config, '/') = '\0';
		say_kept(paths.config);
	}
	if (service_units_drop_ins(&drop_ins, &detail) == 0)
		say_kept(buf_text(&drop_ins));
}

int command_disable(struct control_client *client, const struct command_options *options)
{
	struct unit units[UNIT_COUNT];
	struct err_detail detail = {0};
	bool is_gone = true;

	(void)client;
	(void)options;
	if (service_units_read(units) != EXIT_STATUS_DONE)
		return EXIT_STATUS_FAILED;
	/* Both do what they can and then fail for units that are not installed. `disable` also
	 * removes links to units that are there no longer. What is left is looked at. */
	(void)units_do("stop", UNIT_SET_ALL, &detail);
	(void)units_do("disable", UNIT_SET_ALL, &detail);
	if (service_units_read(units) != EXIT_STATUS_DONE)
		return EXIT_STATUS_FAILED;
	for (size_t id = 0; id < UNIT_COUNT; id++)
		is_gone = check_gone(&units[id]) && is_gone;
	if (!is_gone)
		return EXIT_STATUS_FAILED;
	terminal_message(_("misskey-authd was stopped, and systemd does not start it any more."));
	say_all_kept();
	return EXIT_STATUS_DONE;
}
