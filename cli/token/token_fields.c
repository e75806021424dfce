/* SPDX-License-Identifier: MIT */
#include "token/token_fields.h"

#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/text.h"
#include "common/translate.h"

/* What RFC 3986 calls unreserved, without ~. */
#define UNRESERVED "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* A server's address is the beginning of a URL, and a token or a name is a part of one. */
static const struct token_field fields[] = {
	{"token", ENV_KEY_TOKEN, UNRESERVED},
	{"server", ENV_KEY_SERVER, UNRESERVED ":/[]"},
	{"url", ENV_KEY_URL, UNRESERVED ":/[]"},
	{"host", ENV_KEY_HOST, UNRESERVED ":[]"},
	{"account", ENV_KEY_ACCOUNT, UNRESERVED "@:"},
	{"user", ENV_KEY_USER, UNRESERVED},
	{"user_id", ENV_KEY_USER_ID, UNRESERVED},
	{"permission", ENV_KEY_PERMISSION, UNRESERVED ":/,"},
	{"state", ENV_KEY_STATE, UNRESERVED},
};
#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static void say_unknown(const char *name, size_t size, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf found = {0};
	_cleanup_(buf_done) struct buf known = {0};
	const char *names[FIELD_COUNT];
	const char *nearest;

	buf_append(&found, name, size);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		names[i] = fields[i].name;
		buf_append_format(&known, "%s%s", i > 0 ? ", " : "", names[i]);
	}
	nearest = text_nearest(buf_text(&found), names, FIELD_COUNT);
	if (nearest)
		(void)text_err(detail, ERR_SYNTAX, buf_text(&found),
			       _("There is no such field; did you mean %s? There are: %s"), nearest,
			       buf_text(&known));
	else
		(void)text_err(detail, ERR_SYNTAX, buf_text(&found),
			       _("There is no such field. There are: %s"), buf_text(&known));
}

const struct token_field *token_field_find(const char *name, size_t size, struct err_detail *detail)
{
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (strlen(fields[i].name) == size && memcmp(fields[i].name, name, size) == 0)
			return &fields[i];
	say_unknown(name, size, detail);
	return NULL;
}

const char *token_field_value(const struct token_field *field, const struct env_file *file,
			      struct err_detail *detail)
{
	const char *value = env_file_value(file, field->key);

	/* A credential without permissions is one all the same. */
	if (*value || (file->lines[field->key] && field->key == ENV_KEY_PERMISSION))
		return value;
	(void)err_set(detail, ERR_NOT_FOUND, _("The account %s has no %s."),
		      env_file_value(file, ENV_KEY_ACCOUNT), field->name);
	return NULL;
}

bool token_field_is_plain(const struct token_field *field, const char *value)
{
	return value[strspn(value, field->plain)] == '\0';
}
