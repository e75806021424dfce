/* SPDX-License-Identifier: MIT */
#include "launch_unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "launch_unit_call.h"

/* Account names of usual length are not cut. */
#define NAME_ACCOUNT_BYTES 128
/* As much of a unit's name as tells it from all others. */
#define NAME_RANDOM_DIGITS 16

/* Later than that systemd's word should have been here. */
#define END_SLACK_MS 30000

/* The exit status of systemd's child that could not execute the program (systemd.exec(5)). */
#define EXIT_EXEC 203
/* The lowest of those. */
#define EXIT_SYSTEMD_MIN 200

struct launch_unit {
	sd_bus *connection;
	sd_bus_slot *start;   /* the call that starts it */
	sd_bus_slot *changes; /* of its properties */
	sd_bus_slot *end;     /* of the connection */
	char name[LAUNCH_UNIT_NAME_BYTES];
	int64_t started_ms;
	int64_t deadline_ms;
	bool is_over;
	struct launch_result result;
	/* Its properties, as far as they are of interest. */
	char active_state[16];
	char service_result[16];
	uint64_t left_inactive_us; /* when; 0: not yet */
	uint64_t became_active_us; /* when the program was executed; 0: not yet */
	int32_t main_code;	   /* CLD_EXITED, … */
	int32_t main_status;
};

/* ---- Its name ---- */

void launch_unit_name(const char *purpose, const char *account, const char *random,
		      char ret_name[static LAUNCH_UNIT_NAME_BYTES])
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789:_.-";
	char escaped[NAME_ACCOUNT_BYTES] = "";
	size_t size = 0;

	/* As systemd-escape(1) does, but for the dash, which means nothing in a service's name. */
	for (; *account && size + sizeof("\\x40") <= sizeof(escaped); account++) {
		if (strchr(allowed, *account))
			escaped[size++] = *account;
		else
			size += (size_t)sprintf(escaped + size, "\\x%02x", (unsigned char)*account);
		escaped[size] = '\0';
	}
	(void)snprintf(ret_name, LAUNCH_UNIT_NAME_BYTES, "misskey-authd-%.48s%s%s-%.*s.service",
		       purpose, escaped[0] ? "-" : "", escaped, NAME_RANDOM_DIGITS, random);
}

/* ---- Its end ---- */

static void end_with(struct launch_unit *unit, enum launch_end end, const char *why)
{
	if (unit->is_over)
		return;
	unit->is_over = true;
	unit->result.end = end;
	(void)snprintf(unit->result.detail.text, sizeof(unit->result.detail.text), "%s", why);
}

/* Whether systemd could not start it: one that ends at once may not have been seen active, but its
 * status is below those that systemd itself ends with (systemd.exec(5)). */
static bool was_not_started(const struct launch_unit *unit)
{
	bool is_systemds = unit->main_code == 0 ||
			   (unit->main_code == CLD_EXITED && unit->main_status >= EXIT_SYSTEMD_MIN);

	return unit->became_active_us == 0 && is_systemds;
}

/* What systemd says of a run that has ended. */
static void take_result(struct launch_unit *unit)
{
	char why[128];

	unit->result.number = unit->main_status;
	if (was_not_started(unit)) {
		(void)snprintf(why, sizeof(why), "systemd says %s, status %d%s",
			       unit->service_result, unit->main_status,
			       unit->main_status == EXIT_EXEC
				       ? ": it is missing or cannot be executed"
				       : "");
		end_with(unit, LAUNCH_NOT_STARTED, why);
	} else if (strcmp(unit->service_result, "timeout") == 0) {
		end_with(unit, LAUNCH_TIMED_OUT, "");
	} else if (unit->main_code == CLD_EXITED) {
		end_with(unit, LAUNCH_EXITED, "");
	} else {
		end_with(unit, LAUNCH_SIGNALED, "");
	}
}

static int read_text(sd_bus_message *message, char *ret_text, size_t capacity)
{
	const char *text;
	int r = sd_bus_message_read(message, "v", "s", &text);

	if (r >= 0)
		(void)snprintf(ret_text, capacity, "%s", text);
	return r;
}

static int read_property(struct launch_unit *unit, sd_bus_message *message, const char *name)
{
	if (strcmp(name, "ActiveState") == 0)
		return read_text(message, unit->active_state, sizeof(unit->active_state));
	if (strcmp(name, "Result") == 0)
		return read_text(message, unit->service_result, sizeof(unit->service_result));
	if (strcmp(name, "InactiveExitTimestampMonotonic") == 0)
		return sd_bus_message_read(message, "v", "t", &unit->left_inactive_us);
	if (strcmp(name, "ActiveEnterTimestampMonotonic") == 0)
		return sd_bus_message_read(message, "v", "t", &unit->became_active_us);
	if (strcmp(name, "ExecMainCode") == 0)
		return sd_bus_message_read(message, "v", "i", &unit->main_code);
	if (strcmp(name, "ExecMainStatus") == 0)
		return sd_bus_message_read(message, "v", "i", &unit->main_status);
	return sd_bus_message_skip(message, "v");
}

static int read_properties(struct launch_unit *unit, sd_bus_message *message)
{
	int r = sd_bus_message_skip(message, "s"); /* of which interface */

	if (r >= 0)
		r = sd_bus_message_enter_container(message, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		const char *name;

		r = sd_bus_message_read(message, "s", &name);
		if (r >= 0)
			r = read_property(unit, message, name);
		if (r >= 0)
			r = sd_bus_message_exit_container(message);
	}
	return r;
}

