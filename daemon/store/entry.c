/* SPDX-License-Identifier: MIT */
#include "entry.h"

#include <stdlib.h>
#include <string.h>

#include "common/account_name.h"
#include "common/permission.h"
#include "common/text.h"
#include "common/vocabulary.h"

/* Misskey's ids have 10 to 32 characters; misskey.h lets 128 pass. */
#define ID_MAX_BYTES 128

/* Nothing is made by METHOD_AUTO, which is only wished for. */
const char *entry_method_word(unsigned value)
{
	if (value == METHOD_AUTO)
		return "";
	return value < METHOD_COUNT ? method_text((enum method)value) : NULL;
}

static void *field_of(const struct entry_member *member, void *entry)
{
	return (char *)entry + member->offset;
}

/* Forms */

static bool is_id(const char *text)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789_-";
	size_t size = strlen(text);

	return size > 0 && size <= ID_MAX_BYTES && strspn(text, alphabet) == size;
}

/* Nothing that has to be quoted in a shell, a header or JSON. */
static bool is_token(const char *text, size_t max)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789-._+/=";
	size_t size = strlen(text);

	return size > 0 && size <= max && strspn(text, alphabet) == size;
}

static bool is_origin(const char *text)
{
	struct url_server server;

	return url_server_parse(text, &server, NULL) == 0 && strcmp(server.origin, text) == 0;
}

static bool has_form(const struct entry_member *member, const char *text)
{
	size_t max = (size_t)member->max;

	switch (member->form) {
	case ENTRY_NAME:
		return account_name_valid(text);
	case ENTRY_ORIGIN:
		return is_origin(text);
	case ENTRY_ID:
		return is_id(text);
	case ENTRY_HEX:
		return strlen(text) == max && strspn(text, "0123456789abcdef") == max;
	case ENTRY_TOKEN:
		return is_token(text, max);
	case ENTRY_WORDS:
		return *text && strlen(text) <= max && text_is_plain(text);
	default:
		return true;
	}
}

/* The member as a text; NULL if it has none. */
static const char *text_of(const struct entry_member *member, const void *field)
{
	switch (member->type) {
	case ENTRY_CHARS:
		return field;
	case ENTRY_TEXT:
		return *(char *const *)field;
	case ENTRY_SECRET:
		return secret_is_set(field) ? secret_reveal(field) : NULL;
	case ENTRY_SERVER:
		return ((const struct url_server *)field)->origin;
	case ENTRY_WORD:
		return member->word(*(const unsigned *)field);
	default:
		return NULL;
	}
}

static bool is_good(const struct entry_member *member, const void *field)
{
	const char *text = text_of(member, field);

	switch (member->type) {
	case ENTRY_OBJECT:
	case ENTRY_FLAG:
		return true;
	case ENTRY_NUMBER:
		return *(const int64_t *)field >= 0 && *(const int64_t *)field <= member->max;
	case ENTRY_WORD:
		return text && *text;
	default:
		if (!text)
			return member->may_be_null;
		return (!*text && member->may_be_empty) || has_form(member, text);
	}
}

static const char *bad_member(const struct entry_kind *kind, const void *entry)
{
	for (const struct entry_member *member = kind->members; member->key; member++) {
		if (!is_good(member, (const char *)entry + member->offset))
			return member->key;
	}
	return kind->misfit ? kind->misfit(entry) : NULL;
}

/* Reading */

static int copy_text(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return text && !*ret_copy ? ERR_NOMEM : 0;
}

/* Each element of the array must be one permission. */
static int permission_read(const struct json *array, char **ret_list)
{
	_cleanup_(buf_done) struct buf list = {0};

	if (!json_is_array(array))
		return ERR_DAMAGED;
	for (const struct json *item = json_first(array); item; item = json_next(item)) {
		const char *text = json_string(item);

		if (!text || !*text || strpbrk(text, ", \t"))
			return ERR_DAMAGED;
		if (list.size > 0)
			buf_append_char(&list, ',');
		buf_append_text(&list, text);
	}
	return buf_error(&list) < 0 ? buf_error(&list)
				    : permission_parse(buf_text(&list), ret_list, NULL);
}

static int word_read(const struct entry_member *member, const char *text, unsigned *ret_value)
{
	const char *word;

	for (unsigned value = 0; *text && (word = member->word(value)); value++) {
		if (strcmp(word, text) == 0) {
			*ret_value = value;
			return 0;
		}
	}
	return ERR_DAMAGED;
}

static int text_read(const struct entry_member *member, const char *text, void *field)
{
	switch (member->type) {
	case ENTRY_CHARS:
		if (strlen(text) >= member->size)
			return ERR_DAMAGED;
		strcpy(field, text);
		return 0;
	case ENTRY_TEXT:
		return copy_text(text, field);
	case ENTRY_SECRET:
		return secret_set_text(field, text);
	case ENTRY_SERVER:
		return is_origin(text) ? url_server_parse(text, field, NULL) : ERR_DAMAGED;
	case ENTRY_WORD:
		return word_read(member, text, field);
	default:
		return text_time_parse(text, field);
	}
}

static int member_read(const struct entry_member *member, const struct json *object,
		       const char *key, void *field)
{
	const struct json *value = json_get(object, key);
	const char *text = json_string(value);

	if (member->may_be_null && json_is_null(value))
		return 0;
	if (member->form == ENTRY_PERMISSION)
		return permission_read(value, field);
	if (member->type == ENTRY_FLAG)
		return json_get_bool(object, key, field) ? 0 : ERR_DAMAGED;
	if (member->type == ENTRY_NUMBER && member->form != ENTRY_DATE)
		return json_get_integer(object, key, field) ? 0 : ERR_DAMAGED;
	return text ? text_read(member, text, field) : ERR_DAMAGED;
}

