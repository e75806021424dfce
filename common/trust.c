/* SPDX-License-Identifier: MIT */
#include "common/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/text.h"
#include "common/translate.h"
#include "trust_rights.h"

/* As many as the kernel follows. */
#define LINKS_MAX 40

struct walk {
	const struct trust *trust;
	const char *path;   /* as it was named */
	int dirfd;	    /* where the walk is */
	bool is_below_home; /* it began there */
	unsigned link_count;
	char name[NAME_MAX + 1]; /* the next step, in dirfd */
	char rest[2 * PATH_MAX]; /* what comes after it */
	char link[2 * PATH_MAX]; /* the first link whose target is still being looked for */
	size_t after_link;	 /* so many bytes of rest come after that target */
	struct err_detail *detail;
};

/* ---- Sentences ---- */

static int _printf_(3, 4) say(const struct walk *walk, int code, const char *format, ...)
{
	_cleanup_(buf_done) struct buf shown = {0};
	char text[4 * ERR_DETAIL_BYTES];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	text_append_printable(&shown, text, ERR_DETAIL_BYTES);
	return buf_error(&shown) ? ERR_NOMEM : err_set(walk->detail, code, "%s", buf_text(&shown));
}

/* Where the step NAME is; "" is the directory itself. */
static void locate(const struct walk *walk, const char *name, char ret_path[static 2 * PATH_MAX])
{
	char link[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	char directory[PATH_MAX];
	ssize_t size;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", walk->dirfd);
	size = readlink(link, directory, sizeof(directory));
	if (size < 0)
		size = 0;
	if (size == 1 && *name)
		size = 0; /* "/" */
	(void)snprintf(ret_path, 2 * PATH_MAX, "%.*s%s%s", (int)size, directory, *name ? "/" : "",
		       name);
}

/* "COMMAND 'PATH'", with sudo unless the user can do that to what OWNER has. */
static void advise(struct buf *advice, const char *command, uid_t owner, const char *path)
{
	if (geteuid() != 0 && owner != geteuid())
		buf_append_text(advice, "sudo ");
	buf_append_text(advice, command);
	buf_append_char(advice, ' ');
	text_append_quoted(advice, path);
}

static int refuse_owner(const struct walk *walk, const char *path, const struct stat *status)
{
	_cleanup_(buf_done) struct buf advice = {0};
	unsigned long uid = status->st_uid;
	char command[64];

	(void)snprintf(command, sizeof(command), "chown %s%lu",
		       S_ISLNK(status->st_mode) ? "-h " : "", (unsigned long)geteuid());
	advise(&advice, command, status->st_uid, path);
	if (S_ISDIR(status->st_mode))
		return say(walk, ERR_UNSAFE,
			   _("%s is not safe to use: the directory %s belongs to another user (uid "
			     "%lu). If its content is yours: %s"),
			   walk->path, path, uid, buf_text(&advice));
	if (S_ISLNK(status->st_mode))
		return say(walk, ERR_UNSAFE,
			   _("%s is not safe to use: the symbolic link %s belongs to another user "
			     "(uid %lu). If it is yours: %s"),
			   walk->path, path, uid, buf_text(&advice));
	return say(walk, ERR_UNSAFE,
		   _("%s is not safe to use: it belongs to another user (uid %lu). If its content "
		     "is yours: %s"),
		   path, uid, buf_text(&advice));
}

static int refuse_mode(const struct walk *walk, const char *path, const struct stat *status)
{
	_cleanup_(buf_done) struct buf advice = {0};
	unsigned mode = (unsigned)status->st_mode & 07777U;

	advise(&advice, "chmod go-w", status->st_uid, path);
	if (S_ISDIR(status->st_mode))
		return say(walk, ERR_UNSAFE,
			   _("%s is not safe to use: other users can write the directory %s (mode "
			     "%04o). Check what is in it, then: %s"),
			   walk->path, path, mode, buf_text(&advice));
	return say(walk, ERR_UNSAFE,
		   _("%s is not safe to use: other users can write it (mode %04o). Check its "
		     "content, then: %s"),
		   path, mode, buf_text(&advice));
}

static int fail_link(const struct walk *walk, int errnum, const char *target)
{
	_cleanup_(buf_done) struct buf advice = {0};
	int code = errnum == ELOOP ? ERR_UNSAFE : ERR_IO;

	if (errnum == ELOOP)
		(void)say(walk, code,
			  _("%s cannot be used: the symbolic link %s leads in a circle"),
			  walk->path, walk->link);
	else
		(void)say(walk, code,
			  _("%s cannot be used: the symbolic link %s leads to %s, which is not "
			    "there"),
			  walk->path, walk->link, target);
	if (!walk->detail)
		return code;
	text_append_quoted(&advice, walk->link);
	return say(walk, code, _("%s. Correct the link, or remove it: rm %s"), walk->detail->text,
		   buf_text(&advice));
}

/* ERRNUM is why the step could not be taken. */
static int fail(const struct walk *walk, int errnum)
{
	_cleanup_(buf_done) struct buf advice = {0};
	char path[2 * PATH_MAX];
	char target[4 * PATH_MAX];

	locate(walk, walk->name, path);
	(void)snprintf(target, sizeof(target), "%s%s", path, walk->rest);
	if (walk->link[0] && (errnum == ENOENT || errnum == ELOOP))
		return fail_link(walk, errnum, target);
	if (errnum == ENOENT)
		return say(walk, ERR_NOT_FOUND, "%s: %s", walk->path, translate_errno(errnum));
	text_append_quoted(&advice, path);
	return say(walk, err_from_errno(errnum),
		   _("%s cannot be used: %s: %s. Look at the modes on the way to it: namei -l %s"),
		   walk->path, path, translate_errno(errnum), buf_text(&advice));
}

/* ---- Looking ---- */

static int check(const struct walk *walk, int fd, const char *name, const struct stat *status)
{
	bool is_way = S_ISDIR(status->st_mode) || S_ISLNK(status->st_mode);
	bool is_sticky = S_ISDIR(status->st_mode) && (status->st_mode & S_ISVTX);
	char path[2 * PATH_MAX];

	locate(walk, name, path);
	if (!trust_owner(status->st_uid, is_way || !walk->is_below_home))
		return refuse_owner(walk, path, status);
	/* A link is always shown as mode 0777. */
	if (!S_ISLNK(status->st_mode) && !is_sticky && trust_others_can_write(fd, status))
		return refuse_mode(walk, path, status);
	return 0;
}

/* ---- Walking ---- */

static int enter(struct walk *walk, int fd)
{
	struct stat status;

	closep(&walk->dirfd);
	walk->dirfd = fd;
	if (fstat(fd, &status) < 0)
		return fail(walk, errno);
	return check(walk, fd, "", &status);
}

/* Moves to where PATH, which is absolute, begins: the home, or the root directory. */
static int begin(struct walk *walk, const char *path)
{
	const char *home = walk->trust->home;
	size_t size = strlen(home);
	int fd = -1;

	while (size > 0 && home[size - 1] == '/')
		size--;
	walk->is_below_home = size > 0 && strncmp(path, home, size) == 0 && path[size] == '/';
	if (walk->is_below_home)
		fd = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		size = 0;
		fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return fail(walk, errno);
	memmove(walk->rest, path + size, strlen(path + size) + 1);
	return enter(walk, fd);
}

/* Takes the next name from the rest; false at its end. */
static bool take_name(struct walk *walk, int *ret_errnum)
{
	const char *name = walk->rest + strspn(walk->rest, "/");
	size_t size = strcspn(name, "/");

	*ret_errnum = size > NAME_MAX ? ENAMETOOLONG : 0;
	if (size == 0 || size > NAME_MAX)
		return false;
	memcpy(walk->name, name, size);
	walk->name[size] = '\0';
	memmove(walk->rest, name + size, strlen(name + size) + 1);
	if (strlen(walk->rest) < walk->after_link)
		walk->link[0] = '\0'; /* its target was found */
	return true;
}

/* Puts the target of the link FD before the rest. */
static int follow(struct walk *walk, int fd)
{
	char target[3 * PATH_MAX];
	ssize_t size = readlinkat(fd, "", target, PATH_MAX);

	if (!walk->link[0]) {
		locate(walk, walk->name, walk->link);
		walk->after_link = strlen(walk->rest);
	}
	if (size < 0)
		return fail(walk, errno);
	if (++walk->link_count > LINKS_MAX)
		return fail(walk, ELOOP);
	(void)snprintf(target + size, sizeof(target) - (size_t)size, "%s", walk->rest);
	if (strlen(target) >= sizeof(walk->rest))
		return fail(walk, ENAMETOOLONG);
	if (target[0] == '/')
		return begin(walk, target);
	strcpy(walk->rest, target);
	return 0;
}

static bool is_last(const struct walk *walk)
{
	return walk->rest[strspn(walk->rest, "/")] == '\0';
}

/* Steps to walk->name. *ret_fd is the file if that was the last, else -1. */
static int step(struct walk *walk, int *ret_fd)
{
	_cleanup_(closep) int fd = openat(walk->dirfd, walk->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0)
		return fail(walk, errno);
	if (!S_ISDIR(status.st_mode)) {
		r = check(walk, fd, walk->name, &status);
		if (r)
			return r;
	}
	if (S_ISLNK(status.st_mode))
		return follow(walk, fd);
	if (S_ISDIR(status.st_mode))
		return enter(walk, TAKE_FD(fd));
	if (!is_last(walk))
		return fail(walk, ENOTDIR);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static void walk_done(struct walk *walk)
{
	closep(&walk->dirfd);
}

/* *ret_fd: where it ends; -1: at the directory. */
static int go(struct walk *walk, int *ret_fd)
{
	char path[2 * PATH_MAX];
	int errnum;
	int r;

	if (strlen(walk->path) >= PATH_MAX)
		return fail(walk, ENAMETOOLONG);
	if (walk->path[0] == '/')
		path[0] = '\0';
	else if (!getcwd(path, PATH_MAX))
		return fail(walk, errno);
	else
		strcat(path, "/");
	strcat(path, walk->path);
	*ret_fd = -1;
	r = begin(walk, path);
	while (r == 0 && *ret_fd < 0 && take_name(walk, &errnum))
		r = step(walk, ret_fd);
	return r == 0 && *ret_fd < 0 && errnum ? fail(walk, errnum) : r;
}

int trust_check(const struct trust *trust, const char *path, struct err_detail *detail)
{
	_cleanup_(walk_done) struct walk walk = {
		.trust = trust, .path = path, .dirfd = -1, .detail = detail};
	_cleanup_(closep) int fd = -1;

	return go(&walk, &fd);
}

int trust_open(const struct trust *trust, const char *path, int *ret_fd, struct err_detail *detail)
{
	_cleanup_(walk_done) struct walk walk = {
		.trust = trust, .path = path, .dirfd = -1, .detail = detail};
	_cleanup_(closep) int place = -1;
	_cleanup_(closep) int fd = -1;
	struct stat status;
	int r = go(&walk, &place);

	if (r)
		return r;
	if (place < 0 || fstat(place, &status) < 0 || !S_ISREG(status.st_mode))
		return say(&walk, ERR_UNSAFE, _("%s: expected a regular file"), path);
	/* O_NONBLOCK: a pipe that came into its place must not hold us up. */
	fd = openat(walk.dirfd, walk.name,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return fail(&walk, errno);
	if (!S_ISREG(status.st_mode))
		return say(&walk, ERR_UNSAFE, _("%s: expected a regular file"), path);
	r = check(&walk, fd, walk.name, &status);
	if (r)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}
