/* SPDX-License-Identifier: MIT */

/*
 * doctor: the sandbox of misskey-authd.service. Where user namespaces are refused it cannot be
 * made, and the service does not start; and what it does not show, the daemon does not find.
 */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/number.h"
#include "common/translate.h"
#include "doctor.h"
#include "units/units.h"

#define SERVICE "misskey-authd.service"

/* systemd.exec(5), "Process exit codes": what fails without user namespaces. */
#define EXIT_NAMESPACE_FAILED 226
#define EXIT_USER_FAILED 217
#define EXIT_CAPABILITIES_FAILED 218

/* Installed with the documentation; docs/systemd.md says what is lost. */
#define DROP_IN MISSKEY_DOCUMENTATION "/examples/systemd/no-user-namespaces.conf"
#define DROP_IN_DIRECTORY "~/.config/systemd/user/" SERVICE ".d"

/* A setting of the kernel that refuses user namespaces when its value begins with REFUSES. */
static const struct refusal {
	const char *file;
	const char *setting;
	char refuses;
} refusals[] = {
	{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
	 "kernel.apparmor_restrict_unprivileged_userns=1", '1'},
	{"/proc/sys/kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone=0", '0'},
	{"/proc/sys/user/max_user_namespaces", "user.max_user_namespaces=0", '0'},
};

/* The one that refuses them here, or NULL. */
static const char *refusing_setting(void)
{
	for (size_t n = 0; n < sizeof(refusals) / sizeof(refusals[0]); n++) {
		FILE *file = fopen(refusals[n].file, "re");
		int first = file ? fgetc(file) : EOF;

		if (file)
			fclose(file);
		if (first == refusals[n].refuses)
			return refusals[n].setting;
	}
	return NULL;
}

static bool is_value(const char *text, const char *key, const char *value)
{
	const char *found = units_value(text, key);
	size_t size = strlen(value);

	return strncmp(found, value, size) == 0 && (!found[size] || found[size] == '\n');
}

/* ---- User namespaces ---- */

static void advise_drop_in(struct doctor *doctor)
{
	findings_remedy(&doctor->findings,
			_("Allow them for systemd, or do without: mkdir -p %s && cp %s %s/ && "
			  "systemctl --user daemon-reload && %s; then the daemon can see and write "
			  "all files that you can, and trace your other processes (docs/systemd.md "
			  "says what else is lost)"),
			DROP_IN_DIRECTORY, DROP_IN, DROP_IN_DIRECTORY, DOCTOR_RESTART);
}

static void check_namespaces(struct doctor *doctor, const char *states)
{
	struct findings *findings = &doctor->findings;
	const char *text = units_value(states, "ExecMainStatus");
	uint64_t status;
	bool has_failed = number_read(text, number_length(text), INT_MAX, &status) &&
			  (status == EXIT_NAMESPACE_FAILED || status == EXIT_USER_FAILED ||
			   status == EXIT_CAPABILITIES_FAILED);
	bool is_active = is_value(states, "ActiveState", "active");
	const char *setting = refusing_setting();

	if (is_value(states, "PrivateUsers", "no")) {
		findings_add(
			findings, FINDING_NOTE,
			_("%s runs without most of its sandbox: an override says PrivateUsers=no"),
			SERVICE);
		if (!setting)
			findings_remedy(findings,
					_("Nothing here refuses user namespaces. See what "
					  "overrides it: systemctl --user cat misskey-authd"));
	} else if (!is_active && (setting || has_failed)) {
		findings_add(findings, FINDING_ERROR, _("The sandbox of %s cannot be made%s%s%s"),
			     SERVICE, has_failed ? _(", which is why it does not start") : "",
			     setting ? _(": this system refuses user namespaces, by ") : "",
			     setting ? setting : "");
		advise_drop_in(doctor);
	} else {
		findings_add(findings, FINDING_OK, _("The sandbox of %s can be made"), SERVICE);
	}
}

/* ---- What is shown ---- */

/* Whether PATH is DIRECTORY, of SIZE bytes, or below it. */
static bool is_within(const char *path, const char *directory, size_t size)
{
	return strncmp(path, directory, size) == 0 && (!path[size] || path[size] == '/');
}

/* Whether LIST, of SOURCE:DESTINATION:OPTIONS separated by blanks, has PATH or what it is in. A "-"
 * in front says that the source need not be there. */
static bool is_listed(const char *list, const char *path)
{
	while (*list && *list != '\n') {
		size_t size;

		list += *list == '-';
		size = strcspn(list, ": \n");
		if (size && is_within(path, list, size))
			return true;
		list += strcspn(list, " \n");
		list += *list == ' ';
	}
	return false;
}

/* PATH, which is WHAT, and what in the home directory the sandbox shows by STATES. */
static void check_shown(struct doctor *doctor, const char *states, const char *what,
			const char *path, bool writable)
{
	const char *option = writable ? "BindPaths" : "BindReadOnlyPaths";
	const char *home = getenv("HOME");
	bool is_shown = is_listed(units_value(states, "BindPaths"), path) ||
			(!writable && is_listed(units_value(states, "BindReadOnlyPaths"), path));

	if (!home || !is_within(path, home, strlen(home)) || is_shown)
		return;
	findings_add(&doctor->findings, FINDING_ERROR, _("The sandbox of %s hides %s, %s"), SERVICE,
		     what, path);
	findings_remedy(&doctor->findings,
			_("systemctl --user edit misskey-authd, write [Service] and, below it, "
			  "%s=%s, then: %s"),
			option, path, DOCTOR_RESTART);
}

static void check_paths(struct doctor *doctor, const char *states)
{
	char directory[PATH_MAX];

	strcpy(directory, doctor->paths.config);
	*strrchr(directory, '/') = '\0';
	check_shown(doctor, states, _("the state directory"), doctor->paths.state, true);
	if (access(directory, F_OK) == 0)
		check_shown(doctor, states, _("the configuration"), directory, false);
	if (doctor->config && doctor->config->ca_file)
		check_shown(doctor, states, _("the file that ca_file names"),
			    doctor->config->ca_file, false);
}

void doctor_check_sandbox(struct doctor *doctor)
{
	_cleanup_(buf_done) struct buf states = {0};
	struct err_detail detail;

	/* Without systemd there is no sandbox; doctor_check_units() has said so. */
	if (units_show("ActiveState,ExecMainStatus,PrivateUsers,BindPaths,BindReadOnlyPaths",
		       UNIT_SET(UNIT_SERVICE), &states, &detail) < 0 ||
	    !*units_value(buf_text(&states), "PrivateUsers"))
		return;
	check_namespaces(doctor, buf_text(&states));
	if (is_value(buf_text(&states), "PrivateUsers", "yes"))
		check_paths(doctor, buf_text(&states));
}