static int on_changes(sd_bus_message *message, void *context, sd_bus_error *error)
{
	struct launch_unit *unit = context;

	(void)error;
	/* One that cannot be read brings nothing; the deadline remains. systemd tells the service's
	 * properties first, so that with the unit's the end is complete. */
	(void)read_properties(unit, message);
	if (strcmp(unit->active_state, "failed") == 0 ||
	    (strcmp(unit->active_state, "inactive") == 0 && unit->left_inactive_us > 0))
		take_result(unit);
	return 0;
}

static int on_connection_end(sd_bus_message *message, void *context, sd_bus_error *error)
{
	(void)message;
	(void)error;
	end_with(context, LAUNCH_LOST, "the connection to D-Bus was lost");
	return 0;
}

/* ---- Its start ---- */

static int on_started(sd_bus_message *message, void *context, sd_bus_error *error)
{
	const sd_bus_error *refusal = sd_bus_message_get_error(message);
	struct err_detail detail;

	(void)error;
	if (refusal) {
		(void)err_set(&detail, 0,
			      "the user's systemd did not take it (%s); nothing is started inside "
			      "the service's sandbox instead. What it has to say: systemctl --user "
			      "status",
			      refusal->message ? refusal->message : refusal->name);
		end_with(context, LAUNCH_NOT_STARTED, detail.text);
	}
	return 0;
}

/* The changes are asked for before there can be any. */
static int watch(struct launch_unit *unit, sd_bus *connection)
{
	_cleanup_(freep) char *path = NULL;
	int r = sd_bus_path_encode(SYSTEMD_PATH "/unit", unit->name, &path);

	if (r >= 0)
		r = sd_bus_match_signal_async(connection, &unit->changes, SYSTEMD, path,
					      "org.freedesktop.DBus.Properties",
					      "PropertiesChanged", on_changes, NULL, unit);
	if (r >= 0)
		r = bus_watch_end(connection, on_connection_end, unit, &unit->end);
	return r;
}

int launch_unit_start(struct bus *bus, const struct launch_command *command, struct clock_time now,
		      struct launch_unit **ret_unit, struct err_detail *detail)
{
	_cleanup_(launch_unit_freep) struct launch_unit *unit = calloc(1, sizeof(*unit));
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	_cleanup_(closep) int input_fd = -1;
	char random[RANDOM_ID_BYTES];
	int r;

	if (!unit)
		return err_set(detail, ERR_NOMEM, "no memory");
	if (random_id(random))
		return err_set(detail, ERR_CRYPTO, "no random numbers can be had");
	launch_unit_name(command->purpose, command->account, random, unit->name);
	r = launch_input_open(command->input, &input_fd, detail);
	if (r)
		return r;
	r = bus_connect(bus, &unit->connection, detail);
	if (r)
		return err_set(detail, r,
			       "%s, and a service has its commands started by systemd, which is "
			       "asked there. Install dbus-user-session, and log in to your session "
			       "again",
			       detail->text);
	r = launch_unit_call_new(unit->connection, unit->name, command, input_fd, &message);
	if (r >= 0)
		r = watch(unit, unit->connection);
	if (r >= 0)
		r = bus_call(unit->connection, message, on_started, unit, &unit->start);
	if (r < 0)
		return bus_err(detail, r, "the user's systemd cannot be asked");
	unit->started_ms = now.mono_ms;
	unit->deadline_ms =
		command->limit_ms == CLOCK_NEVER
			? CLOCK_NEVER
			: now.mono_ms + command->limit_ms + LAUNCH_KILL_MS + END_SLACK_MS;
	*ret_unit = TAKE_PTR(unit);
	return 0;
}

/* ---- Watching ---- */

int64_t launch_unit_deadline(const struct launch_unit *unit, struct clock_time now)
{
	return unit->is_over ? now.mono_ms : unit->deadline_ms;
}

bool launch_unit_tick(struct launch_unit *unit, struct clock_time now,
		      struct launch_result *ret_result)
{
	if (now.mono_ms >= unit->deadline_ms)
		end_with(unit, LAUNCH_LOST, "systemd says nothing of it");
	if (!unit->is_over)
		return false;
	unit->result.took_ms = now.mono_ms - unit->started_ms;
	*ret_result = unit->result;
	return true;
}

/* systemd may forget it, as soon as it has ended. */
static void let_go(const struct launch_unit *unit)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;

	if (sd_bus_message_new_method_call(unit->connection, &message, SYSTEMD, SYSTEMD_PATH,
					   SYSTEMD_MANAGER, "UnrefUnit") >= 0 &&
	    sd_bus_message_append(message, "s", unit->name) >= 0 &&
	    sd_bus_message_set_expect_reply(message, 0) >= 0)
		(void)sd_bus_send(unit->connection, message, NULL);
}

void launch_unit_free(struct launch_unit *unit)
{
	if (!unit)
		return;
	if (unit->start)
		let_go(unit);
	sd_bus_slot_unref(unit->start);
	sd_bus_slot_unref(unit->changes);
	sd_bus_slot_unref(unit->end);
	free(unit);
}
