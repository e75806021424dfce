/* SPDX-License-Identifier: MIT */
#include "derived.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/env_file.h"
#include "common/state.h"

/* A line. */
#define TOKEN_FILE_MAX_BYTES (SECRET_MAX_BYTES + 1)

DEFINE_CLEANUP(DIR *, closedir);

/* All accounts */

typedef int account_function(const struct derived *derived, const char *account, void *context,
			     struct err_detail *detail);

/* Calls ACT for the directories that can be an account's, until one call fails. */
static int for_each(const struct derived *derived, account_function *act, void *context,
		    struct err_detail *detail)
{
	/* dup() would share the position in the listing. */
	int fd = openat(derived->accounts_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(closedirp) DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct stat status;
	int r = 0;

	if (!stream)
		closep(&fd);
	while (stream && r == 0 && (errno = 0, entry = readdir(stream))) {
		if (account_name_valid(entry->d_name) &&
		    fstatat(derived->accounts_fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) ==
			    0 &&
		    S_ISDIR(status.st_mode))
			r = act(derived, entry->d_name, context, detail);
	}
	if (r == 0 && errno != 0)
		r = err_set(detail, err_from_errno(errno), "Cannot list a directory: %s",
			    strerror(errno));
	return r;
}

/* A directory that cannot be used is reported when its account's files are written. */
static int remove_orphans(const struct derived *derived, const char *account, void *context,
			  struct err_detail *detail)
{
	_cleanup_(closep) int fd = -1;
	int r = fsx_find_subdirectory(derived->accounts_fd, account, &fd, NULL);

	(void)context;
	return r < 0 ? 0 : fsx_remove_orphans(fd, detail);
}

int derived_open(struct derived *derived, int dirfd, struct err_detail *detail)
{
	int r = fsx_open_subdirectory(dirfd, ACCOUNTS_DIRECTORY, &derived->accounts_fd, detail);

	return r < 0 ? r : for_each(derived, remove_orphans, NULL, detail);
}

void derived_close(struct derived *derived)
{
	closep(&derived->accounts_fd);
}

/* Room */

static int reserve(int dirfd, const char *name, size_t size, struct fsx_temp **ret_temp,
		   struct err_detail *detail)
{
	int r = fsx_temp_new(dirfd, name, ret_temp, detail);

	return r < 0 ? r : fsx_temp_reserve(*ret_temp, size, detail);
}

int derived_reserve(const struct derived *derived, const char *account, struct derived_room *room,
		    struct err_detail *detail)
{
	int r = fsx_open_subdirectory(derived->accounts_fd, account, &room->dirfd, detail);

	if (r == 0)
		r = reserve(room->dirfd, ACCOUNT_ENV_FILE, ENV_FILE_MAX_BYTES, &room->env, detail);
	return r < 0 ? r
		     : reserve(room->dirfd, ACCOUNT_TOKEN_FILE, TOKEN_FILE_MAX_BYTES, &room->token,
			       detail);
}

void derived_room_done(const struct derived *derived, const char *account,
		       struct derived_room *room)
{
	fsx_temp_free(room->env);
	fsx_temp_free(room->token);
	if (room->dirfd >= 0) /* fails where something is in it */
		unlinkat(derived->accounts_fd, account, AT_REMOVEDIR);
	closep(&room->dirfd);
}

/* Writing */

int derived_env_text(const char *account, const char *origin, const struct credential *credential,
		     struct buf *text)
{
	const char *values[ENV_KEY_COUNT] = {
		[ENV_KEY_STATE] =
			credential_state_text(credential ? credential->state : CREDENTIAL_ABSENT),
		[ENV_KEY_SERVER] = origin,
		[ENV_KEY_URL] = origin,
		[ENV_KEY_HOST] = strstr(origin, "://") + 3,
		[ENV_KEY_ACCOUNT] = account,
	};

	if (credential) {
		values[ENV_KEY_USER_ID] = credential->user_id;
		values[ENV_KEY_PERMISSION] = credential->permission;
	}
	if (credential && username_is_harmless(credential->username))
		values[ENV_KEY_USER] = credential->username;
	if (credential && credential_is_good(credential))
		values[ENV_KEY_TOKEN] = secret_reveal(&credential->i);
	return env_file_write(values, text);
}

/* All of derived_commit() but the directory's fsync. */
static int replace(int dirfd, const char *name, const struct buf *text, struct fsx_temp **temp,
		   struct err_detail *detail)
{
	_cleanup_(fsx_temp_freep) struct fsx_temp *made = NULL;
	int r = *temp ? 0 : fsx_temp_new(dirfd, name, &made, detail);

