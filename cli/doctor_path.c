/* SPDX-License-Identifier: MIT */
#include "cli/doctor_path.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "common/buf.h"
#include "common/cleanup.h"
#include "common/text.h"

#define OTHERS_MODE (S_IRWXG | S_IRWXO)

/* One path that is looked at. */
struct look {
	struct findings *findings;
	const char *check;
	const char *path;
	const char *quoted; /* as a shell takes it */
	mode_t kind;
	struct stat status;
};

static const char *kind_text(mode_t kind)
{
	switch (kind) {
	case S_IFDIR:
		return "a directory";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a regular file";
	}
}

static enum doctor_path wrong_kind(const struct look *look)
{
	if (S_ISLNK(look->status.st_mode))
		findings_add(look->findings, FINDING_UNSAFE, look->check,
			     "%s is a symbolic link, which is not followed", look->path);
	else
		findings_add(look->findings, FINDING_UNSAFE, look->check, "%s is not %s",
			     look->path, kind_text(look->kind));
	findings_remedy(look->findings,
			"Move it away and let the daemon make a new one: mv %s %s.old && %s",
			look->quoted, look->quoted, DOCTOR_RESTART);
	return DOCTOR_PATH_BAD;
}

static enum doctor_path wrong_owner(const struct look *look)
{
	findings_add(look->findings, FINDING_UNSAFE, look->check,
		     "%s belongs to another user (uid %lu)", look->path,
		     (unsigned long)look->status.st_uid);
	findings_remedy(look->findings, "If its content is yours: sudo chown %lu %s",
			(unsigned long)geteuid(), look->quoted);
	return DOCTOR_PATH_BAD;
}

static enum doctor_path wrong_mode(const struct look *look, enum finding_status status,
				   const char *who)
{
	findings_add(look->findings, status, look->check, "%s %s (mode %04o)", who, look->path,
		     (unsigned)(look->status.st_mode & 07777));
	findings_remedy(look->findings, "%schmod %s %s",
			status == FINDING_UNSAFE ? "Think who could have used it, then: " : "",
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
		return wrong_mode(look, FINDING_UNSAFE, "Other users have access to");
	if ((S_ISDIR(mode) && (mode & S_IRWXU) != S_IRWXU) || !(mode & S_IRUSR))
		return wrong_mode(look, FINDING_ERROR, "You have too little access to your own");
	if (S_ISREG(mode) && look->status.st_nlink > 1) {
		findings_add(look->findings, FINDING_UNSAFE, look->check,
			     "%s has a second name (a hard link)", look->path);
		findings_remedy(look->findings,
				"Replace it by a copy: cp -p %s %s.new && mv %s.new %s",
				look->quoted, look->quoted, look->quoted, look->quoted);
		return DOCTOR_PATH_BAD;
	}
	return DOCTOR_PATH_GOOD;
}

enum doctor_path doctor_check_path(struct findings *findings, const char *check_name,
				   const char *path, mode_t kind)
{
	_cleanup_(buf_done) struct buf quoted = {0};
	struct look look = {.findings = findings, .check = check_name, .path = path, .kind = kind};
	int r = S_ISDIR(kind) ? stat(path, &look.status) : lstat(path, &look.status);

	if (r < 0 && errno == ENOENT)
		return DOCTOR_PATH_MISSING;
	text_append_quoted(&quoted, path);
	look.quoted = buf_text(&quoted);
	if (r == 0)
		return check(&look);
	findings_add(findings, FINDING_ERROR, check_name, "%s cannot be looked at: %s", path,
		     strerror(errno));
	findings_remedy(findings, "Look at the directories above it: namei -l %s", look.quoted);
	return DOCTOR_PATH_BAD;
}
