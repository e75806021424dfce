/* SPDX-License-Identifier: MIT */
#include "launch_unit_call.h"

#include <stdio.h>
#include <string.h>

#include "common/account_name.h"
#include "common/cleanup.h"
#include "runtime/clock.h"

static int append_words(sd_bus_message *message, char *const *words)
{
	int r = sd_bus_message_open_container(message, 'a', "s");

	for (; *words && r >= 0; words++)
		r = sd_bus_message_append(message, "s", *words);
	return r >= 0 ? sd_bus_message_close_container(message) : r;
}

/* Without systemd's expansion of $VARIABLES: no-env-expand. */
static int append_command(sd_bus_message *message, char *const *words)
{
	int r = sd_bus_message_open_container(message, 'r', "sv");

	if (r >= 0)
		r = sd_bus_message_append(message, "s", "ExecStartEx");
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'v', "a(sasas)");
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'a', "(sasas)");
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'r', "sasas");
	if (r >= 0)
		r = sd_bus_message_append(message, "s", words[0]);
	if (r >= 0)
		r = append_words(message, words);
	if (r >= 0)
		r = sd_bus_message_append(message, "as", 1, "no-env-expand");
	for (int n = 0; n < 4 && r >= 0; n++)
		r = sd_bus_message_close_container(message);
	return r;
}

static int append_environment(sd_bus_message *message, const struct buf *facts)
{
	int r = sd_bus_message_open_container(message, 'r', "sv");

	if (r >= 0)
		r = sd_bus_message_append(message, "s", "Environment");
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'v', "as");
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'a', "s");
	for (size_t at = 0; at < facts->size && r >= 0; at += strlen(facts->bytes + at) + 1)
		r = sd_bus_message_append(message, "s", facts->bytes + at);
	for (int n = 0; n < 3 && r >= 0; n++)
		r = sd_bus_message_close_container(message);
	return r;
}

static int append_fixed(sd_bus_message *message)
{
	static const struct {
		const char *key;
		const char *value;
	} fixed[] = {
		{"Type", "exec"}, /* active only when the program is executed */
		{"CollectMode", "inactive-or-failed"},
		{"StandardOutput", "null"},
		{"StandardError", "journal"},
		{"WorkingDirectory", "/"},
	};
	int r = 0;

	for (size_t n = 0; n < sizeof(fixed) / sizeof(fixed[0]) && r >= 0; n++)
		r = sd_bus_message_append(message, "(sv)", fixed[n].key, "s", fixed[n].value);
	if (r >= 0)
		r = sd_bus_message_append(message, "(sv)", "UMask", "u", (uint32_t)077);
	if (r >= 0)
		r = sd_bus_message_append(message, "(sv)", "LimitCORE", "t", (uint64_t)0);
	if (r >= 0)
		r = sd_bus_message_append(message, "(sv)", "IgnoreSIGPIPE", "b", 0);
	/* It stays, and tells us of its end, until we let it go. */
	if (r >= 0)
		r = sd_bus_message_append(message, "(sv)", "AddRef", "b", 1);
	return r;
}

static int append_limit(sd_bus_message *message, int64_t limit_ms)
{
	if (limit_ms == CLOCK_NEVER)
		return 0;
	return sd_bus_message_append(message, "(sv)(sv)", "RuntimeMaxUSec", "t",
				     (uint64_t)limit_ms * 1000, "TimeoutStopUSec", "t",
				     (uint64_t)LAUNCH_KILL_MS * 1000);
}

/* How a process of the daemon's is run, and what only systemd can do. */
static int append_properties(sd_bus_message *message, const struct launch_command *command,
			     int input_fd)
{
	char description[ACCOUNT_NAME_BYTES + 64];
	int r = append_fixed(message);

	(void)snprintf(description, sizeof(description), "misskey-authd: %.48s%s%s",
		       command->purpose, command->account[0] ? " of " : "", command->account);
	if (r >= 0)
		r = sd_bus_message_append(message, "(sv)", "Description", "s", description);
	if (r >= 0)
		r = sd_bus_message_append(message, "(sv)", "ExitType", "s",
					  command->may_leave_processes ? "cgroup" : "main");
	if (r >= 0)
		r = sd_bus_message_append(message, "(sv)", "StandardInputFileDescriptor", "h",
					  input_fd);
	if (r >= 0)
		r = append_limit(message, command->limit_ms);
	if (r >= 0)
		r = append_environment(message, command->facts);
	return r >= 0 ? append_command(message, command->words) : r;
}

int launch_unit_call_new(sd_bus *connection, const char *name, const struct launch_command *command,
			 int input_fd, sd_bus_message **ret_message)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	int r = sd_bus_message_new_method_call(connection, &message, SYSTEMD, SYSTEMD_PATH,
					       SYSTEMD_MANAGER, "StartTransientUnit");

	if (r >= 0)
		r = sd_bus_message_append(message, "ss", name, "fail");
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'a', "(sv)");
	if (r >= 0)
		r = append_properties(message, command, input_fd);
	if (r >= 0)
		r = sd_bus_message_close_container(message);
	if (r >= 0)
		r = sd_bus_message_append(message, "a(sa(sv))", 0);
	if (r >= 0)
		*ret_message = TAKE_PTR(message);
	return r;
}
