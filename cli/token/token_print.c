/* SPDX-License-Identifier: MIT */
#include "token/token_print.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/state.h"
#include "common/translate.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"
#include "token/account_credential.h"
#include "token_format.h"

/* Not stdio: it would keep a copy of the secret. A pipe that is full and does not block is a
 * failure, not something to wait for. */
static int write_all(const char *bytes, size_t left)
{
	/* A closed pipe, whose reader has had enough, is a failure without a word. */
	signal(SIGPIPE, SIG_IGN);
	while (left > 0) {
		ssize_t count = write(STDOUT_FILENO, bytes, left);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			if (errno != EPIPE)
				terminal_message(
					_("misskey-token: Writing to standard output failed: %s."),
					translate_errno(errno));
			return EXIT_STATUS_FAILED;
		}
		bytes += count;
		left -= (size_t)count;
	}
	return EXIT_STATUS_DONE;
}

int token_print_text(const struct buf *text)
{
	if (!text->error)
		return write_all(buf_text(text), text->size);
	terminal_message(_("misskey-token: %s."), _(err_text(text->error)));
	return EXIT_STATUS_FAILED;
}

/* The line break that FILE has behind the value is put back, so that there is neither memory to
 * allocate nor a second copy of a token. */
static int print_value(struct env_file *file, enum env_key key)
{
	char *value = strchr(file->lines[key], '=') + 1;
	size_t size = strlen(value);

	value[size] = '\n';
	return write_all(value, size + 1);
}

/* The values need no escapes: token_file_read() has seen to that. Not buf_append_format(): printf()
 * takes three page faults. */
static void append_string(struct buf *text, const char *before, const char *value)
{
	buf_append_text(text, before);
	buf_append_char(text, '"');
	buf_append_text(text, value);
	buf_append_char(text, '"');
}

static void append_user(struct buf *text, const struct env_file *file)
{
	const char *id = env_file_value(file, ENV_KEY_USER_ID);
	const char *name = env_file_value(file, ENV_KEY_USER);

	if (!*id) {
		buf_append_text(text, ",\"user\":null");
		return;
	}
	append_string(text, ",\"user\":{\"id\":", id);
	if (*name)
		append_string(text, ",\"username\":", name);
	else
		buf_append_text(text, ",\"username\":null");
	buf_append_char(text, '}');
}

/* The list is of words with a comma between them. */
static void append_permissions(struct buf *text, const char *list)
{
	buf_append_text(text, ",\"permission\":[");
	while (*list) {
		size_t size = strcspn(list, ",");

		buf_append_char(text, '"');
		buf_append(text, list, size);
		buf_append_char(text, '"');
		list += size;
		if (*list)
			buf_append_char(text, *list++);
	}
	buf_append_char(text, ']');
}

static void append_json(struct buf *text, const struct env_file *file)
{
	append_string(text, "{\"account\":", env_file_value(file, ENV_KEY_ACCOUNT));
	append_string(text, ",\"server\":", env_file_value(file, ENV_KEY_SERVER));
	append_user(text, file);
	append_string(text, ",\"i\":", env_file_value(file, ENV_KEY_TOKEN));
	append_permissions(text, env_file_value(file, ENV_KEY_PERMISSION));
	append_string(text, ",\"state\":", env_file_value(file, ENV_KEY_STATE));
	buf_append_text(text, "}\n");
}

static void append_line(struct buf *text, const char *before, const char *value)
{
	buf_append_text(text, before);
	buf_append_text(text, value);
	buf_append_char(text, '\n');
}

static void append_environment(struct buf *text, const struct env_file *file)
{
	for (size_t i = 0; i < ENV_KEY_COUNT; i++)
		if (file->lines[i])
			append_line(text, "", file->lines[i]);
}

static int print_format(const char *format, const struct env_file *file)
{
	_cleanup_(buf_done) struct buf text = {0};
	struct err_detail detail = {0};
	int r = token_format(format, file, &text, &detail);

	if (r < 0)
		return account_credential_failed(r, &detail);
	buf_append_char(&text, '\n');
	return token_print_text(&text);
}

int token_print(const struct token_options *options, struct env_file *file, const char *directory)
{
	_cleanup_(buf_done) struct buf text = {0};

	switch (options->mode) {
	case TOKEN_MODE_FORMAT:
		return print_format(options->format, file);
	case TOKEN_MODE_JSON:
		append_json(&text, file);
		break;
	case TOKEN_MODE_ENV:
		append_environment(&text, file);
		break;
	case TOKEN_MODE_HEADER:
		append_line(&text, "Authorization: Bearer ", env_file_value(file, ENV_KEY_TOKEN));
		break;
	case TOKEN_MODE_SERVER:
		return print_value(file, ENV_KEY_SERVER);
	case TOKEN_MODE_PATH:
		buf_append_format(&text, "%s/%s/" ACCOUNT_TOKEN_FILE "\n", directory,
				  env_file_value(file, ENV_KEY_ACCOUNT));
		break;
	default:
		return print_value(file, ENV_KEY_TOKEN);
	}
	return token_print_text(&text);
}
