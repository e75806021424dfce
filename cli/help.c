/* SPDX-License-Identifier: MIT */
#include "help.h"

#include "common/translate.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"

int help_print(const struct command *command)
{
	_cleanup_(buf_done) struct buf text = {0};

	buf_append_format(&text, _("usage: misskey-authctl %s%s%s\n"),
			  command->name ? command->name : "",
			  command->name && *command->arguments ? " " : "", command->arguments);
	buf_append_format(&text, "\n%s", _(command->help));
	return terminal_value(&text);
}

int help_usage_error(const struct command *command)
{
	if (command->name)
		terminal_message(_("To see what it takes: misskey-authctl help %s"), command->name);
	else
		terminal_message(_("To see all commands: misskey-authctl help"));
	return EXIT_STATUS_USAGE;
}

int help_unknown_command(const char *name)
{
	const char *nearest = command_nearest(name);

	if (nearest)
		terminal_message(_("misskey-authctl: There is no command %s; did you mean %s?"),
				 name, nearest);
	else
		terminal_message(_("misskey-authctl: There is no command %s."), name);
	return help_usage_error(&command_program);
}

int command_help(struct control_client *client, const struct command_options *options)
{
	const struct command *command = &command_program;

	(void)client;
	if (options->argument)
		command = command_find(options->argument);
	return command ? help_print(command) : help_unknown_command(options->argument);
}
