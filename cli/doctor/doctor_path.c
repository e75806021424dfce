/* SPDX-License-Identifier: MIT */
#include "doctor_path.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/paths.h"
#include "common/text.h"
#include "common/translate.h"
#include "doctor.h"

#define OTHERS_MODE (S_IRWXG | S_IRWXO)

/* One path that is looked at. */
struct look {
	struct findings *findings;
	const char *path;
	const char *quoted; /* as a shell takes it */
	mode_t kind;
	struct stat status;
};

static const char *kind_text(mode_t kind)
{
	switch (kind) {
	case S_IFDIR:
		return _("a directory");
	case S_IFSOCK:
		return _("a socket");
	default:
		return _("a regular file");
	}
}

static enum doctor_path wrong_kind(const struct look *look)
{
	if (S_ISLNK(look->status.st_mode))
		findings_add(look->findings, FINDING_UNSAFE,
			     _("%s is a symbolic link, which is not followed"), look->path);
	else
		findings_add(look->findings, FINDING_UNSAFE, _("%s is not %s"), look->path,
			     kind_text(look->kind));
	findings_remedy(look->findings,
			_("Move it away and let the daemon make a new one: mv %s %s.old && %s"),
			look->quoted, look->quoted, ADVICE_RESTART);
	return DOCTOR_PATH_BAD;
}

/* Whether root, mostly by sudo, looks into another user's directory: what is there should stay his.
 */
static bool is_anothers_place(const char *path)
{
	const char *name = strrchr(path, '/');
	_cleanup_(buf_done) struct buf directory = {0};
	struct stat status;

	buf_append(&directory, path, name ? (size_t)(name - path) : 0);
	return geteuid() == 0 && stat(buf_text(&directory), &status) == 0 && status.st_uid != 0;
}

static enum doctor_path wrong_owner(const struct look *look)
{
	const struct passwd *user = getpwuid(look->status.st_uid);

	findings_add(look->findings, FINDING_UNSAFE, _("%s belongs to another user (uid %lu)"),
		     look->path, (unsigned long)look->status.st_uid);
	if (!is_anothers_place(look->path))
		findings_remedy(look->findings, _("If its content is yours: sudo chown %lu %s"),
				(unsigned long)geteuid(), look->quoted);
	else if (user)
		findings_remedy(look->findings,
				_("Run it as that user: sudo -u %s misskey-authctl doctor"),
				user->pw_name);
	else
		findings_remedy(look->findings, _("Run it as that user"));
	return DOCTOR_PATH_BAD;
}

static enum doctor_path wrong_mode(const struct look *look, enum finding_status status)
{
	bool is_open = status == FINDING_UNSAFE;

	findings_add(look->findings, status,
		     is_open ? _("Other users have access to %s (mode %04o)")
			     : _("You have too little access to your own %s (mode %04o)"),
		     look->path, (unsigned)(look->status.st_mode & 07777));
	findings_remedy(
		look->findings,
		is_open ? _("If one may have used it, withdraw the credentials on their servers. "
			    "Then: chmod %s %s")
			: "chmod %s %s",
		S_ISDIR(look->kind) ? "700" : "600", look->quoted);
	return DOCTOR_PATH_BAD;
}

static enum doctor_path check(const struct look *look)
{
	mode_t mode = look->status.st_mode;

	if ((mode & S_IFMT) != look->kind)
		return wrong_kind(look);
	if (look->status.st_uid != geteuid())
		return wrong_owner(look);
	if (mode & OTHERS_MODE)
		return wrong_mode(look, FINDING_UNSAFE);
	if ((S_ISDIR(mode) && (mode & S_IRWXU) != S_IRWXU) || !(mode & S_IRUSR))
		return wrong_mode(look, FINDING_ERROR);
	if (S_ISREG(mode) && look->status.st_nlink > 1) {
		findings_add(look->findings, FINDING_UNSAFE,
			     _("%s has a second name (a hard link)"), look->path);
		findings_remedy(look->findings,
				_("Replace it by a copy: cp -p %s %s.new && mv %s.new %s"),
				look->quoted, look->quoted, look->quoted, look->quoted);
		return DOCTOR_PATH_BAD;
	}
	return DOCTOR_PATH_GOOD;
}

/* FLAGS are of fstatat(). */
static enum doctor_path check_path(struct findings *findings, const char *path, mode_t kind,
				   int flags)
{
	_cleanup_(buf_done) struct buf quoted = {0};
	struct look look = {.findings = findings, .path = path, .kind = kind};
	int r = fstatat(AT_FDCWD, path, &look.status, flags);

	if (r < 0 && errno == ENOENT) {
		struct err_detail detail;

		if (!paths_lead_nowhere(path, &detail))
			return DOCTOR_PATH_MISSING;
		findings_add(findings, FINDING_ERROR, "%s", detail.text);
		findings_remedy(findings, ADVICE_RESTART);
		return DOCTOR_PATH_BAD;
	}
	text_append_quoted(&quoted, path);
	look.quoted = buf_text(&quoted);
	if (r == 0)
		return check(&look);
	findings_add(findings, FINDING_ERROR, _("%s cannot be looked at: %s"), path,
		     translate_errno(errno));
	findings_remedy(findings, _("Look at the directories above it: namei -l %s"), look.quoted);
	return DOCTOR_PATH_BAD;
}

enum doctor_path doctor_check_path(struct findings *findings, const char *path, mode_t kind)
{
	return check_path(findings, path, kind, S_ISDIR(kind) ? 0 : AT_SYMLINK_NOFOLLOW);
}

enum doctor_path doctor_check_subdirectory(struct findings *findings, const char *path)
{
	return check_path(findings, path, S_IFDIR, AT_SYMLINK_NOFOLLOW);
}
