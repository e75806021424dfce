/* SPDX-License-Identifier: MIT */
#include "common/permission.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "common/cleanup.h"
#include "common/text.h"
#include "common/translate.h"

#define PERMISSION_SEPARATORS ", \t"

struct permission_list {
	char *items[PERMISSION_MAX_COUNT]; /* pointers into a text that somebody else owns */
	size_t count;
};

/* account-read and account/read → read:account, as Misskey's app/create does it
 * (/^(.+)(\/|-)(read|write)$/), until nothing is left that the server would change. The new
 * spelling has the length of the old one. */
static void permission_modernize(char *permission)
{
	static const char *const verbs[] = {"read", "write"};
	size_t size = strlen(permission);
	size_t i = 0;

	while (i < 2) {
		size_t verb_size = strlen(verbs[i]);
		size_t noun_size = size > verb_size + 1 ? size - verb_size - 1 : 0;

		if (noun_size > 0 && strchr("/-", permission[noun_size]) &&
		    strcmp(permission + noun_size + 1, verbs[i]) == 0) {
			memmove(permission + verb_size + 1, permission, noun_size);
			memcpy(permission, verbs[i], verb_size);
			permission[verb_size] = ':';
			i = 0;
		} else {
			i++;
		}
	}
}

static int permission_check(const char *permission, struct err_detail *detail)
{
	for (const char *c = permission; *c; c++) {
		if (!ascii_is_alphanumeric(*c) && !strchr(":/_.-", *c))
			return text_err(
				detail, ERR_INVALID, permission,
				_("expected permissions such as read:account, write:notes"));
	}
	if (strlen(permission) > PERMISSION_MAX_BYTES)
		return text_err(detail, ERR_LIMIT, permission,
				_("expected a permission of at most %d characters"),
				PERMISSION_MAX_BYTES);
	return 0;
}

/* Splits TEXT in place. */
static int permission_split(char *text, struct permission_list *ret_list, struct err_detail *detail)
{
	char *rest = NULL;

	ret_list->count = 0;
	for (char *item = strtok_r(text, PERMISSION_SEPARATORS, &rest); item;
	     item = strtok_r(NULL, PERMISSION_SEPARATORS, &rest)) {
		int r = permission_check(item, detail);

		if (r < 0)
			return r;
		if (ret_list->count == PERMISSION_MAX_COUNT)
			return err_set(detail, ERR_LIMIT,
				       _("too many permissions: expected at most %d"),
				       PERMISSION_MAX_COUNT);
		permission_modernize(item);
		ret_list->items[ret_list->count++] = item;
	}
	return 0;
}

static int item_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int permission_parse(const char *text, char **ret_list, struct err_detail *detail)
{
	_cleanup_(freep) char *copy = strdup(text);
	_cleanup_(buf_done) struct buf joined = {0};
	struct permission_list list;
	int r;

	if (!copy)
		return err_set(detail, ERR_NOMEM, _("no memory"));
	r = permission_split(copy, &list, detail);
	if (r < 0)
		return r;
	qsort(list.items, list.count, sizeof(list.items[0]), item_compare);
	for (size_t i = 0; i < list.count; i++) {
		if (i > 0 && strcmp(list.items[i - 1], list.items[i]) == 0)
			continue;
		if (i > 0)
			buf_append_char(&joined, ',');
		buf_append_text(&joined, list.items[i]);
	}
	r = buf_error(&joined);
	if (r < 0)
		return err_set(detail, r, _("no memory"));
	/* A list without items has no bytes to take. */
	*ret_list = list.count > 0 ? buf_take(&joined) : strdup("");
	return *ret_list ? 0 : err_set(detail, ERR_NOMEM, _("no memory"));
}

size_t permission_next(const char **list, const char **ret_permission)
{
	size_t size;

	*list += **list == ',';
	size = strcspn(*list, ",");
	*ret_permission = *list;
	*list += size;
	return size;
}

static bool list_has(const char *list, const char *permission, size_t size)
{
	const char *other;
	size_t other_size;

	while ((other_size = permission_next(&list, &other)) > 0)
		if (other_size == size && memcmp(other, permission, size) == 0)
			return true;
	return false;
}

void permission_difference(const char *list, const char *without, struct buf *buf)
{
	const char *permission;
	size_t size;
	bool is_first = true;

	while ((size = permission_next(&list, &permission)) > 0) {
		if (list_has(without, permission, size))
			continue;
		if (!is_first)
			buf_append_char(buf, ',');
		buf_append(buf, permission, size);
		is_first = false;
	}
}

int permission_add_json(struct json *object, const char *key, const char *list)
{
	_cleanup_(json_freep) struct json *array = json_new_array();
	char text[PERMISSION_MAX_BYTES + 1];
	const char *permission;
	size_t size;

	while ((size = permission_next(&list, &permission)) > 0) {
		if (size > PERMISSION_MAX_BYTES)
			return ERR_LIMIT;
		memcpy(text, permission, size);
		text[size] = '\0';
		if (json_append(array, json_new_string(text)) < 0)
			return ERR_NOMEM;
	}
	return json_add(object, key, TAKE_PTR(array));
}
