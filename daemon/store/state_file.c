/* SPDX-License-Identifier: MIT */
#include "state_file.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/fsx.h"
#include "common/text.h"

/* The whole path; without /proc the name must do. */
static void append_path(int dirfd, const char *name, struct buf *path)
{
	char link[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	char directory[PATH_MAX];
	ssize_t size;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	size = readlink(link, directory, sizeof(directory));
	if (size > 0) {
		buf_append(path, directory, (size_t)size);
		buf_append_char(path, '/');
	}
	buf_append_text(path, name);
}

static int refuse(const struct state_file *file, int dirfd, int code, const char *what,
		  const char *advice, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf path = {0};
	_cleanup_(buf_done) struct buf aside = {0};
	_cleanup_(buf_done) struct buf command = {0};

	append_path(dirfd, file->name, &path);
	buf_append_format(&aside, "%s.damaged", buf_text(&path));
	buf_append_text(&command, "mv ");
	text_append_quoted(&command, buf_text(&path));
	buf_append_char(&command, ' ');
	text_append_quoted(&command, buf_text(&aside));
	return err_set(detail, code, "%s %s. %s: %s", buf_text(&path), what, advice,
		       buf_text(&command));
}

int state_file_damaged(const struct state_file *file, int dirfd, const char *where,
		       struct err_detail *detail)
{
	char what[ERR_DETAIL_BYTES + 32];

	snprintf(what, sizeof(what), "is damaged (%s)", where);
	return refuse(file, dirfd, ERR_DAMAGED, what, file->damaged_advice, detail);
}

static int check_version(const struct state_file *file, int dirfd, const struct json *root,
			 struct err_detail *detail)
{
	char what[160]; /* three numbers of at most 20 digits, and 80 letters */
	int64_t version;

	if (!json_is_object(root))
		return state_file_damaged(file, dirfd, "it is not an object", detail);
	if (!json_get_integer(root, "version", &version) || version < 1)
		return state_file_damaged(file, dirfd, "\"version\" is missing or wrong", detail);
	if (version <= file->version)
		return 0;
	snprintf(what, sizeof(what),
		 "is of version %lld, and this misskey-authd knows version %lld at most",
		 (long long)version, (long long)file->version);
	return refuse(file, dirfd, ERR_VERSION, what, file->version_advice, detail);
}

int state_file_parse(const struct state_file *file, int dirfd, const char *text, size_t size,
		     struct json **ret_root, struct err_detail *detail)
{
	_cleanup_(json_freep) struct json *root = NULL;
	struct err_detail where = {0};
	int r = json_parse(text, size, file->max_bytes, &root, &where);

	if (r == ERR_SYNTAX || r == ERR_LIMIT)
		return state_file_damaged(file, dirfd, where.text, detail);
	if (r < 0)
		return err_set(detail, r, "Cannot read %s: %s", file->name, where.text);
	r = check_version(file, dirfd, root, detail);
	if (r < 0)
		return r;
	*ret_root = TAKE_PTR(root);
	return 0;
}

int state_file_read(const struct state_file *file, int dirfd, struct json **ret_root,
		    struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf text = {0};
	int r = fsx_read(dirfd, file->name, file->max_bytes, true, &text, detail);

	if (r == ERR_NOT_FOUND) {
		*ret_root = NULL;
		return 0;
	}
	if (r < 0)
		return r;
	return state_file_parse(file, dirfd, buf_text(&text), text.size, ret_root, detail);
}
