/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "credentials_rows.h"
#include "store/credentials_file.h"

int credentials_write_file(int dirfd, const char *name, const struct buf *text,
			   struct fsx_temp **temp, struct err_detail *detail)
{
	int r;

	if (!*temp)
		return fsx_write(dirfd, name, buf_text(text), text->size, detail);
	r = fsx_temp_commit(*temp, buf_text(text), text->size, detail);
	if (r < 0)
		return r; /* the room is kept for the next try */
	fsx_temp_free(*temp);
	*temp = NULL;
	return 0;
}

/* What cannot be read counts as different: the rename replaces it, whatever it is. */
static bool is_already(int dirfd, const char *name, const struct buf *text)
{
	_cleanup_(buf_done) struct buf current = {0};

	return fsx_read(dirfd, name, CREDENTIALS_DERIVED_MAX_BYTES, true, &current, NULL) == 0 &&
	       current.size == text->size &&
	       memcmp(buf_text(&current), buf_text(text), text->size) == 0;
}

static int write_if_different(int dirfd, const char *name, const struct buf *text,
			      struct fsx_temp **temp, struct err_detail *detail)
{
	if (is_already(dirfd, name, text))
		return 0;
	return credentials_write_file(dirfd, name, text, temp, detail);
}

static int write_env(struct credentials *credentials, const char *account, const char *origin,
		     const struct credential *credential, struct fsx_temp **temp,
		     struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf text = {0};
	int r = credentials_env_text(account, origin, credential, &text);

	if (r < 0)
		return err_set(detail, r, "Cannot write %s/%s: %s", CREDENTIALS_ENV_DIRECTORY,
			       account, err_text(r));
	return write_if_different(credentials->env_fd, account, &text, temp, detail);
}

static bool has_token(const struct credentials *credentials, const char *account)
{
	struct stat status;

	return fstatat(credentials->tokens_fd, account, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static int write_token(struct credentials *credentials, const char *account,
		       const struct credential *credential, struct fsx_temp **temp,
		       struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf text = {0};
	int r;

	if (!credential || !credential_is_good(credential)) {
		/* Removing costs an fsync: thousands of accounts without a token must not wait. */
		if (!has_token(credentials, account))
			return 0;
		return fsx_remove(credentials->tokens_fd, account, detail);
	}
	buf_append_text(&text, secret_reveal(&credential->i));
	buf_append_char(&text, '\n');
	r = buf_error(&text);
	if (r < 0)
		return err_set(detail, r, "Cannot write %s/%s: %s", CREDENTIALS_TOKENS_DIRECTORY,
			       account, err_text(r));
	return write_if_different(credentials->tokens_fd, account, &text, temp, detail);
}

int credentials_derived_write(struct credentials *credentials, const char *account,
			      const char *origin, struct credentials_reservation *reservation,
			      struct err_detail *detail)
{
	const struct credential *credential = credentials_find(credentials, account);
	struct fsx_temp *none = NULL;
	int r = write_env(credentials, account, credential ? credential->server : origin,
			  credential, reservation ? &reservation->env : &none, detail);

	if (r < 0)
		return r;
	return write_token(credentials, account, credential,
			   reservation ? &reservation->token : &none, detail);
}

int credentials_derived_remove(struct credentials *credentials, const char *account,
			       struct err_detail *detail)
{
	int r = fsx_remove(credentials->tokens_fd, account, detail);

	return r < 0 ? r : fsx_remove(credentials->env_fd, account, detail);
}

int credentials_derive(struct credentials *credentials, const char *account, const char *origin,
		       struct err_detail *detail)
{
	if (!account_name_valid(account))
		return err_set(detail, ERR_INVALID, "this is not an account's name");
	if (credentials->is_missing && has_token(credentials, account))
		return err_set(detail, ERR_DAMAGED,
			       "%s is missing, but %s/%s is there; it was left as it is, until you "
			       "restore %s from a backup or log in again",
			       CREDENTIALS_FILE, CREDENTIALS_TOKENS_DIRECTORY, account,
			       CREDENTIALS_FILE);
	return credentials_derived_write(credentials, account, origin, NULL, detail);
}

int credentials_underive(struct credentials *credentials, const char *account,
			 struct err_detail *detail)
{
	if (credentials->is_missing && has_token(credentials, account))
		return 0;
	return credentials_derived_remove(credentials, account, detail);
}

/* Pruning */

struct prune {
	bool (*is_known)(const char *account, void *context);
	void *context;
	struct err_detail *detail;
};

static int prune_entries(const struct prune *prune, int dirfd, DIR *stream)
{
	for (;;) {
		const struct dirent *entry;
		struct stat status;
		int r;

		errno = 0;
		entry = readdir(stream);
		if (!entry)
			return errno == 0 ? 0
					  : err_set(prune->detail, err_from_errno(errno),
						    "Cannot list a directory: %s", strerror(errno));
		/* Temporary files, and what else nobody can have meant as an account, stay. */
		if (!account_name_valid(entry->d_name) ||
		    prune->is_known(entry->d_name, prune->context) ||
		    fstatat(dirfd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		    S_ISDIR(status.st_mode))
			continue;
		r = fsx_remove(dirfd, entry->d_name, prune->detail);
		if (r < 0)
			return r;
	}
}

static int prune_directory(const struct prune *prune, int dirfd)
{
	/* Not dup(), which would share the position in the listing. */
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	int r;

	if (!stream) {
		r = err_set(prune->detail, err_from_errno(errno), "Cannot list a directory: %s",
			    strerror(errno));
		closep(&fd);
		return r;
	}
	r = prune_entries(prune, dirfd, stream);
	closedir(stream);
	return r;
}

int credentials_prune(struct credentials *credentials,
		      bool (*is_known)(const char *account, void *context), void *context,
		      struct err_detail *detail)
{
	const struct prune prune = {.is_known = is_known, .context = context, .detail = detail};
	int r;

	if (credentials->is_missing)
		return 0;
	r = prune_directory(&prune, credentials->tokens_fd);
	return r < 0 ? r : prune_directory(&prune, credentials->env_fd);
}
