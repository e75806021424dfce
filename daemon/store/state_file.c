/* SPDX-License-Identifier: MIT */
#include "state_file.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/account_name.h"
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

static int refuse_damaged(const struct state_file *file, int dirfd, const char *where,
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
		return refuse_damaged(file, dirfd, "it is not an object", detail);
	if (!json_get_integer(root, "version", &version) || version < 1)
		return refuse_damaged(file, dirfd, "\"version\" is missing or wrong", detail);
	if (version <= file->version)
		return 0;
	snprintf(what, sizeof(what),
		 "is of version %lld, and this misskey-authd knows version %lld at most",
		 (long long)version, (long long)file->version);
	return refuse(file, dirfd, ERR_VERSION, what, file->version_advice, detail);
}

/* Reading */

static int fill(const struct entry_kind *kind, const struct json *item, size_t number, void *entry,
		struct err_detail *where)
{
	const char *name = json_key(item);
	const char *bad;
	int r;

	if (kind->is_map && !account_name_valid(name))
		return err_set(where, ERR_DAMAGED, "the name of number %zu in \"%s\" is not one",
			       number, kind->list);
	if (kind->is_map)
		strcpy(entry, name);
	r = entry_read(kind, item, entry, &bad);
	if (r < 0 && kind->is_map)
		return err_set(where, r, "account %s: \"%s\" is missing or not what it should be",
			       name, bad);
	if (r < 0)
		return err_set(where, r,
			       "number %zu in \"%s\": \"%s\" is missing or not what it should be",
			       number, kind->list, bad);
	return 0;
}

static int read_list(const struct entry_kind *kind, const struct json *root,
		     struct name_table *rows, struct err_detail *where)
{
	const struct json *list = json_get(root, kind->list);
	size_t number = 0;

	if (kind->is_map ? !json_is_object(list) : !json_is_array(list))
		return err_set(where, ERR_DAMAGED, "\"%s\" is missing or not an %s", kind->list,
			       kind->is_map ? "object" : "array");
	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		void *entry = calloc(1, kind->size);
		int r = entry ? fill(kind, item, ++number, entry, where)
			      : err_set(where, ERR_NOMEM, "%s", err_text(ERR_NOMEM));

		if (r == 0)
			r = name_table_append(rows, entry);
		if (r < 0) {
			entry_free(kind, entry);
			return r;
		}
	}
	if (kind->repeated && name_table_sort(rows))
		return err_set(where, ERR_DAMAGED, "%s", kind->repeated);
	return kind->arrange ? kind->arrange(rows, where) : 0;
}

int state_file_parse(const struct state_file *file, int dirfd, const char *text, size_t size,
		     struct name_table *lists, struct err_detail *detail)
{
	_cleanup_(json_freep) struct json *root = NULL;
	struct err_detail where = {0};
	int r = json_parse(text, size, file->max_bytes, &root, &where);

	if (r == ERR_SYNTAX || r == ERR_LIMIT)
		return refuse_damaged(file, dirfd, where.text, detail);
	if (r == 0) {
		r = check_version(file, dirfd, root, detail);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; r == 0 && i < file->kind_count; i++)
		r = read_list(file->kinds[i], root, &lists[i], &where);
	if (r == ERR_DAMAGED)
		return refuse_damaged(file, dirfd, where.text, detail);
	return r < 0 ? err_set(detail, r, "Cannot read %s: %s", file->name, err_text(r)) : 0;
}

int state_file_read(const struct state_file *file, int dirfd, struct name_table *lists,
		    bool *ret_is_missing, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf text = {0};
	int r = fsx_read(dirfd, file->name, file->max_bytes, true, &text, detail);

	*ret_is_missing = r == ERR_NOT_FOUND;
	if (r < 0)
		return *ret_is_missing ? 0 : r;
	return state_file_parse(file, dirfd, buf_text(&text), text.size, lists, detail);
}

/* Writing */

static int add_list(const struct entry_kind *kind, const struct name_table *rows, struct json *root)
{
	struct json *list = kind->is_map ? json_new_object() : json_new_array();
	int r = json_add(root, kind->list, list);

	for (size_t i = 0; r == 0 && i < rows->count; i++) {
		struct json *object = json_new_object();

		r = kind->is_map ? json_add(list, rows->rows[i], object)
				 : json_append(list, object);
		if (r == 0)
			r = entry_write(kind, rows->rows[i], object);
	}
	return r;
}

int state_file_print(const struct state_file *file, const struct name_table *lists,
		     struct buf *text)
{
	_cleanup_(json_freep) struct json *root = json_new_object();
	int r = root ? json_add_integer(root, "version", file->version) : ERR_NOMEM;

	for (size_t i = 0; r == 0 && i < file->kind_count; i++)
		r = add_list(file->kinds[i], &lists[i], root);
	if (r == 0)
		r = json_print(root, true, text);
	buf_append_char(text, '\n');
	if (r == 0)
		r = buf_error(text);
	return r == 0 && text->size > file->max_bytes ? ERR_LIMIT : r;
}
