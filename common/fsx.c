/* SPDX-License-Identifier: MIT */
#include "common/fsx.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/paths.h"
#include "common/secret.h"
#include "common/translate.h"
#include "fsx_calls.h"

#define OTHERS_MODE 0077
#define READ_CHUNK_BYTES 16384
#define RANDOM_DIGITS 32
/* More files set aside within one second are a fault of ours. */
#define SET_ASIDE_TRIES 1000

/* Sentences */

/* Only the kernel knows the directory's path; without /proc the name alone is shown. */
static void locate(int dirfd, const char *name, char *ret_path, size_t capacity)
{
	char link[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	char directory[PATH_MAX];
	ssize_t size;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	size = dirfd >= 0 && name[0] != '/' ? readlink(link, directory, sizeof(directory)) : -1;
	if (size > 0)
		snprintf(ret_path, capacity, "%.*s/%s", (int)size, directory, name);
	else
		snprintf(ret_path, capacity, "%s", name);
}

static const char *advice(int errnum)
{
	switch (err_from_errno(errnum)) {
	case ERR_NOSPACE:
		return _("make room on this file system");
	case ERR_ACCESS:
		return errnum == EROFS ? _("the file system is read-only there")
				       : _("check who owns it and its mode");
	case ERR_UNSAFE:
		return _("a symbolic link is not followed here: put the file itself in its place");
	case ERR_LIMIT:
		return _("use a shorter name");
	case ERR_NOT_FOUND:
		return _("check that it was not moved or removed");
	case ERR_NOMEM:
		return _("free some memory and try again");
	case ERR_EXISTS:
		return _("move the existing one away");
	default:
		return _("check the disk and the system's log");
	}
}

int fsx_fail(struct err_detail *detail, int errnum, const char *doing, int dirfd, const char *name)
{
	char path[PATH_MAX + NAME_MAX + 2];
	struct err_detail why;
	char text[128]; /* glibc's longest is 50 */

	locate(dirfd, name, path, sizeof(path));
	if (errnum == ENOENT && paths_lead_nowhere(path, &why))
		return err_set(detail, ERR_IO, _("Cannot %s %.300s: %s"), _(doing), path, why.text);
	return err_set(detail, err_from_errno(errnum), _("Cannot %s %.700s: %s; %s"), _(doing),
		       path, strerror_r(errnum, text, sizeof(text)), advice(errnum));
}

int fsx_refuse(struct err_detail *detail, int dirfd, const char *name, const char *why)
{
	char path[PATH_MAX + NAME_MAX + 2];

	locate(dirfd, name, path, sizeof(path));
	return err_set(detail, ERR_UNSAFE, _("%.700s is not safe to use: %s"), path, why);
}

int fsx_sync(int fd)
{
	int r;

	do
		r = fsync(fd);
	while (r < 0 && errno == EINTR);
	return r;
}

int fsx_sync_directory(int dirfd, const char *name, struct err_detail *detail)
{
	/* EINVAL: this file system knows no fsync of directories, and nothing better exists. */
	if (fsx_sync(dirfd) < 0 && errno != EINVAL)
		return fsx_fail(detail, errno, N_("make durable the directory entry of"), dirfd,
				name);
	return 0;
}

static int open_again(int dirfd, const char *name, int flags)
{
	int fd;

	do
		fd = openat(dirfd, name, flags | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	return fd;
}

/* Directories */

/* A directory that was just made must be found after a power failure: its parent is fsynced. A
 * parent that can be written but not read cannot be; that is no reason to refuse it. */
static int sync_parent(int dirfd, const char *name, struct err_detail *detail)
{
	_cleanup_(closep) int fd = open_again(dirfd, name, O_PATH | O_DIRECTORY);
	_cleanup_(closep) int parent = -1;

	if (fd < 0)
		return fsx_fail(detail, errno, N_("open the new directory"), dirfd, name);
	parent = open_again(fd, "..", O_RDONLY | O_DIRECTORY);
	if (parent < 0)
		return errno == EACCES
			       ? 0
			       : fsx_fail(detail, errno, N_("open the parent of"), dirfd, name);
	return fsx_sync_directory(parent, name, detail);
}

static int make_directory(int dirfd, const char *name, struct err_detail *detail)
{
	int errnum;

	if (mkdirat(dirfd, name, 0700) == 0)
		return sync_parent(dirfd, name, detail);
	errnum = errno;
	/* A parent that is there may also be answered with EROFS or EACCES. A link to nothing is
	 * there too. */
	if (faccessat(dirfd, name, F_OK, 0) == 0)
		return 0;
	if (errnum == EEXIST)
		errnum = errno;
	return fsx_fail(detail, errnum, N_("make the directory"), dirfd, name);
}

static int open_own_directory(int dirfd, const char *name, int flags, int *ret_fd,
			      struct err_detail *detail)
{
	_cleanup_(closep) int fd = open_again(dirfd, name, O_RDONLY | O_DIRECTORY | flags);
	struct stat status;

	if (fd < 0 && errno == ENOTDIR)
		return fsx_refuse(detail, dirfd, name, _("it is not a directory; move it away"));
	if (fd < 0)
		return fsx_fail(detail, errno, N_("open the directory"), dirfd, name);
	if (fstat(fd, &status) < 0)
		return fsx_fail(detail, errno, N_("look at the directory"), dirfd, name);
	if (status.st_uid != geteuid())
		return fsx_refuse(
			detail, dirfd, name,
			_("the directory belongs to another user; run this as that user, or move "
			  "the directory away"));
	if ((status.st_mode & OTHERS_MODE) && fchmod(fd, 0700) < 0)
		return fsx_fail(detail, errno, N_("set mode 0700 on"), dirfd, name);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int fsx_open_directory(const char *path, int *ret_fd, struct err_detail *detail)
{
	char prefix[PATH_MAX];
	int r;

	if (strlen(path) >= sizeof(prefix))
		return fsx_fail(detail, ENAMETOOLONG, N_("open the directory"), AT_FDCWD, path);
	strcpy(prefix, path);
	for (char *p = prefix + strspn(prefix, "/"); (p = strchr(p, '/')); p++) {
		*p = '\0';
		r = make_directory(AT_FDCWD, prefix, detail);
		if (r < 0)
			return r;
		*p = '/';
	}
	/* It may be a symbolic link: people move ~/.local/state to another disk. */
	r = make_directory(AT_FDCWD, path, detail);
	return r < 0 ? r : open_own_directory(AT_FDCWD, path, 0, ret_fd, detail);
}

int fsx_find_subdirectory(int dirfd, const char *name, int *ret_fd, struct err_detail *detail)
{
	return open_own_directory(dirfd, name, O_NOFOLLOW, ret_fd, detail);
}

int fsx_open_subdirectory(int dirfd, const char *name, int *ret_fd, struct err_detail *detail)
{
	int r = fsx_find_subdirectory(dirfd, name, ret_fd, detail);

	if (r != ERR_NOT_FOUND)
		return r;
	r = make_directory(dirfd, name, detail);
	return r < 0 ? r : fsx_find_subdirectory(dirfd, name, ret_fd, detail);
}

/* Reading */

static int check_own_file(int fd, int dirfd, const char *name, bool tighten,
			  struct err_detail *detail)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return fsx_fail(detail, errno, N_("look at"), dirfd, name);
	if (!S_ISREG(status.st_mode))
		return fsx_refuse(detail, dirfd, name, _("it is not a regular file; move it away"));
	if (status.st_uid != geteuid())
		return fsx_refuse(
			detail, dirfd, name,
			_("it belongs to another user; run this as that user, or move it away"));
	/* A file without a name was replaced after it was opened: its content is still good. */
	if (status.st_nlink > 1)
		return fsx_refuse(detail, dirfd, name,
				  _("it has a second name (hard link); replace it by a copy"));
	if (!(status.st_mode & OTHERS_MODE))
		return 0;
	if (!tighten)
		return fsx_refuse(detail, dirfd, name, _("others may use it; chmod 600 it"));
	if (fchmod(fd, 0600) < 0)
		return fsx_fail(detail, errno, N_("set mode 0600 on"), dirfd, name);
	return 0;
}

int fsx_read_all(int fd, size_t max_bytes, struct buf *buf)
{
	char chunk[READ_CHUNK_BYTES];
	ssize_t size = 1;

	while (size != 0 && buf->size <= max_bytes) {
		size = read(fd, chunk, sizeof(chunk));
		if (size < 0 && errno != EINTR)
			break;
		if (size > 0)
			buf_append(buf, chunk, (size_t)size);
		if (buf_error(buf) < 0)
			break;
	}
	secret_erase(chunk, sizeof(chunk));
	return size < 0 ? -1 : 0;
}

int fsx_read(int dirfd, const char *name, size_t max_bytes, bool tighten, struct buf *buf,
	     struct err_detail *detail)
{
	/* O_NONBLOCK: a FIFO must not make us wait before it is seen to be one. */
	_cleanup_(closep) int fd =
		open_again(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	_cleanup_(buf_done) struct buf content = {0};
	int r;

	if (fd < 0)
		return fsx_fail(detail, errno, N_("open"), dirfd, name);
	r = check_own_file(fd, dirfd, name, tighten, detail);
	if (r < 0)
		return r;
	if (fsx_read_all(fd, max_bytes, &content) < 0)
		return fsx_fail(detail, errno, N_("read"), dirfd, name);
	if (content.size > max_bytes || buf_error(&content) == ERR_LIMIT)
		return err_set(detail, ERR_LIMIT, _("%s is larger than %zu bytes; move it away"),
			       name, max_bytes);
	if (!buf_error(&content))
		buf_append(buf, content.bytes, content.size);
	if (buf_error(&content) < 0 || buf_error(buf) < 0)
		return err_set(detail, ERR_NOMEM, _("No memory to read %s"), name);
	return 0;
}

/* Removing */

int fsx_unlink(int dirfd, const char *name, struct err_detail *detail)
{
	if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
		return fsx_fail(detail, errno, N_("remove"), dirfd, name);
	return 0;
}

int fsx_remove(int dirfd, const char *name, struct err_detail *detail)
{
	int r = fsx_unlink(dirfd, name, detail);

	/* Also when it was not there: perhaps it was removed before, and this is the second try
	 * after a failed fsync. */
	return r < 0 ? r : fsx_sync_directory(dirfd, name, detail);
}

int fsx_remove_subdirectory(int dirfd, const char *name, struct err_detail *detail)
{
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT && errno != ENOTEMPTY &&
	    errno != EEXIST)
		return fsx_fail(detail, errno, N_("remove the directory"), dirfd, name);
	return fsx_sync_directory(dirfd, name, detail);
}

static bool is_temp_name(const char *name)
{
	size_t prefix = strlen(FSX_TEMP_PREFIX);

	return strncmp(name, FSX_TEMP_PREFIX, prefix) == 0 &&
	       strlen(name) == prefix + RANDOM_DIGITS &&
	       strspn(name + prefix, "0123456789abcdef") == RANDOM_DIGITS;
}

static int remove_temp_files(int dirfd, DIR *stream, struct err_detail *detail)
{
	bool removed = false;
	const struct dirent *entry;

	while ((void)(errno = 0), (entry = readdir(stream))) {
		if (!is_temp_name(entry->d_name))
			continue;
		if (unlinkat(dirfd, entry->d_name, 0) < 0)
			return fsx_fail(detail, errno, N_("remove the left-over"), dirfd,
					entry->d_name);
		removed = true;
	}
	if (errno != 0)
		return fsx_fail(detail, errno, N_("list the directory"), dirfd, ".");
	return removed ? fsx_sync_directory(dirfd, ".", detail) : 0;
}

int fsx_remove_orphans(int dirfd, struct err_detail *detail)
{
	/* Not dup(), which would share the position in the listing with the caller's descriptor. */
	int fd = open_again(dirfd, ".", O_RDONLY | O_DIRECTORY);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	int r;

	if (!stream) {
		r = fsx_fail(detail, errno, N_("list the directory"), dirfd, ".");
		closep(&fd);
		return r;
	}
	r = remove_temp_files(dirfd, stream, detail);
	closedir(stream);
	return r;
}

/* Setting aside */

/* Some file systems (NFS) do not know RENAME_NOREPLACE; link() does not replace either. */
static int rename_no_replace(int dirfd, const char *name, const char *new_name)
{
	if (renameat2(dirfd, name, dirfd, new_name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (linkat(dirfd, name, dirfd, new_name, 0) < 0)
		return -1;
	return unlinkat(dirfd, name, 0);
}

int fsx_set_aside(int dirfd, const char *name, int64_t unix_s, char ret_name[static 256],
		  struct err_detail *detail)
{
	const time_t seconds = unix_s;
	char new_name[256] = "";
	char when[32];
	struct tm utc;

	if (!gmtime_r(&seconds, &utc) || !strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &utc))
		return fsx_fail(detail, EINVAL, N_("name a time to set aside"), dirfd, name);
	for (int try = 1; try <= SET_ASIDE_TRIES; try++) {
		char suffix[16] = "";
		int size;

		if (try > 1)
			snprintf(suffix, sizeof(suffix), "-%d", try);
		size = snprintf(new_name, sizeof(new_name), "%s.damaged-%s%s", name, when, suffix);
		if (size < 0 || (size_t)size >= sizeof(new_name))
			return fsx_fail(detail, ENAMETOOLONG, N_("set aside"), dirfd, name);
		if (rename_no_replace(dirfd, name, new_name) == 0) {
			memcpy(ret_name, new_name, sizeof(new_name));
			return fsx_sync_directory(dirfd, new_name, detail);
		}
		if (errno != EEXIST)
			return fsx_fail(detail, errno, N_("set aside"), dirfd, name);
	}
	return fsx_fail(detail, EEXIST, N_("set aside"), dirfd, name);
}
