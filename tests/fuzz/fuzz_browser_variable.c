/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "browser_commands.h"
#include "common/buf.h"
#include "common/cleanup.h"
#include "fuzz.h"

#define START "6f1c"
#define URL "http://127.0.0.1:41987/start/" START
/* Every character with a meaning in a list, a command, a placeholder or a shell. */
#define ODD_URL "http://127.0.0.1:41987/start/%s%c%% :\t'\"$(id);&|\\\n"

static void require(bool is_so)
{
	if (!is_so)
		abort();
}

static size_t occurrences(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		count++;
	return count;
}

/* How often COMMAND has %s; %%s does not count. */
static size_t placeholders(const char *command)
{
	size_t count = 0;

	for (; *command; command++) {
		if (*command != '%')
			continue;
		count += command[1] == 's';
		command += command[1] != '\0';
	}
	return count;
}

/* TEXT with ODD_URL in place of URL. */
static char *with_odd_url(const char *text)
{
	_cleanup_(buf_done) struct buf odd = {0};
	const char *found;

	for (; (found = strstr(text, URL)); text = found + strlen(URL)) {
		buf_append(&odd, text, (size_t)(found - text));
		buf_append_text(&odd, ODD_URL);
	}
	buf_append_text(&odd, text);
	return buf_take(&odd);
}

static bool is_program(const char *name)
{
	struct stat file;

	if (!strchr(name, '/'))
		return strcmp(name, "exe") == 0;
	return stat(name, &file) == 0 && S_ISREG(file.st_mode) && access(name, X_OK) == 0;
}

/* A program that there is, and at least once the URL; returns how often. */
static size_t check_command(char *const *words)
{
	size_t count = 0;
	size_t urls = 0;

	for (; words[count]; count++) {
		require(count < BROWSER_WORDS_MAX);
		urls += occurrences(words[count], URL);
	}
	require(count > 1 && urls > 0 && is_program(words[0]));
	return urls;
}

/* What the URL is changes nothing but the URL. */
static void check_odd(const struct browser_commands *commands)
{
	_cleanup_(browser_commands_done) struct browser_commands odd = {0};

	require(browser_commands_build(ODD_URL, &odd) == 0 && odd.count == commands->count);
	for (size_t n = 0; n < odd.count; n++) {
		for (size_t i = 0; commands->words[n][i] || odd.words[n][i]; i++) {
			_cleanup_(freep) char *expected = with_odd_url(commands->words[n][i]);

			require(odd.words[n][i] && strcmp(odd.words[n][i], expected) == 0);
		}
	}
}

/* A command alone: each %s is the URL; without one, the URL is the last word, unchanged. */
static void check_alone(const char *command, char *const *words, size_t urls)
{
	size_t last = 0;

	while (words[last + 1])
		last++;
	require(urls == (placeholders(command) ? placeholders(command) : 1));
	require(placeholders(command) || strcmp(words[last], URL) == 0);
}

/* The input is the value of BROWSER. Of programs without a slash there is `exe` alone. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(browser_commands_done) struct browser_commands commands = {0};
	_cleanup_(freep) char *text = strndup((const char *)data, size);
	int r;

	require(text && !setenv("BROWSER", text, 1) &&
		!setenv("PATH", "/nonexistent:/proc/self", 1));
	/* Put together with %c it would be counted. */
	if (strstr(text, START))
		return 0;
	r = browser_commands_build(URL, &commands);
	if (r) {
		require(r == ERR_LIMIT || (r == ERR_NOT_FOUND && commands.count == 0));
		return 0;
	}
	require(commands.count > 0 && commands.count <= BROWSER_COMMANDS_MAX);
	for (size_t n = 0; n < commands.count; n++) {
		size_t urls = check_command(commands.words[n]);

		/* Quotes can take a placeholder apart. */
		if (!strpbrk(text, ":'\""))
			check_alone(text, commands.words[n], urls);
	}
	check_odd(&commands);
	return 0;
}
