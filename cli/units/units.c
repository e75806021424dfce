/* SPDX-License-Identifier: MIT */
#include "units/units.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "capture.h"
#include "common/cleanup.h"
#include "common/number.h"
#include "common/translate.h"

#define SHOW_TIMEOUT_MS 5000
/* The service may take 10 s to stop. */
#define DO_TIMEOUT_MS 60000

#define ENABLE "misskey-authctl enable"

static const char *const names[UNIT_COUNT] = {
	[UNIT_CALLBACK_SOCKET] = "misskey-authd-callback.socket",
	[UNIT_CONTROL_SOCKET] = "misskey-authd-control.socket",
	[UNIT_SERVICE] = "misskey-authd.service",
	[UNIT_AGENT_SERVICE] = "misskey-authd-agent.service",
	[UNIT_LOGIN_SERVICE] = "misskey-authd-login.service",
	[UNIT_VERIFY_TIMER] = "misskey-authd-verify.timer",
	[UNIT_VERIFY_SERVICE] = "misskey-authd-verify.service",
};

/* ---- systemctl ---- */

static int systemctl(const char *verb, const char *option, unsigned set, int timeout_ms,
		     struct buf *output, int *ret_status)
{
	const char *words[4 + UNIT_COUNT + 1] = {"systemctl", "--user", verb};
	size_t count = 3;

	if (option)
		words[count++] = option;
	for (size_t id = 0; id < UNIT_COUNT; id++)
		if (set & UNIT_SET(id))
			words[count++] = names[id];
	return capture(words, timeout_ms, output, ret_status);
}

int units_show(const char *properties, unsigned set, struct buf *output, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf option = {0};
	int status = 0;
	int r;

	buf_append_format(&option, "--property=%s", properties);
	r = buf_error(&option);
	if (r == 0)
		r = systemctl("show", buf_text(&option), set, SHOW_TIMEOUT_MS, output, &status);
	if (r == ERR_NOT_FOUND)
		return err_set(detail, r,
			       _("There is no systemd here, so nothing starts the daemon when it "
				 "is needed"));
	if (r == ERR_BUSY)
		return err_set(detail, r,
			       _("systemd's user manager does not answer: systemctl --user took "
				 "too long"));
	if (r == 0 && status == 0)
		return 0;
	if (r == 0 && strcspn(buf_text(output), "\n") > 0)
		return err_set(detail, ERR_IO,
			       _("There is no systemd user manager to start the daemon: %.*s"),
			       (int)strcspn(buf_text(output), "\n"), buf_text(output));
	return err_set(detail, ERR_IO,
		       _("systemd's user manager does not answer: systemctl --user failed"));
}

const char *units_remedy(int code)
{
	return code == ERR_NOT_FOUND
		       ? _("Start misskey-authd with your session, for instance in ~/.profile: "
			   "misskey-authd &")
		       : _("Log in as this user (su and sudo are no login), or have systemd "
			   "run for it always: loginctl enable-linger");
}

int units_do(const char *verb, unsigned set, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf output = {0};
	int status = 0;
	int r = systemctl(verb, NULL, set, DO_TIMEOUT_MS, &output, &status);
	size_t size;

	if (r < 0)
		return err_set(detail, r, "systemctl --user %s: %s", verb, _(err_text(r)));
	if (status == 0)
		return 0;
	/* Without its full stop. */
	size = strcspn(buf_text(&output), "\n");
	size -= size > 0 && buf_text(&output)[size - 1] == '.';
	return err_set(detail, ERR_IO, "systemctl --user %s: %.*s", verb, (int)size,
		       buf_text(&output));
}

/* ---- What it shows ---- */

const char *units_value(const char *text, const char *key)
{
	size_t size = strlen(key);

	while (*text && *text != '\n') {
		if (strncmp(text, key, size) == 0 && text[size] == '=')
			return text + size + 1;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return "";
}

/* Copies the value of KEY up to one of ENDS, cut to CAPACITY. */
static void copy_value(const char *block, const char *key, const char *ends, char *ret_value,
		       size_t capacity)
{
	const char *value = units_value(block, key);

	snprintf(ret_value, capacity, "%.*s", (int)strcspn(value, ends), value);
}

static void read_unit(const char *block, struct unit *unit)
{
	copy_value(block, "LoadState", "\n", unit->load, sizeof(unit->load));
	copy_value(block, "ActiveState", "\n", unit->active, sizeof(unit->active));
	copy_value(block, "UnitFileState", "\n", unit->file, sizeof(unit->file));
	copy_value(block, "ConditionResult", "\n", unit->condition, sizeof(unit->condition));
	/* "127.0.0.1:41987 (Stream)" */
	copy_value(block, "Listen", " \n", unit->listen, sizeof(unit->listen));
}

int units_read(struct unit ret_units[static UNIT_COUNT], struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf output = {0};
	int r = units_show("Id,LoadState,ActiveState,UnitFileState,ConditionResult,Listen",
			   UNIT_SET_ALL, &output, detail);

	memset(ret_units, 0, UNIT_COUNT * sizeof(*ret_units));
	for (size_t id = 0; id < UNIT_COUNT; id++)
		ret_units[id].name = names[id];
	if (r < 0)
		return r;
	for (const char *block = buf_text(&output); block && *block;
	     block = strstr(block, "\n\n")) {
		char name[UNIT_STATE_BYTES];

		block += strspn(block, "\n");
		copy_value(block, "Id", "\n", name, sizeof(name));
		for (size_t id = 0; id < UNIT_COUNT; id++)
			if (strcmp(name, names[id]) == 0)
				read_unit(block, &ret_units[id]);
	}
	return 0;
}

bool unit_is_active(const struct unit *unit)
{
	return strcmp(unit->active, "active") == 0;
}

bool unit_is_enabled(const struct unit *unit)
{
	return strcmp(unit->file, "enabled") == 0 || strcmp(unit->file, "enabled-runtime") == 0;
}

bool unit_is_usable(const struct unit *unit, struct err_detail *ret_fault,
		    struct err_detail *ret_remedy)
{
	if (strcmp(unit->load, "loaded") == 0)
		return true;
	if (strcmp(unit->load, "masked") == 0) {
		(void)err_set(ret_fault, ERR_ACCESS, _("%s is masked: it cannot start"),
			      unit->name);
		(void)err_set(ret_remedy, ERR_ACCESS, "systemctl --user unmask %s && " ENABLE,
			      unit->name);
	} else if (strcmp(unit->load, "not-found") == 0) {
		(void)err_set(ret_fault, ERR_NOT_FOUND, _("systemd does not know %s"), unit->name);
		(void)err_set(ret_remedy, ERR_NOT_FOUND, _("Install misskey-authd, then: %s"),
			      ENABLE);
	} else {
		(void)err_set(ret_fault, ERR_DAMAGED,
			      _("systemd cannot read %s or what overrides it"), unit->name);
		(void)err_set(ret_remedy, ERR_DAMAGED, _("See why: systemctl --user status %s"),
			      unit->name);
	}
	return false;
}

unsigned unit_port(const struct unit *unit)
{
	const char *colon = strrchr(unit->listen, ':');
	uint64_t port;

	return colon && number_read(colon + 1, strlen(colon + 1), UINT16_MAX, &port)
		       ? (unsigned)port
		       : 0;
}
