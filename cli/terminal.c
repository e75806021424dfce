/* SPDX-License-Identifier: MIT */
#include "cli/terminal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/exit_status.h"
#include "common/cleanup.h"
#include "common/text.h"

/* A sentence around the longest URL (URL_MAX_BYTES) that is accepted from a server. */
#define MESSAGE_MAX_CHARS 4096
/* A table's cell: origins have 268 characters at most. */
#define CELL_MAX_CHARS 300
/* Where the terminal does not tell its width. */
#define DEFAULT_COLUMNS 80

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

static size_t terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
		return DEFAULT_COLUMNS;
	return size.ws_col;
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
	/* A line that wraps could not be erased: two columns stay free, for "…" and the cursor. */
	write_printable(text, terminal ? terminal_columns() - 2 : MESSAGE_MAX_CHARS,
			terminal ? "" : "\n");
	live = terminal;
}

void terminal_append_cell(struct buf *buf, const char *text)
{
	text_append_printable(buf, text && *text ? text : "-", CELL_MAX_CHARS);
}

void terminal_append_message(struct buf *buf, const char *text)
{
	text_append_printable(buf, text && *text ? text : "-", MESSAGE_MAX_CHARS);
}

int terminal_value(const struct buf *value)
{
	terminal_progress_end();
	if (value->error) {
		terminal_message("%s: %s.", program_invocation_short_name, err_text(value->error));
		return EXIT_STATUS_FAILED;
	}
	errno = 0;
	if (fputs(buf_text(value), stdout) >= 0 && fflush(stdout) == 0)
		return EXIT_STATUS_DONE;
	terminal_message("%s: Writing to standard output failed: %s.",
			 program_invocation_short_name, strerror(errno));
	return EXIT_STATUS_FAILED;
}
