/* SPDX-License-Identifier: MIT */
#include "common/permission.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "common/cleanup.h"
#include "common/text.h"
#include "common/translate.h"

#define PERMISSION_SEPARATORS ", \t"

static const char *const names[] = {
#include "permission_names.inc"
};
#define NAME_COUNT (sizeof(names) / sizeof(names[0]))

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
	bool good = ascii_is_alphanumeric(*permission);

	for (const char *c = permission; *c; c++)
		good = good && (ascii_is_alphanumeric(*c) || strchr(":/_.-", *c));
	if (!good)
		return text_err(detail, ERR_INVALID, permission,
				_("expected permissions such as read:account, write:notes"));
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

/* Sorts LIST and writes it as a canonical text. */
static int permission_join(struct permission_list *list, char **ret_list, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf joined = {0};
	int r;

	qsort(list->items, list->count, sizeof(list->items[0]), item_compare);
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0 && strcmp(list->items[i - 1], list->items[i]) == 0)
			continue;
		if (i > 0)
			buf_append_char(&joined, ',');
		buf_append_text(&joined, list->items[i]);
	}
	r = buf_error(&joined);
	if (r < 0)
		return err_set(detail, r, _("no memory"));
	/* A list without items has no bytes to take. */
	*ret_list = list->count > 0 ? buf_take(&joined) : strdup("");
	return *ret_list ? 0 : err_set(detail, ERR_NOMEM, _("no memory"));
}

int permission_parse(const char *text, char **ret_list, struct err_detail *detail)
{
	_cleanup_(freep) char *copy = strdup(text);
	struct permission_list list;
	int r;

	if (!copy)
		return err_set(detail, ERR_NOMEM, _("no memory"));
	r = permission_split(copy, &list, detail);
	return r < 0 ? r : permission_join(&list, ret_list, detail);
}

bool permission_is_relative(const char *text)
{
	text += strspn(text, PERMISSION_SEPARATORS);
	return *text == '+' || *text == '-';
}

static void list_remove(struct permission_list *list, const char *permission)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], permission) != 0)
			list->items[kept++] = list->items[i];
	list->count = kept;
}

static int list_add(struct permission_list *list, char *permission, struct err_detail *detail)
{
	list_remove(list, permission);
	if (list->count == PERMISSION_MAX_COUNT)
		return err_set(detail, ERR_LIMIT, _("too many permissions: expected at most %d"),
			       PERMISSION_MAX_COUNT);
	list->items[list->count++] = permission;
	return 0;
}

/* Does to LIST what CHANGE says. CHANGE is split in place, and LIST points into it afterwards. */
static int list_change(struct permission_list *list, char *change, struct err_detail *detail)
{
	char *rest = NULL;

	for (char *item = strtok_r(change, PERMISSION_SEPARATORS, &rest); item;
	     item = strtok_r(NULL, PERMISSION_SEPARATORS, &rest)) {
		char *permission = item + 1;
		int r;

		if ((*item != '+' && *item != '-') || !*permission)
			return text_err(detail, ERR_INVALID, item,
					_("expected + or - before each permission, or before "
					  "none: +write:drive,-read:drive"));
		r = permission_check(permission, detail);
		if (r < 0)
			return r;
		permission_modernize(permission);
		if (*item == '-')
			list_remove(list, permission);
		else
			r = list_add(list, permission, detail);
		if (r < 0)
			return r;
	}
	return 0;
}

int permission_apply(const char *base, const char *change, char **ret_list,
		     struct err_detail *detail)
{
	_cleanup_(freep) char *base_copy = NULL;
	_cleanup_(freep) char *change_copy = NULL;
	struct permission_list list;
	int r;

	if (!permission_is_relative(change))
		return permission_parse(change, ret_list, detail);
	base_copy = strdup(base);
	change_copy = strdup(change);
	if (!base_copy || !change_copy)
		return err_set(detail, ERR_NOMEM, _("no memory"));
	r = permission_split(base_copy, &list, detail);
	if (r == 0)
		r = list_change(&list, change_copy, detail);
	return r < 0 ? r : permission_join(&list, ret_list, detail);
}

const char *permission_name(size_t n)
{
	return n < NAME_COUNT ? names[n] : NULL;
}

static bool is_known(const char *permission)
{
	for (size_t i = 0; i < NAME_COUNT; i++)
		if (strcmp(names[i], permission) == 0)
			return true;
	return false;
}

bool permission_next_unknown(const char **text, struct err_detail *detail)
{
	while (**text) {
		char item[PERMISSION_MAX_BYTES + 2];
		char *permission = item;
		const char *nearest;
		size_t size;

		*text += strspn(*text, PERMISSION_SEPARATORS);
		size = strcspn(*text, PERMISSION_SEPARATORS);
		(void)snprintf(item, sizeof(item), "%.*s", (int)size, *text);
		*text += size;
		permission += *item == '+' || *item == '-';
		permission_modernize(permission);
		if (!*permission || is_known(permission))
			continue;
		nearest = text_nearest(permission, names, NAME_COUNT);
		if (nearest)
			(void)err_set(detail, ERR_NOT_FOUND,
				      _("Misskey has no permission %s; did you mean %s?"),
				      permission, nearest);
		else
			(void)err_set(detail, ERR_NOT_FOUND,
				      _("Misskey has no permission %s. Only a fork of it may."),
				      permission);
		return true;
	}
	return false;
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

bool permission_has_all(const char *list, const char *least)
{
	const char *permission;
	size_t size;

	while ((size = permission_next(&least, &permission)) > 0)
		if (!list_has(list, permission, size))
			return false;
	return true;
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
