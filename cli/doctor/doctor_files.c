/* SPDX-License-Identifier: MIT */

/*
 * doctor: the state directory, the file system that it is on, credentials.json and registry.json.
 */

#include "doctor_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/fsx.h"
#include "common/state.h"
#include "common/text.h"
#include "common/translate.h"
#include "common/vocabulary.h"
#include "doctor_path.h"
#include "token/account_names.h"

/* A login needs a few dozen KiB at the most. */
#define ROOM_MIN_BYTES (1024 * 1024)

DEFINE_CLEANUP(DIR *, closedir);

struct state_file {
	const char *name;
	size_t max_bytes;
	int64_t version;
	bool can_be_lost; /* the daemon makes a new one */
};

static const struct state_file state_files[] = {
	{CREDENTIALS_FILE, CREDENTIALS_MAX_BYTES, CREDENTIALS_VERSION, false},
	{REGISTRY_FILE, REGISTRY_MAX_BYTES, REGISTRY_VERSION, true},
};

static void say_damaged(struct doctor *doctor, const struct state_file *file, const char *path,
			const char *where)
{
	_cleanup_(buf_done) struct buf quoted = {0};

	text_append_quoted(&quoted, path);
	findings_add(&doctor->findings, FINDING_UNSAFE, _("%s is damaged: %s"), path, where);
	if (file->can_be_lost)
		findings_remedy(
			&doctor->findings,
			_("The daemon keeps it aside and makes a new one when it starts: %s"),
			ADVICE_RESTART);
	else
		findings_remedy(&doctor->findings,
				_("Stop the daemon (systemctl --user stop misskey-authd), restore "
				  "the file from a backup, or move it away and log in again: mv %s "
				  "%s.damaged; then: %s"),
				buf_text(&quoted), buf_text(&quoted), DOCTOR_START);
}

static void check_version(struct doctor *doctor, const struct state_file *file, const char *path,
			  const struct json *root)
{
	int64_t version;

	if (!json_get_integer(root, "version", &version) || version < 1) {
		say_damaged(doctor, file, path, _("its \"version\" is missing or wrong"));
		return;
	}
	if (version <= file->version)
		return;
	findings_add(&doctor->findings, FINDING_UNSAFE,
		     _("%s is of version %lld, and %lld is the newest that this program knows"),
		     path, (long long)version, (long long)file->version);
	findings_remedy(&doctor->findings, _("Update misskey-authd, then: %s"), ADVICE_RESTART);
}

static void say_unreadable(struct doctor *doctor, const char *why)
{
	findings_add(&doctor->findings, FINDING_ERROR, "%s", why);
	findings_remedy(&doctor->findings, _("See what the system says: sudo dmesg"));
}

/* Checks the syntax and the version; the daemon checks the rest when it starts. */
static void check_content(struct doctor *doctor, const struct state_file *file, int dirfd,
			  const char *path)
{
	_cleanup_(buf_done) struct buf text = {0};
	_cleanup_(json_freep) struct json *root = NULL;
	struct err_detail detail = {0};
	int r = fsx_read(dirfd, file->name, file->max_bytes, false, &text, &detail);

	if (r == 0)
		r = json_parse(buf_text(&text), text.size, file->max_bytes, &root, &detail);
	if (r == ERR_LIMIT || r == ERR_SYNTAX)
		say_damaged(doctor, file, path, detail.text);
	else if (r < 0)
		say_unreadable(doctor, detail.text);
	else
		check_version(doctor, file, path, root);
}

static void check_state_files(struct doctor *doctor, const char *state, int dirfd)
{
	for (size_t i = 0; i < sizeof(state_files) / sizeof(state_files[0]); i++) {
		char path[DOCTOR_PATH_BYTES];

		snprintf(path, sizeof(path), "%s/%s", state, state_files[i].name);
		if (doctor_check_path(&doctor->findings, path, S_IFREG) == DOCTOR_PATH_GOOD &&
		    !doctor_problem(doctor, CODE_STATE_DAMAGED))
			check_content(doctor, &state_files[i], dirfd, path);
	}
}

