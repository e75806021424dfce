/* SPDX-License-Identifier: MIT */
#include "token/token_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/paths.h"
#include "common/text.h"
#include "common/translate.h"
#include "terminal/advice.h"

static int open_failed(const char *path, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf quoted = {0};

	switch (errno) {
	case ENOENT:
		if (paths_lead_nowhere(path, detail))
			return ERR_IO;
		return err_set(detail, ERR_NOT_FOUND, _("There is no file %s."), path);
	case ELOOP:
		return err_set(detail, ERR_UNSAFE, _("%s is a symbolic link. Remove it. %s"), path,
			       TOKEN_FILE_REPAIR);
	case EACCES:
		text_append_quoted(&quoted, path);
		return err_set(detail, ERR_ACCESS,
			       _("%s cannot be read: Permission denied. If it is yours: "
				 "chmod 600 %s; the directories above it need chmod 700."),
			       path, buf_text(&quoted));
	default:
		return err_set(detail, ERR_IO, _("%s cannot be read: %s."), path,
			       translate_errno(errno));
	}
}

/* Whoever runs this as root, mostly by sudo, means the credential of the user whose file it is.
 * That user's programs would not read a file of root's any more. */
static int owner_fault(const char *path, const char *account, uid_t owner,
		       struct err_detail *detail)
{
	const struct passwd *user = geteuid() == 0 ? getpwuid(owner) : NULL;
	_cleanup_(buf_done) struct buf quoted = {0};

	if (user)
		return err_set(detail, ERR_UNSAFE,
			       _("%s belongs to the user %s. Run it as that user: sudo -u %s "
				 "misskey-token %s"),
			       path, user->pw_name, user->pw_name, account);
	if (geteuid() == 0)
		return err_set(detail, ERR_UNSAFE,
			       _("%s belongs to another user (uid %lu). Run it as that user."),
			       path, (unsigned long)owner);
	text_append_quoted(&quoted, path);
	return err_set(detail, ERR_UNSAFE,
		       _("%s belongs to another user (uid %lu). If its content is yours: "
			 "sudo chown %lu %s"),
		       path, (unsigned long)owner, (unsigned long)geteuid(), buf_text(&quoted));
}

static int mode_fault(const char *path, mode_t mode, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf quoted = {0};

	text_append_quoted(&quoted, path);
	return err_set(detail, ERR_UNSAFE,
		       _("Other users have access to %s (mode %04o). If one may have used "
			 "it, withdraw the credential on the server. Then: chmod 600 %s"),
		       path, (unsigned)(mode & 07777), buf_text(&quoted));
}

/* A user who can write the file can make a script post as somebody else; one who can read it has
 * the token. */
static int check_status(const char *path, const char *account, const struct stat *status,
			struct err_detail *detail)
{
	if (!S_ISREG(status->st_mode))
		return err_set(detail, ERR_UNSAFE, _("%s is not a regular file. Remove it. %s"),
			       path, TOKEN_FILE_REPAIR);
	if (status->st_uid != geteuid())
		return owner_fault(path, account, status->st_uid, detail);
	if (status->st_mode & (S_IRWXG | S_IRWXO))
		return mode_fault(path, status->st_mode, detail);
	if (status->st_size > ENV_FILE_MAX_BYTES)
		return err_set(detail, ERR_DAMAGED, _("%s is damaged: it is too large. %s"), path,
			       TOKEN_FILE_REPAIR);
	return 0;
}

/* The daemon replaces the file and never writes to it, so its size does not change. */
static int read_bytes(int fd, const char *path, size_t size, char *ret_bytes,
		      struct err_detail *detail)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = read(fd, ret_bytes + done, size - done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return err_set(detail, ERR_IO, _("%s cannot be read: %s."), path,
				       translate_errno(errno));
		if (count == 0)
			return err_set(detail, ERR_DAMAGED,
				       _("%s is damaged: it became shorter. %s"), path,
				       TOKEN_FILE_REPAIR);
		done += (size_t)count;
	}
	return 0;
}

int token_file_read(const char *path, const char *account, struct env_file *ret_file,
		    struct err_detail *detail)
{
	_cleanup_(closep) int fd = -1;
	const char *wrong;
	struct stat status;
	int r;

	env_file_erase(ret_file);
	/* O_NONBLOCK: opening a FIFO must not block. */
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return open_failed(path, detail);
	if (fstat(fd, &status) < 0)
		return err_set(detail, ERR_IO, _("%s cannot be read: %s."), path,
			       translate_errno(errno));
	r = check_status(path, account, &status, detail);
	if (r < 0)
		return r;
	ret_file->size = (size_t)status.st_size;
	r = read_bytes(fd, path, (size_t)status.st_size, ret_file->bytes, detail);
	if (r < 0)
		return r;
	wrong = env_file_parse(ret_file, (size_t)status.st_size, account);
	if (wrong)
		return err_set(detail, ERR_DAMAGED, _("%s is damaged: %s. %s"), path, wrong,
			       TOKEN_FILE_REPAIR);
	return 0;
}
