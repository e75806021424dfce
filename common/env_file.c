/* SPDX-License-Identifier: MIT */
#include "common/env_file.h"

#include <string.h>

#include "common/translate.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define KEY_ALPHABET LETTERS DIGITS "_"
/* Enough for names, origins (with [::1]), permissions and tokens. No character of it needs quoting
 * in a shell's assignment, in JSON or in HTTP. */
#define VALUE_ALPHABET LETTERS DIGITS "abcdefghijklmnopqrstuvwxyz._@:/+=,%[]-"

static const char *const keys[ENV_KEY_COUNT] = {
	[ENV_KEY_STATE] = "MISSKEY_STATE",     [ENV_KEY_SERVER] = "MISSKEY_SERVER",
	[ENV_KEY_URL] = "MISSKEY_URL",	       [ENV_KEY_HOST] = "MISSKEY_HOST",
	[ENV_KEY_ACCOUNT] = "MISSKEY_ACCOUNT", [ENV_KEY_USER] = "MISSKEY_USER",
	[ENV_KEY_USER_ID] = "MISSKEY_USER_ID", [ENV_KEY_PERMISSION] = "MISSKEY_PERMISSION",
	[ENV_KEY_TOKEN] = "MISSKEY_TOKEN",
};

static bool is_harmless(const char *value)
{
	return value[strspn(value, VALUE_ALPHABET)] == '\0';
}

int env_file_write(const char *const values[static ENV_KEY_COUNT], struct buf *text)
{
	for (size_t i = 0; i < ENV_KEY_COUNT; i++) {
		if (!values[i])
			continue;
		if (!is_harmless(values[i]))
			return ERR_INVALID;
		buf_append_format(text, "%s=%s\n", keys[i], values[i]);
	}
	return buf_error(text);
}

void env_file_erase(struct env_file *file)
{
	explicit_bzero(file, sizeof(*file));
}

const char *env_file_value(const struct env_file *file, enum env_key key)
{
	return file->lines[key] ? file->lines[key] + strlen(keys[key]) + 1 : "";
}

bool env_file_is_good(const struct env_file *file)
{
	const char *state = env_file_value(file, ENV_KEY_STATE);

	return strcmp(state, "verified") == 0 || strcmp(state, "unverified") == 0;
}

/* Keeps LINE if its key is one of ours. Returns NULL, or what is wrong with the line. */
static const char *take_line(char *line, struct env_file *file)
{
	size_t key_size = strspn(line, KEY_ALPHABET);
	const char *value = line + key_size + 1;

	if (key_size == 0 || line[key_size] != '=')
		return _("a line is not KEY=VALUE");
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7F)
			return _("a value has a control character");
	for (size_t i = 0; i < ENV_KEY_COUNT; i++) {
		if (strlen(keys[i]) != key_size || memcmp(line, keys[i], key_size) != 0)
			continue;
		if (file->lines[i])
			return _("a key is there twice");
		if (!is_harmless(value))
			return _("a value has a character that does not belong there");
		file->lines[i] = line;
	}
	return NULL;
}

/* Cuts SIZE bytes into lines and keeps these. Returns NULL, or what is wrong with them. */
static const char *take_lines(struct env_file *file, size_t size)
{
	const char *wrong = NULL;
	char *line = file->bytes;

	if (memchr(file->bytes, '\0', size))
		return _("it has a NUL byte");
	if (size == 0 || file->bytes[size - 1] != '\n')
		return _("it ends in the middle of a line");
	while (!wrong && *line) {
		char *end = line + strcspn(line, "\n");

		*end = '\0';
		wrong = take_line(line, file);
		line = end + 1;
	}
	return wrong;
}

/* Returns NULL, or what is wrong with the values. */
static const char *check_values(const struct env_file *file, const char *account)
{
	const char *state = env_file_value(file, ENV_KEY_STATE);
	const char *server = env_file_value(file, ENV_KEY_SERVER);
	bool good = env_file_is_good(file);

	if (!good && strcmp(state, "absent") != 0 && strcmp(state, "revoked") != 0 &&
	    strcmp(state, "suspended") != 0)
		return _("MISSKEY_STATE is not one that this version knows");
	if (strncmp(server, "https://", 8) != 0 && strncmp(server, "http://", 7) != 0)
		return _("MISSKEY_SERVER is not a server's address");
	if (strcmp(env_file_value(file, ENV_KEY_ACCOUNT), account) != 0)
		return _("MISSKEY_ACCOUNT is not this account");
	if (good && !*env_file_value(file, ENV_KEY_TOKEN))
		return _("MISSKEY_TOKEN is missing");
	return NULL;
}

const char *env_file_parse(struct env_file *file, size_t size, const char *account)
{
	const char *wrong = take_lines(file, size);

	return wrong ? wrong : check_values(file, account);
}
