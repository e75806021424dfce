/* SPDX-License-Identifier: MIT */
#include "web_browser/web_browser.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "browser_commands.h"
#include "common/cleanup.h"
#include "common/number.h"
#include "common/url.h"

/* xdg-open(1): a tool that it needs was not found; the action failed. */
#define XDG_OPEN_NO_TOOL 3
#define XDG_OPEN_FAILED 4
/* As a shell says it. */
#define NOT_EXECUTABLE 126
#define NOT_FOUND 127

/* What is put in front of a command to give it a scope. The journal gets the description; without
 * one it would get the command, URL and all. */
static const char *const scope[] = {"systemd-run",
				    "--user",
				    "--scope",
				    "--collect",
				    "--quiet",
				    "--slice=app.slice",
				    "--description=Web browser",
				    "--"};
#define SCOPE_WORDS (sizeof(scope) / sizeof(scope[0]))

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

bool browser_has_desktop(void)
{
	return is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
}

bool browser_is_possible(void)
{
	return browser_has_desktop() || browser_commands_are_wished();
}

bool browser_is_elsewhere(void)
{
	return is_set("SSH_CONNECTION");
}

int browser_find(char **ret_command, char **ret_missing)
{
	_cleanup_(browser_commands_done) struct browser_commands commands = {0};
	int r = browser_commands_build("", &commands);

	*ret_command = r == 0 ? strdup(commands.words[0][0]) : NULL;
	*ret_missing = commands.missing.size > 0 ? buf_take(&commands.missing) : NULL;
	return r == 0 && !*ret_command ? ERR_NOMEM : r;
}

/* ---- In a process of its own: the keeper ---- */

/* Whether this process is the main one of a service (systemd.exec(5)). Children inherit the
 * variable, a terminal's shell for instance: the number must be our own. */
static bool is_service(void)
{
	const char *pid = getenv("SYSTEMD_EXEC_PID");

	return pid && number_is_own_pid(pid);
}

/* Becomes the command WORDS, in a scope of its own if IN_SCOPE. */
static _Noreturn void become_browser(char **words, bool in_scope)
{
	const char *all[SCOPE_WORDS + BROWSER_WORDS_MAX + 1] = {0};
	/* It writes to no word, whatever its declaration says. */
	const union {
		const char *const *given;
		char *const *taken;
	} arguments = {all};
	const char **last = all;
	sigset_t none;

	for (size_t i = 0; in_scope && i < SCOPE_WORDS; i++)
		*last++ = scope[i];
	while (*words)
		*last++ = *words++;
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(all[0], arguments.taken);
	_exit(errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
}

/* Starts WORDS. Returns its status of waitpid() if it fails at once, and 0 if it does not. */
static int run(char **words, bool in_scope)
{
	_cleanup_(closep) int fd = -1;
	struct pollfd end = {.events = POLLIN};
	int status = 0;
	pid_t child = fork();

	if (child < 0)
		return W_EXITCODE(NOT_EXECUTABLE, 0);
	if (child == 0)
		become_browser(words, in_scope);
	end.fd = fd = pidfd_open(child, 0);
	if (fd < 0 || poll(&end, 1, BROWSER_FAILURE_MS) <= 0)
		return 0;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* Whether the command certainly opened nothing. Any other failure may have handed the page to a
 * browser that runs, and a link that two browsers open is worth nothing. */
static bool has_opened_nothing(int status)
{
	if (!WIFEXITED(status))
		return false;
	switch (WEXITSTATUS(status)) {
	case XDG_OPEN_NO_TOOL:
	case XDG_OPEN_FAILED:
	case NOT_EXECUTABLE:
	case NOT_FOUND:
		return true;
	default:
		return false;
	}
}

static void describe(const char *command, int status, struct err_detail *ret_text)
{
	if (WIFSIGNALED(status))
		(void)err_set(ret_text, 0, "%s was ended at once by signal %d.", command,
			      WTERMSIG(status));
	else if (WEXITSTATUS(status) == NOT_EXECUTABLE || WEXITSTATUS(status) == NOT_FOUND)
		(void)err_set(ret_text, 0, "%s could not be started.", command);
	else
		(void)err_set(ret_text, 0, "%s ended at once with exit status %d.", command,
			      WEXITSTATUS(status));
}

/* Tries the commands, says to REPORT what went wrong with the first if none opened the page, and
 * closes it. */
static _Noreturn void keep(struct browser_commands *commands, bool in_scope, int report)
{
	struct err_detail text = {0};
	int status = 0;

	/* The caller's locks and pipes must not stay open. */
	(void)close_range(STDERR_FILENO + 1, (unsigned)report - 1, 0);
	(void)close_range((unsigned)report + 1, ~0U, 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	for (size_t i = 0; i < commands->count; i++) {
		status = run(commands->words[i], in_scope);
		if (status == 0)
			_exit(0);
		if (i == 0)
			describe(commands->words[i][0], status, &text);
		if (!has_opened_nothing(status))
			break;
	}
	if (write(report, text.text, strlen(text.text)) < 0)
		_exit(1);
	_exit(0);
}

static bool redirect_streams(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	return null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
	       dup2(null, STDERR_FILENO) >= 0;
}

/* A child that forks and ends: its own child belongs to init, and nobody has to wait for it. */
static int start(struct browser_commands *commands, int report, struct err_detail *detail)
{
	bool in_scope = is_service();
	pid_t child = fork();
	int ended = 0;

	if (child < 0)
		return err_set(detail, ERR_IO, "No process could be made: %s.",
			       strerrordesc_np(errno));
	if (child == 0) {
		pid_t keeper;

		setsid();
		keeper = redirect_streams() ? fork() : -1;
		if (keeper == 0)
			keep(commands, in_scope, report);
		_exit(keeper < 0 ? 1 : 0);
	}
	while (waitpid(child, &ended, 0) < 0 && errno == EINTR)
		;
	/* Otherwise the pipe's end would pass for a browser that runs. */
	if (ended != 0)
		return err_set(detail, ERR_IO, "No process could be made for a browser.");
	return 0;
}

/* ---- The caller ---- */

int browser_open(const char *url, struct browser *ret_browser, struct err_detail *detail)
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
	r = browser_commands_build(url, &commands);
	if (r == ERR_NOT_FOUND)
		return err_set(detail, r,
			       "No browser was found (xdg-open, wslview, sensible-browser, "
			       "x-www-browser, or the environment variable BROWSER).");
	if (r < 0)
		return err_set(detail, r, "BROWSER cannot be used: %s.", err_text(r));
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(detail, ERR_IO, "No pipe could be made: %s.",
			       strerrordesc_np(errno));
	reader = ends[0];
	writer = ends[1];
	r = start(&commands, writer, detail);
	if (r < 0)
		return r;
	*ret_browser = (struct browser){.is_watched = true, .report = TAKE_FD(reader)};
	return 0;
}

int browser_look(struct browser *browser, int wait_ms, struct err_detail *detail)
{
	struct pollfd report = {.fd = browser->report, .events = POLLIN};
	char text[ERR_DETAIL_BYTES] = "";

	if (!browser->is_watched)
		return 0;
	if (poll(&report, 1, wait_ms) <= 0)
		return ERR_BUSY;
	/* The keeper writes its message in one piece. If it ends without one, the page was opened.
	 */
	if (read(browser->report, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	browser_done(browser);
	return text[0] ? err_set(detail, ERR_IO, "%s", text) : 0;
}

void browser_done(struct browser *browser)
{
	if (browser->is_watched)
		close(browser->report);
	browser->is_watched = false;
}
