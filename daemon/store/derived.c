/* SPDX-License-Identifier: MIT */
#include "derived.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/env_file.h"
#include "common/state.h"

DEFINE_CLEANUP(DIR *, closedir);

int derived_open(struct derived *derived, int dirfd, struct err_detail *detail)
{
	int r = fsx_open_subdirectory(dirfd, CREDENTIALS_ENV_DIRECTORY, &derived->env_fd, detail);

	if (r == 0)
		r = fsx_open_subdirectory(dirfd, CREDENTIALS_TOKENS_DIRECTORY, &derived->tokens_fd,
					  detail);
	if (r == 0)
		r = fsx_remove_orphans(derived->env_fd, detail);
	return r < 0 ? r : fsx_remove_orphans(derived->tokens_fd, detail);
}

void derived_close(struct derived *derived)
{
	closep(&derived->env_fd);
	closep(&derived->tokens_fd);
}

/* Room */

static int reserve(int dirfd, const char *account, struct fsx_temp **ret_temp,
		   struct err_detail *detail)
{
	int r = fsx_temp_new(dirfd, account, ret_temp, detail);

	return r < 0 ? r : fsx_temp_reserve(*ret_temp, ENV_FILE_MAX_BYTES, detail);
}

int derived_reserve(const struct derived *derived, const char *account, struct derived_room *room,
		    struct err_detail *detail)
{
	int r = reserve(derived->env_fd, account, &room->env, detail);

	return r < 0 ? r : reserve(derived->tokens_fd, account, &room->token, detail);
}

void derived_room_done(struct derived_room *room)
{
	fsx_temp_free(room->env);
	fsx_temp_free(room->token);
}

/* Writing */

int derived_env_text(const char *account, const char *origin, const struct credential *credential,
		     struct buf *text)
{
	const char *values[ENV_KEY_COUNT] = {
		[ENV_KEY_STATE] =
			credential_state_text(credential ? credential->state : CREDENTIAL_ABSENT),
		[ENV_KEY_SERVER] = origin,
		[ENV_KEY_ACCOUNT] = account,
	};

	if (credential && username_is_harmless(credential->username))
		values[ENV_KEY_USER] = credential->username;
	if (credential && credential_is_good(credential))
		values[ENV_KEY_TOKEN] = secret_reveal(&credential->i);
	return env_file_write(values, text);
}

int derived_commit(int dirfd, const char *name, const struct buf *text, struct fsx_temp **temp,
		   struct err_detail *detail)
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

	return fsx_read(dirfd, name, ENV_FILE_MAX_BYTES, true, &current, NULL) == 0 &&
	       current.size == text->size &&
	       memcmp(buf_text(&current), buf_text(text), text->size) == 0;
}

static int write_if_different(int dirfd, const char *directory, const char *account,
			      const struct buf *text, struct fsx_temp **temp,
			      struct err_detail *detail)
{
	int r = buf_error(text);

	if (r < 0)
		return err_set(detail, r, "Cannot write %s/%s: %s", directory, account,
			       err_text(r));
	if (is_already(dirfd, account, text))
		return 0;
	return derived_commit(dirfd, account, text, temp, detail);
}

bool derived_has_token(const struct derived *derived, const char *account)
{
	struct stat status;

	return fstatat(derived->tokens_fd, account, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static int write_token(const struct derived *derived, const char *account,
		       const struct credential *credential, struct fsx_temp **temp,
		       struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf text = {0};

	if (!credential || !credential_is_good(credential)) {
		/* Removing costs an fsync: thousands of accounts without a token must not wait. */
		if (!derived_has_token(derived, account))
			return 0;
		return fsx_remove(derived->tokens_fd, account, detail);
	}
	buf_append_text(&text, secret_reveal(&credential->i));
	buf_append_char(&text, '\n');
	return write_if_different(derived->tokens_fd, CREDENTIALS_TOKENS_DIRECTORY, account, &text,
				  temp, detail);
}

int derived_write(const struct derived *derived, const char *account, const char *origin,
		  const struct credential *credential, struct derived_room *room,
		  struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf env = {0};
	struct derived_room none = {0};
	int r;

	room = room ? room : &none;
	r = derived_env_text(account, credential ? credential->server : origin, credential, &env);
	if (r)
		return err_set(detail, r, "Cannot make the text of %s/%s: %s",
			       CREDENTIALS_ENV_DIRECTORY, account, err_text(r));
	r = write_if_different(derived->env_fd, CREDENTIALS_ENV_DIRECTORY, account, &env,
			       &room->env, detail);
	return r < 0 ? r : write_token(derived, account, credential, &room->token, detail);
}

int derived_remove(const struct derived *derived, const char *account, struct err_detail *detail)
{
	int r = fsx_remove(derived->tokens_fd, account, detail);

	return r < 0 ? r : fsx_remove(derived->env_fd, account, detail);
}

/* Pruning */

static int prune(int dirfd, bool (*is_known)(const char *account, void *context), void *context,
		 struct err_detail *detail)
{
	/* dup() would share the position in the listing. */
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(closedirp) DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct stat status;
	int r = 0;

	if (!stream)
		closep(&fd);
	while (stream && r == 0 && (errno = 0, entry = readdir(stream))) {
		/* Temporary files stay, and other files that cannot belong to an account. */
		if (account_name_valid(entry->d_name) && !is_known(entry->d_name, context) &&
		    fstatat(dirfd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    !S_ISDIR(status.st_mode))
			r = fsx_remove(dirfd, entry->d_name, detail);
	}
	if (r == 0 && errno != 0)
		r = err_set(detail, err_from_errno(errno), "Cannot list a directory: %s",
			    strerror(errno));
	return r;
}

int derived_prune(const struct derived *derived,
		  bool (*is_known)(const char *account, void *context), void *context,
		  struct err_detail *detail)
{
	int r = prune(derived->tokens_fd, is_known, context, detail);

	return r < 0 ? r : prune(derived->env_fd, is_known, context, detail);
}