	if (r == 0)
		r = fsx_temp_replace(made ? made : *temp, buf_text(text), text->size, detail);
	if (r < 0)
		return r; /* the room is kept for the next try */
	fsx_temp_free(*temp);
	*temp = NULL;
	return 0;
}

int derived_commit(int dirfd, const char *name, const struct buf *text, struct fsx_temp **temp,
		   struct err_detail *detail)
{
	int r = replace(dirfd, name, text, temp, detail);

	return r < 0 ? r : fsx_sync_directory(dirfd, name, detail);
}

/* What cannot be read counts as different: the rename replaces it, whatever it is. */
static bool is_already(int dirfd, const char *name, const struct buf *text)
{
	_cleanup_(buf_done) struct buf current = {0};

	return fsx_read(dirfd, name, ENV_FILE_MAX_BYTES, true, &current, NULL) == 0 &&
	       current.size == text->size &&
	       memcmp(buf_text(&current), buf_text(text), text->size) == 0;
}

static int write_if_different(int dirfd, const char *name, const struct buf *text,
			      struct fsx_temp **temp, bool *changed, struct err_detail *detail)
{
	if (is_already(dirfd, name, text))
		return 0;
	*changed = true;
	return replace(dirfd, name, text, temp, detail);
}

static bool is_there(int dirfd, const char *path)
{
	struct stat status;

	return fstatat(dirfd, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Writes the texts to the account's directory; an empty TOKEN: there is to be none. One fsync of
 * the directory is for both. */
static int write_files(int dirfd, const struct buf *env, const struct buf *token,
		       struct derived_room *room, struct err_detail *detail)
{
	bool changed = false;
	int r = write_if_different(dirfd, ACCOUNT_ENV_FILE, env, &room->env, &changed, detail);

	if (r == 0 && token->size > 0) {
		r = write_if_different(dirfd, ACCOUNT_TOKEN_FILE, token, &room->token, &changed,
				       detail);
	} else if (r == 0 && is_there(dirfd, ACCOUNT_TOKEN_FILE)) {
		changed = true;
		r = fsx_unlink(dirfd, ACCOUNT_TOKEN_FILE, detail);
	}
	return r < 0 || !changed ? r : fsx_sync_directory(dirfd, ACCOUNT_ENV_FILE, detail);
}

bool derived_has_token(const struct derived *derived, const char *account)
{
	char path[ACCOUNT_NAME_BYTES + sizeof("/" ACCOUNT_TOKEN_FILE)];

	snprintf(path, sizeof(path), "%s/" ACCOUNT_TOKEN_FILE, account);
	return is_there(derived->accounts_fd, path);
}

int derived_write(const struct derived *derived, const char *account, const char *origin,
		  const struct credential *credential, struct derived_room *room,
		  struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf env = {0};
	_cleanup_(buf_done) struct buf token = {0};
	_cleanup_(closep) int fd = -1;
	struct derived_room none = {.dirfd = -1};
	int r = derived_env_text(account, credential ? credential->server : origin, credential,
				 &env);

	if (r == 0 && credential && credential_is_good(credential)) {
		buf_append_text(&token, secret_reveal(&credential->i));
		buf_append_char(&token, '\n');
		r = buf_error(&token);
	}
	if (r < 0)
		return err_set(detail, r, "Cannot make the files of %s/%s: %s", ACCOUNTS_DIRECTORY,
			       account, err_text(r));
	r = fsx_open_subdirectory(derived->accounts_fd, account, &fd, detail);
	return r < 0 ? r : write_files(fd, &env, &token, room ? room : &none, detail);
}

/* Removing */

int derived_remove(const struct derived *derived, const char *account, struct err_detail *detail)
{
	_cleanup_(closep) int fd = -1;
	int r = fsx_find_subdirectory(derived->accounts_fd, account, &fd, detail);

	if (r == 0)
		r = fsx_unlink(fd, ACCOUNT_TOKEN_FILE, detail);
	if (r == 0)
		r = fsx_remove(fd, ACCOUNT_ENV_FILE, detail);
	return r < 0 && r != ERR_NOT_FOUND
		       ? r
		       : fsx_remove_subdirectory(derived->accounts_fd, account, detail);
}

struct prune {
	bool (*is_known)(const char *account, void *context);
	void *context;
};

static int remove_unknown(const struct derived *derived, const char *account, void *context,
			  struct err_detail *detail)
{
	const struct prune *prune = context;

	return prune->is_known(account, prune->context) ? 0
							: derived_remove(derived, account, detail);
}

int derived_prune(const struct derived *derived,
		  bool (*is_known)(const char *account, void *context), void *context,
		  struct err_detail *detail)
{
	struct prune prune = {is_known, context};

	return for_each(derived, remove_unknown, &prune, detail);
}
