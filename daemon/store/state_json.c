/* SPDX-License-Identifier: MIT */
#include "state_json.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/permission.h"
#include "common/text.h"
#include "common/url.h"

static void fail(struct state_reader *reader, int error, const char *key)
{
	if (reader->error < 0)
		return;
	reader->error = error;
	snprintf(reader->member, sizeof(reader->member), "%s%s", reader->inside, key);
}

void state_refuse(struct state_reader *reader, const char *key)
{
	fail(reader, ERR_DAMAGED, key);
}

static const char *read_string(struct state_reader *reader, const char *key)
{
	const char *text = reader->error < 0 ? NULL : json_get_string(reader->object, key);

	if (!text)
		state_refuse(reader, key);
	return text;
}

void state_read_text(struct state_reader *reader, const char *key, char **ret_text)
{
	const char *text = read_string(reader, key);

	if (text && state_copy_text(text, ret_text) < 0)
		fail(reader, ERR_NOMEM, key);
}

void state_read_text_or_null(struct state_reader *reader, const char *key, char **ret_text)
{
	if (json_is_null(json_get(reader->object, key)))
		*ret_text = NULL;
	else
		state_read_text(reader, key, ret_text);
}

void state_read_into(struct state_reader *reader, const char *key, char *ret_text, size_t capacity)
{
	const char *text = read_string(reader, key);

	if (!text)
		return;
	if (strlen(text) >= capacity)
		state_refuse(reader, key);
	else
		strcpy(ret_text, text);
}

void state_read_secret(struct state_reader *reader, const char *key, struct secret *ret_secret)
{
	const char *text = read_string(reader, key);
	int r = text ? secret_set_text(ret_secret, text) : 0;

	if (r < 0)
		fail(reader, r == ERR_NOMEM ? ERR_NOMEM : ERR_DAMAGED, key);
}

void state_read_bool(struct state_reader *reader, const char *key, bool *ret_bool)
{
	if (reader->error == 0 && !json_get_bool(reader->object, key, ret_bool))
		state_refuse(reader, key);
}

void state_read_seconds(struct state_reader *reader, const char *key, int64_t *ret_unix_s)
{
	if (reader->error == 0 &&
	    (!json_get_integer(reader->object, key, ret_unix_s) || !state_is_time(*ret_unix_s)))
		state_refuse(reader, key);
}

/* ERR_DAMAGED if one of the elements is not exactly one permission. */
static int join(const struct json *array, struct buf *ret_list)
{
	if (!json_is_array(array))
		return ERR_DAMAGED;
	for (const struct json *item = json_first(array); item; item = json_next(item)) {
		const char *text = json_string(item);

		if (!text || !*text || strpbrk(text, ", \t"))
			return ERR_DAMAGED;
		if (ret_list->size > 0)
			buf_append_char(ret_list, ',');
		buf_append_text(ret_list, text);
	}
	return buf_error(ret_list);
}

void state_read_permission(struct state_reader *reader, const char *key, char **ret_list)
{
	_cleanup_(buf_done) struct buf list = {0};
	int r;

	if (reader->error < 0)
		return;
	r = join(json_get(reader->object, key), &list);
	if (r == 0)
		r = permission_parse(buf_text(&list), ret_list, NULL);
	if (r < 0)
		fail(reader, r == ERR_NOMEM ? ERR_NOMEM : ERR_DAMAGED, key);
}

int state_add_permission(struct json *object, const char *key, const char *list)
{
	return permission_add_json(object, key, list);
}

int state_copy_text(const char *text, char **ret_copy)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return ERR_NOMEM;
	*ret_copy = copy;
	return 0;
}

bool state_is_hex(const char *text, size_t digits)
{
	return text && strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}

bool state_is_id(const char *text)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789_-";
	size_t size = text ? strlen(text) : 0;

	return size > 0 && size <= STATE_ID_MAX_BYTES && strspn(text, alphabet) == size;
}

bool state_is_origin(const char *text)
{
	struct url_server server;

	return text && url_server_parse(text, &server, NULL) == 0 &&
	       strcmp(server.origin, text) == 0;
}

bool state_is_words(const char *text, size_t max_bytes)
{
	return text && *text && strlen(text) <= max_bytes && text_is_plain(text);
}

bool state_is_time(int64_t unix_s)
{
	return unix_s >= 0 && unix_s <= STATE_TIME_MAX;
}
