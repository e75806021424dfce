/* SPDX-License-Identifier: MIT */
#include "terminal/terminal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "common/translate.h"
#include "terminal/exit_status.h"

/* A sentence around the longest URL (URL_MAX_BYTES) that is accepted from a server. */
#define MESSAGE_MAX_CHARS 4096
/* A table's cell: origins have 268 characters at most. */
#define CELL_MAX_CHARS 300
/* Where the terminal does not tell its width. */
#define DEFAULT_COLUMNS 80
/* No sentence fits a terminal that is narrower. */
#define NARROW_COLUMNS 20

#define ERASE_LINE "\r\033[K"

/* What terminal_progress() said last: a sentence with an origin (268 characters at most). A longer
 * one is compared by its beginning. */
static char said[512];
static bool live; /* and whether it stands on the terminal */

void terminal_progress_end(void)
{
	if (!live)
		return;
	fputs(ERASE_LINE, stderr);
	fflush(stderr);
	live = false;
}

static void write_printable(const char *text, size_t max_chars, const char *end)
{
	_cleanup_(buf_done) struct buf line = {0};

	text_append_printable(&line, text, max_chars);
	fputs(buf_text(&line), stderr);
	fputs(end, stderr);
	fflush(stderr);
}

void terminal_message(const char *format, ...)
{
	_cleanup_(freep) char *text = NULL;
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vasprintf(&text, format, arguments);
	va_end(arguments);
	terminal_progress_end();
	if (size < 0) {
		text = NULL;
		fputs("out of memory\n", stderr);
		return;
	}
	write_printable(text, MESSAGE_MAX_CHARS, "\n");
}

int terminal_failed(int code)
{
	terminal_message(_("misskey-authctl: %s."), _(err_text(code)));
	return EXIT_STATUS_FAILED;
}

static unsigned terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return DEFAULT_COLUMNS;
	return size.ws_col;
}

/* A variable that is set to nothing counts as not set, as POSIX and no-color.org want it. */
static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* The environment says which characters the person's terminal shows, also where that locale is not
 * installed, as it happens with one that ssh brought along: setlocale() would fail there. */
static bool locale_is_utf8(void)
{
	const char *locale = variable("LC_ALL");
	const char *codeset;

	if (!locale)
		locale = variable("LC_CTYPE");
	if (!locale)
		locale = variable("LANG");
	codeset = locale ? strchr(locale, '.') : NULL;
	return codeset &&
	       (strncasecmp(codeset, ".UTF-8", 6) == 0 || strncasecmp(codeset, ".UTF8", 5) == 0);
}

static enum terminal_colors wanted_colors;

void terminal_set_colors(enum terminal_colors colors)
{
	wanted_colors = colors;
}

bool terminal_takes_colors(int fd)
{
	const char *kind = variable("TERM");

	if (wanted_colors != TERMINAL_COLORS_AUTO)
		return wanted_colors == TERMINAL_COLORS_ALWAYS;
	return isatty(fd) && !variable("NO_COLOR") && !(kind && strcmp(kind, "dumb") == 0);
}

bool terminal_look(struct terminal *ret_terminal)
{
	if (!isatty(STDERR_FILENO))
		return false;
	ret_terminal->columns = terminal_columns();
	ret_terminal->utf8 = locale_is_utf8();
	ret_terminal->colors = terminal_takes_colors(STDERR_FILENO);
	return true;
}

void terminal_draw(const struct buf *drawing)
{
	terminal_progress_end();
	fputs(buf_text(drawing), stderr);
	fflush(stderr);
}

/* A line that wraps could not be erased: two columns stay free, for "…" and the cursor. Where a
 * sentence does not fit anyway, there is no point in cutting it. */
static size_t live_line_columns(void)
{
	unsigned columns = terminal_columns();

	return (columns < NARROW_COLUMNS ? DEFAULT_COLUMNS : columns) - 2;
}

void terminal_progress(const char *format, ...)
{
	bool terminal = isatty(STDERR_FILENO);
	char text[sizeof(said)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (strcmp(text, said) == 0 && live == terminal)
		return;
	strcpy(said, text);
	terminal_progress_end();
	write_printable(
		text, terminal ? text_chars_that_fit(text, live_line_columns()) : MESSAGE_MAX_CHARS,
		terminal ? "" : "\n");
	live = terminal;
}

void terminal_append_cell(struct buf *buf, const char *text)
{
	text_append_printable(buf, text && *text ? text : "-", CELL_MAX_CHARS);
}

void terminal_append_fact(struct buf *buf, int columns, const char *name, const char *value)
{
	buf_append_format(buf, "%-*s", columns, name);
	terminal_append_cell(buf, value);
	buf_append_char(buf, '\n');
}

void terminal_append_message(struct buf *buf, const char *text)
{
	text_append_printable(buf, text && *text ? text : "-", MESSAGE_MAX_CHARS);
}

int terminal_value(const struct buf *value)
{
	terminal_progress_end();
	if (value->error) {
		terminal_message("%s: %s.", program_invocation_short_name,
				 _(err_text(value->error)));
		return EXIT_STATUS_FAILED;
	}
	errno = 0;
	if (fputs(buf_text(value), stdout) >= 0 && fflush(stdout) == 0)
		return EXIT_STATUS_DONE;
	if (errno != EPIPE)
		terminal_message(_("%s: Writing to standard output failed: %s."),
				 program_invocation_short_name, translate_errno(errno));
	return EXIT_STATUS_FAILED;
}
