/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One line per event on standard error. Only a program's own layer writes here: main.c and the
 * modules that decide what an event means. With a journal behind standard error each line carries
 * its priority as sd-daemon(3) says. Messages are made printable; secrets are never passed.
 */

#include <stdbool.h>

#include "common/err.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* JOURNAL: prefix lines with "<3>" to "<7>". Until this is called: info, without prefix. */
void log_setup(enum log_level level, bool journal);

void log_set_level(enum log_level level);

/* "error", "warning", "info", "debug". ERR_INVALID. */
int log_level_parse(const char *text, enum log_level *ret_level) _must_check_;

void log_line(enum log_level level, const char *format, ...) _printf_(2, 3);
#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
