/* SPDX-License-Identifier: MIT */

/*
 * misskey-authctl reload: has the daemon read its config again.
 */

#include "account_note.h"
#include "command/command.h"
#include "common/translate.h"
#include "control_call.h"
#include "terminal/advice.h"
#include "terminal/exit_status.h"
#include "terminal/print_json.h"
#include "terminal/terminal.h"

static void say_names(const char *what, const struct json *names)
{
	_cleanup_(buf_done) struct buf line = {0};

	account_note_names(&line, names);
	if (line.size > 0)
		terminal_message("%s: %s", what, buf_text(&line));
}

int command_reload(struct control_client *client, const struct command_options *options)
{
	_cleanup_(json_freep) struct json *report = NULL;
	int status = control_call(client, "POST", "/v1/reload", NULL, &report);
	bool needs_restart = false;
	const char *file;

	if (status != EXIT_STATUS_DONE)
		return status;
	file = json_get_string(report, "config");
	terminal_message(_("The config was read again: %s"), file ? file : _("no file, defaults"));
	say_names(_("Accounts added"), json_get(report, "added"));
	say_names(_("Accounts changed"), json_get(report, "changed"));
	say_names(_("Accounts removed"), json_get(report, "removed"));
	if (json_get_bool(report, "needs_restart", &needs_restart) && needs_restart)
		terminal_message(_("Another port (listen) or confinement needs a restart: %s"),
				 ADVICE_RESTART);
	return options->json ? print_json(report, true) : EXIT_STATUS_DONE;
}
