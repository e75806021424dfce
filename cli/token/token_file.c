/* SPDX-License-Identifier: MIT */
#include "token/token_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/paths.h"
#include "common/translate.h"
#include "terminal/advice.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define KEY_ALPHABET LETTERS DIGITS "_"
/* Names, origins (with [::1]) and tokens need no more; nothing in it means anything to a shell in
 * an assignment, to JSON or to HTTP. */
#define VALUE_ALPHABET LETTERS DIGITS "abcdefghijklmnopqrstuvwxyz._@:/+=,%[]-"

static const char *const keys[TOKEN_KEY_COUNT] = {
	[TOKEN_KEY_STATE] = "MISSKEY_STATE",	 [TOKEN_KEY_SERVER] = "MISSKEY_SERVER",
	[TOKEN_KEY_ACCOUNT] = "MISSKEY_ACCOUNT", [TOKEN_KEY_USER] = "MISSKEY_USER",
	[TOKEN_KEY_TOKEN] = "MISSKEY_TOKEN",
};

void token_file_erase(struct token_file *file)
{
	explicit_bzero(file, sizeof(*file));
}

const char *token_file_value(const struct token_file *file, enum token_key key)
{
	return file->lines[key] ? file->lines[key] + strlen(keys[key]) + 1 : "";
}

bool token_file_is_good(const struct token_file *file)
{
	const char *state = token_file_value(file, TOKEN_KEY_STATE);

	return strcmp(state, "verified") == 0 || strcmp(state, "unverified") == 0;
}

/* NULL, or what is wrong with LINE, which is kept if its key is one of ours. */
static const char *take_line(char *line, struct token_file *file)
{
	size_t key_size = strspn(line, KEY_ALPHABET);
	const char *value = line + key_size + 1;

	if (key_size == 0 || line[key_size] != '=')
		return _("a line is not KEY=VALUE");
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7F)
			return _("a value has a control character");
	for (size_t i = 0; i < TOKEN_KEY_COUNT; i++) {
		if (strlen(keys[i]) != key_size || memcmp(line, keys[i], key_size) != 0)
			continue;
		if (file->lines[i])
			return _("a key is there twice");
		if (value[strspn(value, VALUE_ALPHABET)])
			return _("a value has a character that does not belong there");
		file->lines[i] = line;
	}
	return NULL;
}

/* The same for SIZE bytes of whole lines; cuts them into strings. */
static const char *take_lines(struct token_file *file, size_t size)
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

/* The same for all values together. */
static const char *check_values(const struct token_file *file, const char *account)
{
	const char *state = token_file_value(file, TOKEN_KEY_STATE);
	const char *server = token_file_value(file, TOKEN_KEY_SERVER);
	bool good = token_file_is_good(file);

	if (!good && strcmp(state, "absent") != 0 && strcmp(state, "revoked") != 0 &&
	    strcmp(state, "suspended") != 0)
		return _("MISSKEY_STATE is not one that this version knows");
	if (strncmp(server, "https://", 8) != 0 && strncmp(server, "http://", 7) != 0)
		return _("MISSKEY_SERVER is not a server's address");
	if (strcmp(token_file_value(file, TOKEN_KEY_ACCOUNT), account) != 0)
		return _("MISSKEY_ACCOUNT is not this account");
	if (good && !*token_file_value(file, TOKEN_KEY_TOKEN))
		return _("MISSKEY_TOKEN is missing");
	return NULL;
}

static int open_failed(const char *path, struct err_detail *detail)
{
	switch (errno) {
	case ENOENT:
		if (paths_lead_nowhere(path, detail))
			return ERR_IO;
		return err_set(detail, ERR_NOT_FOUND, _("There is no file %s."), path);
	case ELOOP:
		return err_set(detail, ERR_UNSAFE, _("%s is a symbolic link. Remove it. %s"), path,
			       TOKEN_FILE_REPAIR);
	case EACCES:
		return err_set(detail, ERR_ACCESS,
			       _("%s cannot be read: Permission denied. If it is yours: "
				 "chmod 600 '%s'; the directories above it need chmod 700."),
			       path, path);
	default:
		return err_set(detail, ERR_IO, _("%s cannot be read: %s."), path,
			       translate_errno(errno));
	}
}

/* Whoever may write the file could make a script post as somebody else; whoever may read it has
 * the token already. */
static int check_status(const char *path, const struct stat *status, struct err_detail *detail)
{
	if (!S_ISREG(status->st_mode))
		return err_set(detail, ERR_UNSAFE, _("%s is not a regular file. Remove it. %s"),
			       path, TOKEN_FILE_REPAIR);
	if (status->st_uid != geteuid())
		return err_set(detail, ERR_UNSAFE,
			       _("%s belongs to another user (uid %lu). If its content is yours: "
				 "sudo chown %lu '%s'"),
			       path, (unsigned long)status->st_uid, (unsigned long)geteuid(), path);
	if (status->st_mode & (S_IRWXG | S_IRWXO))
		return err_set(detail, ERR_UNSAFE,
			       _("Other users have access to %s (mode %04o). Think who could have "
				 "used it, then: chmod 600 '%s'"),
			       path, (unsigned)(status->st_mode & 07777), path);
	if (status->st_size > TOKEN_FILE_MAX_BYTES)
		return err_set(detail, ERR_DAMAGED, _("%s is damaged: it is too large. %s"), path,
			       TOKEN_FILE_REPAIR);
	return 0;
}

/* The file is replaced as a whole and never written to, so its size is that of one moment. */
static int read_bytes(int fd, const char *path, size_t size, char *ret_bytes,
		      struct err_detail *detail)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = read(fd, ret_bytes + done, size - done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return err_set(detail, ERR_IO, _("%s cannot be read: %s."), path,
				       translate_errno(errno));
		if (count == 0)
			return err_set(detail, ERR_DAMAGED,
				       _("%s is damaged: it became shorter. %s"), path,
				       TOKEN_FILE_REPAIR);
		done += (size_t)count;
	}
	return 0;
}

const char *token_file_parse(struct token_file *file, size_t size, const char *account)
{
	const char *wrong = take_lines(file, size);

	return wrong ? wrong : check_values(file, account);
}

int token_file_read(const char *path, const char *account, struct token_file *ret_file,
		    struct err_detail *detail)
{
	_cleanup_(closep) int fd = -1;
	const char *wrong;
	struct stat status;
	int r;

	token_file_erase(ret_file);
	/* O_NONBLOCK: a FIFO in the file's place must not hold us up. */
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return open_failed(path, detail);
	if (fstat(fd, &status) < 0)
		return err_set(detail, ERR_IO, _("%s cannot be read: %s."), path,
			       translate_errno(errno));
	r = check_status(path, &status, detail);
	if (r < 0)
		return r;
	r = read_bytes(fd, path, (size_t)status.st_size, ret_file->bytes, detail);
	if (r < 0)
		return r;
	wrong = token_file_parse(ret_file, (size_t)status.st_size, account);
	if (wrong)
		return err_set(detail, ERR_DAMAGED, _("%s is damaged: %s. %s"), path, wrong,
			       TOKEN_FILE_REPAIR);
	return 0;
}
