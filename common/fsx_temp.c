/* SPDX-License-Identifier: MIT */
#include "common/fsx.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/digest.h"
#include "common/translate.h"
#include "fsx_calls.h"

#define ZEROS_BYTES 16384

struct fsx_temp {
	int dirfd; /* borrowed */
	int fd;	   /* -1: there is no temporary file (any more) */
	size_t reserved;
	char temp_name[sizeof(FSX_TEMP_PREFIX) + RANDOM_ID_BYTES];
	char name[NAME_MAX + 1]; /* what it is to become */
};

static void remove_temp(struct fsx_temp *temp)
{
	if (temp->fd < 0)
		return;
	unlinkat(temp->dirfd, temp->temp_name, 0);
	close(temp->fd);
	temp->fd = -1;
}

static int open_temp(struct fsx_temp *temp, struct err_detail *detail)
{
	char id[RANDOM_ID_BYTES];
	int fd;

	if (random_id(id) < 0)
		return err_set(detail, ERR_CRYPTO, _("cannot name a temporary file for %s: %s"),
			       temp->name, err_text(ERR_CRYPTO));
	snprintf(temp->temp_name, sizeof(temp->temp_name), FSX_TEMP_PREFIX "%s", id);
	do
		fd = openat(temp->dirfd, temp->temp_name,
			    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return fsx_fail(detail, errno, N_("make a temporary file for"), temp->dirfd,
				temp->name);
	temp->fd = fd;
	temp->reserved = 0;
	if (fchmod(fd, 0600) < 0) { /* a strange umask may have taken our own rights */
		int r = fsx_fail(detail, errno, N_("set the mode of a temporary file for"),
				 temp->dirfd, temp->name);

		remove_temp(temp);
		return r;
	}
	return 0;
}

/* What would make the rename fail later is refused now, while nothing is lost by it. */
static int check_target(int dirfd, const char *name, struct err_detail *detail)
{
	struct stat status;

	if (name[0] == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return err_set(detail, ERR_INVALID, "\"%s\" cannot be the name of a file", name);
	if (strlen(name) > NAME_MAX)
		return fsx_fail(detail, ENAMETOOLONG, N_("write"), dirfd, name);
	if (fstatat(dirfd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode))
		return fsx_refuse(detail, dirfd, name, _("it is a directory; move it away"));
	return 0;
}

int fsx_temp_new(int dirfd, const char *name, struct fsx_temp **ret_temp, struct err_detail *detail)
{
	_cleanup_(fsx_temp_freep) struct fsx_temp *temp = NULL;
	int r = check_target(dirfd, name, detail);

	if (r < 0)
		return r;
	temp = calloc(1, sizeof(*temp));
	if (!temp)
		return err_set(detail, ERR_NOMEM, _("no memory to write %s"), name);
	temp->dirfd = dirfd;
	temp->fd = -1;
	strcpy(temp->name, name);
	r = open_temp(temp, detail);
	if (r < 0)
		return r;
	*ret_temp = TAKE_PTR(temp);
	return 0;
}

/* 0, or -1 with errno; a short write goes on where it ended. */
static int write_all(int fd, const char *bytes, size_t size, size_t offset)
{
	while (size > 0) {
		ssize_t written = pwrite(fd, bytes, size, (off_t)offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			if (written == 0)
				errno = EIO;
			return -1;
		}
		bytes += written;
		size -= (size_t)written;
		offset += (size_t)written;
	}
	return 0;
}

static int truncate_to(int fd, size_t size)
{
	int r;

	do
		r = ftruncate(fd, (off_t)size);
	while (r < 0 && errno == EINTR);
	return r;
}

/* fallocate() and not posix_fallocate(): where the file system cannot reserve, glibc's emulation
 * writes single bytes, which a file system that compresses or leaves holes need not give room to.
 * What fallocate() has given is there at once; of what was written, only fsync says whether there
 * is room for it. Neither has to outlive a crash: a temporary file does not.
 */
static int grow(int fd, size_t from, size_t to)
{
	static const char zeros[ZEROS_BYTES];
	int r;

	do
		r = fallocate(fd, 0, 0, (off_t)to);
	while (r < 0 && errno == EINTR);
	if (r == 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL))
		return r;
	for (size_t at = from; at < to; at += ZEROS_BYTES) {
		if (write_all(fd, zeros, to - at < ZEROS_BYTES ? to - at : ZEROS_BYTES, at) < 0)
			return -1;
	}
	return fsx_sync(fd);
}

int fsx_temp_reserve(struct fsx_temp *temp, size_t size, struct err_detail *detail)
{
	if (temp->fd < 0) {
		int r = open_temp(temp, detail);

		if (r < 0)
			return r;
	}
	if (size <= temp->reserved)
		return 0;
	if (grow(temp->fd, temp->reserved, size) < 0) {
		int errnum = errno;

		/* Half a reservation helps nobody and would keep a full disk full. */
		if (truncate_to(temp->fd, temp->reserved) < 0)
			errnum = errno;
		return fsx_fail(detail, errnum, N_("reserve room for"), temp->dirfd, temp->name);
	}
	temp->reserved = size;
	return 0;
}

/* All that can fail without the target having changed. A second try writes every page again: after
 * a failed fsync Linux takes the pages for clean, and an fsync alone would report a false success.
 */
static int write_and_rename(struct fsx_temp *temp, const char *bytes, size_t size,
			    struct err_detail *detail)
{
	if (write_all(temp->fd, bytes, size, 0) < 0 || truncate_to(temp->fd, size) < 0)
		return fsx_fail(detail, errno, N_("write"), temp->dirfd, temp->name);
	if (fsx_sync(temp->fd) < 0)
		return fsx_fail(detail, errno, N_("make durable"), temp->dirfd, temp->name);
	if (renameat(temp->dirfd, temp->temp_name, temp->dirfd, temp->name) < 0)
		return fsx_fail(detail, errno, N_("replace"), temp->dirfd, temp->name);
	return 0;
}

/* Takes back the room that the truncation gave away, so that the next try has it. */
static void restore_room(struct fsx_temp *temp, size_t written)
{
	size_t wanted = temp->reserved;

	if (wanted <= written)
		return;
	temp->reserved = written;
	if (fsx_temp_reserve(temp, wanted, NULL) < 0)
		return; /* the caller already reports the first failure */
}

int fsx_temp_replace(struct fsx_temp *temp, const char *bytes, size_t size,
		     struct err_detail *detail)
{
	int r;

	/* After a commit of which only the directory's fsync failed, the descriptor was the
	 * target's: a new try needs a new file. */
	if (temp->fd < 0) {
		r = open_temp(temp, detail);
		if (r < 0)
			return r;
	}
	r = write_and_rename(temp, bytes, size, detail);
	if (r < 0) {
		restore_room(temp, size);
		return r;
	}
	close(temp->fd);
	temp->fd = -1;
	return 0;
}

int fsx_temp_commit(struct fsx_temp *temp, const char *bytes, size_t size,
		    struct err_detail *detail)
{
	int r = fsx_temp_replace(temp, bytes, size, detail);

	return r < 0 ? r : fsx_sync_directory(temp->dirfd, temp->name, detail);
}

void fsx_temp_free(struct fsx_temp *temp)
{
	if (!temp)
		return;
	remove_temp(temp);
	free(temp);
}

int fsx_write(int dirfd, const char *name, const char *bytes, size_t size,
	      struct err_detail *detail)
{
	_cleanup_(fsx_temp_freep) struct fsx_temp *temp = NULL;
	int r = fsx_temp_new(dirfd, name, &temp, detail);

	return temp ? fsx_temp_commit(temp, bytes, size, detail) : r;
}
