/* SPDX-License-Identifier: MIT */
#include "browser_commands.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

/* wslview is there under Windows alone, and opens its browser. */
static const char *const fallbacks[] = {"xdg-open", "wslview", "sensible-browser", "x-www-browser"};
#define FALLBACK_COUNT (sizeof(fallbacks) / sizeof(fallbacks[0]))

#define BLANKS " \t\n"

void browser_commands_done(struct browser_commands *commands)
{
	for (size_t i = 0; i < BROWSER_COMMANDS_MAX; i++)
		for (size_t j = 0; j <= BROWSER_WORDS_MAX; j++)
			free(commands->words[i][j]);
	buf_done(&commands->missing);
}

/* WORD with %s replaced by URL; *ret_used is set if there was one. NULL without memory. */
static char *expand(const char *word, const char *url, bool *ret_used)
{
	_cleanup_(buf_done) struct buf text = {0};

	for (; *word; word++) {
		if (word[0] == '%' && word[1] == 's') {
			buf_append_text(&text, url);
			*ret_used = true;
		} else if (word[0] == '%' && (word[1] == 'c' || word[1] == '%')) {
			buf_append_char(&text, word[1] == 'c' ? ':' : '%');
		} else {
			buf_append_char(&text, word[0]);
			continue;
		}
		word++;
	}
	return buf_take(&text);
}

static bool is_program(const char *file)
{
	struct stat status;

	return stat(file, &status) == 0 && S_ISREG(status.st_mode) && access(file, X_OK) == 0;
}

/* As execvp() looks for it. */
static bool can_be_found(const char *command)
{
	const char *path = getenv("PATH");

	if (strchr(command, '/'))
		return is_program(command);
	for (const char *at = path ? path : "/bin:/usr/bin"; at;
	     at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
		_cleanup_(buf_done) struct buf file = {0};
		size_t size = strcspn(at, ":");

		/* An empty entry means the working directory. */
		buf_append(&file, size > 0 ? at : ".", size > 0 ? size : 1);
		buf_append_format(&file, "/%s", command);
		if (buf_error(&file) == 0 && is_program(buf_text(&file)))
			return true;
	}
	return false;
}

/* Whether C, in TEXT that is read from its beginning on, is neither between quotes nor one. */
static bool is_plain(char c, char *quote)
{
	if (*quote) {
		if (c == *quote)
			*quote = '\0';
		return false;
	}
	if (c != '\'' && c != '"')
		return true;
	*quote = c;
	return false;
}

/* How long the first command of LIST is. */
static size_t command_size(const char *list)
{
	char quote = '\0';
	size_t size = 0;

	while (list[size] && !(is_plain(list[size], &quote) && list[size] == ':'))
		size++;
	return size;
}

/* Appends the next word at *AT, without its quotes, and moves *AT behind it. False: there is none.
 */
static bool take_word(const char **at, struct buf *word)
{
	char quote = '\0';

	*at += strspn(*at, BLANKS);
	if (!**at)
		return false;
	for (; **at; (*at)++) {
		char before = quote;
		bool plain = is_plain(**at, &quote);

		if (plain && strchr(BLANKS, **at))
			break;
		/* Not the quotes themselves. */
		if (plain || (before && quote))
			buf_append_char(word, **at);
	}
	return true;
}

static int add_word(char **words, size_t *count, const char *word, const char *url, bool *ret_used)
{
	if (*count == BROWSER_WORDS_MAX - 1)
		return ERR_LIMIT;
	words[*count] = expand(word, url, ret_used);
	return words[(*count)++] ? 0 : ERR_NOMEM;
}

/* Fills WORDS with those of COMMAND and URL. */
static int split(char **words, const char *command, const char *url)
{
	bool used = false;
	size_t count = 0;

	for (const char *at = command;;) {
		_cleanup_(buf_done) struct buf word = {0};
		int r;

		if (!take_word(&at, &word))
			break;
		r = buf_error(&word) ? ERR_NOMEM
				     : add_word(words, &count, buf_text(&word), url, &used);
		if (r < 0)
			return r;
	}
	if (count == 0 || used)
		return 0;
	words[count] = strdup(url);
	return words[count] ? 0 : ERR_NOMEM;
}

/* Fills WORDS with PROGRAM and URL. */
static int fill(char **words, const char *program, const char *url)
{
	words[0] = strdup(program);
	words[1] = words[0] ? strdup(url) : NULL;
	return words[1] ? 0 : ERR_NOMEM;
}

static void words_done(char **words)
{
	for (size_t i = 0; words[i]; i++) {
		free(words[i]);
		words[i] = NULL;
	}
}

/* COMMAND is no program: its first word, as it stands there. */
static void note_missing(struct browser_commands *commands, const char *command)
{
	if (commands->count > 0)
		return;
	if (commands->missing.size > 0)
		buf_append_text(&commands->missing, ", ");
	(void)take_word(&command, &commands->missing);
}

/* Adds COMMAND, if there is such a program. */
static int add_command(struct browser_commands *commands, const char *command, const char *url)
{
	char **words = commands->words[commands->count];
	bool is_path = strpbrk(command, BLANKS) && can_be_found(command);
	int r = is_path ? fill(words, command, url) : split(words, command, url);

	if (r < 0)
		return r;
	if (words[0] && can_be_found(words[0])) {
		commands->count++;
		return 0;
	}
	if (words[0])
		note_missing(commands, command);
	words_done(words);
	return 0;
}

/* COMMAND without blanks around it. ERR_NOMEM. */
static int trim(const char *command, size_t size, char **ret_command)
{
	size_t blanks = strspn(command, BLANKS);

	blanks = blanks < size ? blanks : size;
	for (command += blanks, size -= blanks; size > 0 && strchr(BLANKS, command[size - 1]);)
		size--;
	*ret_command = strndup(command, size);
	return *ret_command ? 0 : ERR_NOMEM;
}

static int add_variable(struct browser_commands *commands, const char *url)
{
	const char *list = getenv("BROWSER");

	while (list && *list && commands->count < BROWSER_COMMANDS_MAX - FALLBACK_COUNT) {
		_cleanup_(freep) char *command = NULL;
		size_t size = command_size(list);
		int r = trim(list, size, &command);

		if (r == 0)
			r = add_command(commands, command, url);
		if (r < 0)
			return r;
		list += size + (list[size] == ':');
	}
	return 0;
}

int browser_commands_build(const char *url, struct browser_commands *ret_commands)
{
	int r = add_variable(ret_commands, url);

	for (size_t i = 0; r == 0 && i < FALLBACK_COUNT; i++)
		if (can_be_found(fallbacks[i]))
			r = add_command(ret_commands, fallbacks[i], url);
	if (r == 0)
		r = buf_error(&ret_commands->missing);
	if (r < 0)
		return r;
	return ret_commands->count > 0 ? 0 : ERR_NOT_FOUND;
}

static bool is_text_browser(const char *command)
{
	static const char *const names[] = {"w3m", "lynx", "elinks", "links", "links2"};
	const char *slash = strrchr(command, '/');
	const char *name = slash ? slash + 1 : command;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

bool browser_commands_are_wished(void)
{
	_cleanup_(browser_commands_done) struct browser_commands commands = {0};

	return add_variable(&commands, "") == 0 && commands.count > 0 &&
	       !is_text_browser(commands.words[0][0]);
}
