/* SPDX-License-Identifier: MIT */
#include "cli/browser.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/url.h"

/* More than a person writes into BROWSER; what is beyond is not tried. */
#define COMMANDS_MAX 16
/* Words of one command, the URL included. */
#define WORDS_MAX 32

/* The commands to try. They are built before fork(), where memory can be had. */
struct browser_commands {
	char *words[COMMANDS_MAX][WORDS_MAX + 1]; /* each command ends with NULL */
	size_t count;
};

static const char *const fallbacks[] = {"xdg-open", "sensible-browser", "x-www-browser"};
#define FALLBACK_COUNT (sizeof(fallbacks) / sizeof(fallbacks[0]))

static void browser_commands_done(struct browser_commands *commands)
{
	for (size_t i = 0; i < COMMANDS_MAX; i++)
		for (size_t j = 0; j <= WORDS_MAX; j++)
			free(commands->words[i][j]);
}

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

bool browser_is_possible(void)
{
	return is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
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

/* Splits COMMAND (which is written to) at blanks and adds it; an empty one is passed over. */
static int add_command(struct browser_commands *commands, char *command, const char *url)
{
	char **words = commands->words[commands->count];
	bool used = false;
	char *rest = NULL;
	size_t count = 0;

	for (char *word = strtok_r(command, " \t\n", &rest); word;
	     word = strtok_r(NULL, " \t\n", &rest)) {
		if (count == WORDS_MAX - 1)
			return ERR_LIMIT;
		words[count] = expand(word, url, &used);
		if (!words[count++])
			return ERR_NOMEM;
	}
	if (count == 0)
		return 0;
	if (!used) {
		words[count] = strdup(url);
		if (!words[count])
			return ERR_NOMEM;
	}
	commands->count++;
	return 0;
}

static int build_commands(struct browser_commands *commands, const char *url)
{
	const char *list = getenv("BROWSER");
	_cleanup_(freep) char *copy = strdup(list ? list : "");
	char *rest = copy;
	char *command;

	if (!copy)
		return ERR_NOMEM;
	while ((command = strsep(&rest, ":")) && commands->count < COMMANDS_MAX - FALLBACK_COUNT) {
		int r = add_command(commands, command, url);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < FALLBACK_COUNT; i++) {
		char name[32];
		int r;

		strcpy(name, fallbacks[i]);
		r = add_command(commands, name, url);
		if (r < 0)
			return r;
	}
	return 0;
}

/* As execvp() looks for it. */
static bool can_be_found(const char *command)
{
	const char *path = getenv("PATH");

	if (strchr(command, '/'))
		return access(command, X_OK) == 0;
	for (const char *at = path; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
		_cleanup_(buf_done) struct buf file = {0};

		buf_append(&file, at, strcspn(at, ":"));
		buf_append_format(&file, "/%s", command);
		if (buf_error(&file) == 0 && access(buf_text(&file), X_OK) == 0)
			return true;
	}
	return false;
}

int browser_find(char **ret_command)
{
	_cleanup_(browser_commands_done) struct browser_commands commands = {0};
	int r = build_commands(&commands, "");

	if (r < 0)
		return r;
	for (size_t i = 0; i < commands.count; i++) {
		if (!can_be_found(commands.words[i][0]))
			continue;
		*ret_command = TAKE_PTR(commands.words[i][0]);
		return 0;
	}
	return ERR_NOT_FOUND;
}

/* In the grandchild: becomes the first command that can be started; else tells why the first could
 * not. REPORT closes by itself when one starts. */
static _Noreturn void become_browser(const struct browser_commands *commands, int report)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int error = 0;

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0) {
		error = errno;
	} else {
		signal(SIGPIPE, SIG_DFL);
		/* The caller's locks and pipes must not stay open for as long as the browser does.
		 */
		(void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
		for (size_t i = 0; i < commands->count; i++) {
			execvp(commands->words[i][0], commands->words[i]);
			/* "Not found" is the least telling of the reasons. */
			if (error == 0 || error == ENOENT)
				error = errno;
		}
	}
	if (write(report, &error, sizeof(error)) < 0)
		_exit(1);
	_exit(1);
}

/* A child that forks and ends: its own child belongs to init, and nobody has to wait for it. */
static int start(const struct browser_commands *commands, int report, struct err_detail *detail)
{
	pid_t child = fork();
	int ended = 0;

	if (child < 0)
		return err_set(detail, ERR_IO, "No process could be made: %s.", strerror(errno));
	if (child == 0) {
		pid_t browser;

		setsid();
		browser = fork();
		if (browser == 0)
			become_browser(commands, report);
		_exit(browser < 0 ? 1 : 0);
	}
	while (waitpid(child, &ended, 0) < 0 && errno == EINTR)
		;
	/* Otherwise the pipe's end would pass for a browser that runs. */
	if (ended != 0)
		return err_set(detail, ERR_IO, "No process could be made for a browser.");
	return 0;
}

/* Reads what went wrong; the end of the pipe without a word means that a command runs. */
static int read_report(int report, struct err_detail *detail)
{
	int error = 0;
	ssize_t size;

	do
		size = read(report, &error, sizeof(error));
	while (size < 0 && errno == EINTR);
	if (size == 0)
		return 0;
	if (size == (ssize_t)sizeof(error) && error == ENOENT)
		return err_set(detail, ERR_NOT_FOUND,
			       "No browser was found (xdg-open, sensible-browser, x-www-browser, "
			       "or the environment variable BROWSER).");
	return err_set(detail, ERR_NOT_FOUND, "No browser could be started: %s.", strerror(error));
}

int browser_open(const char *url, struct err_detail *detail)
{
	_cleanup_(browser_commands_done) struct browser_commands commands = {0};
	_cleanup_(closep) int reader = -1;
	_cleanup_(closep) int writer = -1;
	char origin[URL_ORIGIN_BYTES];
	const char *path;
	int ends[2];
	int r;

	/* Nothing that a browser would take for an option or a file. */
	r = url_split(url, origin, &path, NULL);
	if (r < 0)
		return err_set(detail, r, "The page's address is not one for a browser.");
	r = build_commands(&commands, url);
	if (r < 0)
		return err_set(detail, r, "BROWSER cannot be used: %s.", err_text(r));
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(detail, ERR_IO, "No pipe could be made: %s.", strerror(errno));
	reader = ends[0];
	writer = ends[1];
	r = start(&commands, writer, detail);
	if (r < 0)
		return r;
	close(TAKE_FD(writer));
	return read_report(reader, detail);
}
