/* SPDX-License-Identifier: MIT */
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/text.h"

/* An err_detail and a sentence around it; the journal itself takes 48 KiB. */
#define LOG_MESSAGE_BYTES 4096

/* Set once by main(), before anything is logged. */
static enum log_level log_level = LOG_LEVEL_INFO;
static bool log_journal;

void log_setup(enum log_level level, bool journal)
{
	log_level = level;
	log_journal = journal;
}

void log_set_level(enum log_level level)
{
	log_level = level;
}

int log_level_parse(const char *text, enum log_level *ret_level)
{
	static const char *const names[] = {
		[LOG_LEVEL_ERROR] = "error",
		[LOG_LEVEL_WARNING] = "warning",
		[LOG_LEVEL_INFO] = "info",
		[LOG_LEVEL_DEBUG] = "debug",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0) {
			*ret_level = (enum log_level)i;
			return 0;
		}
	}
	return ERR_INVALID;
}

/* sd-daemon(3): SD_ERR, SD_WARNING, SD_INFO, SD_DEBUG */
static const char *journal_prefix(enum log_level level)
{
	static const char *const prefixes[] = {
		[LOG_LEVEL_ERROR] = "<3>",
		[LOG_LEVEL_WARNING] = "<4>",
		[LOG_LEVEL_INFO] = "<6>",
		[LOG_LEVEL_DEBUG] = "<7>",
	};

	return prefixes[level];
}

/* A failure is not reported: there is nowhere to report it to. */
static void write_all(const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(STDERR_FILENO, bytes, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return;
		bytes += written;
		size -= (size_t)written;
	}
}

void log_line(enum log_level level, const char *format, ...)
{
	static const char no_memory[] = "a message could not be written: no memory\n";
	_cleanup_(buf_done) struct buf line = {0};
	char message[LOG_MESSAGE_BYTES];
	int saved_errno = errno;
	va_list arguments;

	if (level > log_level)
		return;
	va_start(arguments, format);
	(void)vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	if (log_journal)
		buf_append_text(&line, journal_prefix(level));
	text_append_printable(&line, message, LOG_MESSAGE_BYTES);
	buf_append_char(&line, '\n');
	/* In one piece, so that lines of several processes do not mix. */
	if (buf_error(&line))
		write_all(no_memory, sizeof(no_memory) - 1);
	else
		write_all(buf_text(&line), line.size);
	errno = saved_errno;
}