int entry_read(const struct entry_kind *kind, const struct json *object, void *entry,
	       const char **ret_bad)
{
	const struct json *inner = NULL;

	for (const struct entry_member *member = kind->members + kind->is_map; member->key;
	     member++) {
		const char *dot = strchr(member->key, '.');
		int r;

		if (member->type == ENTRY_OBJECT) {
			inner = json_get(object, member->key);
			r = json_is_object(inner) ? 0 : ERR_DAMAGED;
		} else {
			r = member_read(member, dot ? inner : object, dot ? dot + 1 : member->key,
					field_of(member, entry));
		}
		*ret_bad = member->key;
		if (r < 0)
			return r == ERR_NOMEM ? ERR_NOMEM : ERR_DAMAGED;
	}
	*ret_bad = bad_member(kind, entry);
	return *ret_bad ? ERR_DAMAGED : 0;
}

/* Writing */

static int number_write(const struct entry_member *member, int64_t number, struct json *object,
			const char *key)
{
	char text[TEXT_TIME_BYTES];

	if (member->form != ENTRY_DATE)
		return json_add_integer(object, key, number);
	text_time(number, text);
	return json_add_string(object, key, member->may_be_null && number == 0 ? NULL : text);
}

static int member_write(const struct entry_member *member, const void *field, struct json *object,
			const char *key)
{
	if (member->type == ENTRY_FLAG)
		return json_add_bool(object, key, *(const bool *)field);
	if (member->type == ENTRY_NUMBER)
		return number_write(member, *(const int64_t *)field, object, key);
	if (member->form == ENTRY_PERMISSION)
		return permission_add_json(object, key, *(char *const *)field);
	return json_add_string(object, key, text_of(member, field));
}

int entry_write(const struct entry_kind *kind, const void *entry, struct json *object)
{
	struct json *inner = NULL;

	for (const struct entry_member *member = kind->members + kind->is_map; member->key;
	     member++) {
		const char *dot = strchr(member->key, '.');
		int r;

		if (member->type == ENTRY_OBJECT) {
			inner = json_new_object();
			r = json_add(object, member->key, inner);
		} else {
			r = member_write(member, (const char *)entry + member->offset,
					 dot ? inner : object, dot ? dot + 1 : member->key);
		}
		if (r < 0)
			return ERR_NOMEM;
	}
	return 0;
}

/* Copies, and the end of them */

static int member_copy(const struct entry_member *member, const void *from, void *to)
{
	int r;

	if (member->type == ENTRY_SECRET)
		return secret_copy(to, from);
	if (member->type != ENTRY_TEXT)
		return 0;
	if (member->form != ENTRY_PERMISSION)
		return copy_text(*(char *const *)from, to);
	r = permission_parse(*(char *const *)from, to, NULL);
	return r < 0 && r != ERR_NOMEM ? ERR_INVALID : r;
}

int entry_copy(const struct entry_kind *kind, const void *from, void **ret_copy,
	       const char **ret_bad)
{
	char *copy = calloc(1, kind->size);
	const char *bad = NULL;
	int r = 0;

	if (!copy)
		return ERR_NOMEM;
	memcpy(copy, from, kind->size);
	for (const struct entry_member *member = kind->members; member->key; member++) {
		if (member->type == ENTRY_TEXT || member->type == ENTRY_SECRET)
			memset(field_of(member, copy), 0, member->size);
	}
	for (const struct entry_member *member = kind->members; r == 0 && member->key; member++) {
		bad = member->key;
		r = member_copy(member, (const char *)from + member->offset,
				field_of(member, copy));
	}
	if (r == 0) {
		bad = bad_member(kind, copy);
		r = bad ? ERR_INVALID : 0;
	}
	if (r < 0)
		entry_free(kind, copy);
	else
		*ret_copy = copy;
	if (r < 0 && ret_bad)
		*ret_bad = bad;
	return r;
}

void entry_done(const struct entry_kind *kind, void *entry)
{
	for (const struct entry_member *member = kind->members; member->key; member++) {
		if (member->type == ENTRY_SECRET) {
			secret_done(field_of(member, entry));
		} else if (member->type == ENTRY_TEXT) {
			char *text = *(char **)field_of(member, entry);

			/* A consent URL holds a token. */
			secret_erase(text, text ? strlen(text) : 0);
			free(text);
		}
	}
	secret_erase(entry, kind->size);
}

void entry_free(const struct entry_kind *kind, void *entry)
{
	if (!entry)
		return;
	entry_done(kind, entry);
	free(entry);
}

int entry_put(const struct entry_kind *kind, struct name_table *rows, const void *from)
{
	void *copy = NULL;
	void *old = NULL;
	int r = entry_copy(kind, from, &copy, NULL);

	if (r == 0)
		r = kind->repeated ? name_table_put(rows, copy, &old)
				   : name_table_append(rows, copy);
	/* Only now: FROM's strings may be those of the old one. */
	entry_free(kind, r < 0 ? copy : old);
	return r;
}

void entry_drop(const struct entry_kind *kind, struct name_table *rows, size_t index, size_t count)
{
	for (size_t i = index; i < index + count; i++)
		entry_free(kind, rows->rows[i]);
	rows->count -= count;
	memmove(rows->rows + index, rows->rows + index + count,
		(rows->count - index) * sizeof(*rows->rows));
}

void entry_free_rows(const struct entry_kind *kind, struct name_table *rows)
{
	if (rows->count > 0)
		entry_drop(kind, rows, 0, rows->count);
	name_table_done(rows);
}