static void check_room(struct doctor *doctor, const char *state, int dirfd)
{
	struct statvfs room;

	if (fstatvfs(dirfd, &room) < 0)
		return;
	if (room.f_flag & ST_RDONLY) {
		findings_add(&doctor->findings, FINDING_ERROR,
			     _("The file system of %s is read-only: no login can be stored"),
			     state);
		findings_remedy(&doctor->findings,
				_("See why (dmesg, /etc/fstab), and mount it for writing"));
	} else if (room.f_bavail < ROOM_MIN_BYTES / room.f_frsize) {
		findings_add(&doctor->findings, FINDING_ERROR,
			     _("The file system of %s is full: no login can be stored"), state);
		findings_remedy(&doctor->findings,
				_("Make room there; see: df -h, du -xh ~ | sort -h | tail"));
	}
}

static size_t count_leftovers(const char *path)
{
	_cleanup_(closedirp) DIR *stream = opendir(path);
	const struct dirent *entry;
	size_t count = 0;

	while (stream && (entry = readdir(stream)))
		count += strncmp(entry->d_name, FSX_TEMP_PREFIX, strlen(FSX_TEMP_PREFIX)) == 0;
	return count;
}

/* Looks for temporary files. A running daemon has some: room that it keeps for logins. */
static void check_leftovers(struct doctor *doctor, const char *state)
{
	_cleanup_(account_names_done) struct name_table names = {0};
	char path[DOCTOR_PATH_BYTES];
	size_t count = count_leftovers(state);

	snprintf(path, sizeof(path), "%s/" ACCOUNTS_DIRECTORY, state);
	if (account_names_read_all(path, &names, NULL) < 0)
		return; /* the reason was found before */
	for (size_t i = 0; i < names.count; i++) {
		snprintf(path, sizeof(path), "%s/" ACCOUNTS_DIRECTORY "/%s", state,
			 (const char *)names.rows[i]);
		count += count_leftovers(path);
	}
	if (count > 0) {
		findings_add(
			&doctor->findings, FINDING_NOTE,
			translate_count("A daemon that was killed left %zu temporary file in %s",
					"A daemon that was killed left %zu temporary files in %s",
					count),
			count, state);
		findings_remedy(&doctor->findings, _("The daemon removes them when it starts: %s"),
				DOCTOR_START);
	}
}

static void say_problems(struct doctor *doctor)
{
	const char *damaged = doctor_problem(doctor, CODE_STATE_DAMAGED);
	const char *set_aside = doctor_problem(doctor, CODE_REGISTRY_SET_ASIDE);

	if (damaged) {
		doctor_say_problem(doctor, FINDING_UNSAFE, CODE_STATE_DAMAGED, damaged);
		findings_remedy(&doctor->findings,
				_("Stop the daemon before (systemctl --user stop misskey-authd), "
				  "and start it afterwards: %s"),
				DOCTOR_START);
	}
	if (set_aside) {
		doctor_say_problem(doctor, FINDING_WARNING, CODE_REGISTRY_SET_ASIDE, set_aside);
		findings_remedy(&doctor->findings,
				_("Start pending logins again: misskey-authctl login ACCOUNT"));
	}
}

/* The daemon may have been started with another environment. */
static const char *state_directory(struct doctor *doctor)
{
	const char *daemons = json_get_string(doctor->status, "state_directory");

	if (!daemons || strcmp(daemons, doctor->paths.state) == 0)
		return doctor->paths.state;
	findings_add(&doctor->findings, FINDING_WARNING,
		     _("The daemon keeps its files in %s, but misskey-token looks for them in %s"),
		     daemons, doctor->paths.state);
	findings_remedy(&doctor->findings,
			_("Give both the same HOME and XDG_STATE_HOME (the daemon's: systemctl "
			  "--user show-environment), then: %s"),
			ADVICE_RESTART);
	return strlen(daemons) < PATH_MAX ? daemons : doctor->paths.state;
}

void doctor_check_files(struct doctor *doctor)
{
	struct findings *findings = &doctor->findings;
	const char *state = state_directory(doctor);
	_cleanup_(closep) int dirfd = -1;
	size_t bad;

	bad = findings_bad(findings);
	say_problems(doctor);
	if (doctor_check_path(findings, state, S_IFDIR) == DOCTOR_PATH_MISSING) {
		findings_add(findings, FINDING_NOTE,
			     _("There is no %s yet: the daemon makes it when it starts"), state);
		findings_remedy(findings, DOCTOR_START);
		return;
	}
	dirfd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return; /* the reason was found above */
	check_room(doctor, state, dirfd);
	check_state_files(doctor, state, dirfd);
	doctor_check_derived_files(doctor, state);
	if (!doctor->status)
		check_leftovers(doctor, state);
	if (findings_bad(findings) == bad)
		findings_add(findings, FINDING_OK, _("%s is intact and private"), state);
}
