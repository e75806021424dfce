/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Messages on standard error, values on standard output. Everything on standard error is made
 * printable, so that neither the daemon nor a server can write control sequences to the terminal;
 * only terminal_draw() writes as it is told. At most one live line stands at the bottom of a
 * terminal; the next message replaces it.
 */

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

/* One line on standard error. */
void terminal_message(const char *format, ...) _printf_(1, 2);

/* Says that misskey-authctl failed with CODE of enum err; returns EXIT_STATUS_FAILED. */
int terminal_failed(int code) _must_check_;

/* Says how far something is: replaces the live line on a terminal, is a plain line otherwise. The
 * same text is not said twice in a row. */
void terminal_progress(const char *format, ...) _printf_(1, 2);

/* Removes the live line, if there is one. */
void terminal_progress_end(void);

/* Whether there are colours: AUTO is on a terminal that can show them, unless NO_COLOR is set. */
enum terminal_colors { TERMINAL_COLORS_AUTO, TERMINAL_COLORS_ALWAYS, TERMINAL_COLORS_NEVER };

/* From now on; without it AUTO. */
void terminal_set_colors(enum terminal_colors colors);

/* Whether what is written to FD may have colours. */
bool terminal_takes_colors(int fd);

/* The terminal that standard error is. */
struct terminal {
	unsigned columns; /* 80 if it does not tell */
	bool utf8;	  /* LC_ALL, LC_CTYPE or LANG, the first that is set, says so */
	bool colors;	  /* terminal_takes_colors() */
};

/* False: it is none. */
bool terminal_look(struct terminal *ret_terminal);

/* Writes DRAWING, whole lines that are all our own, to standard error as it is: control sequences
 * for colours can be in it. */
void terminal_draw(const struct buf *drawing);

/* Appends TEXT for a table on standard output: printable, and "-" for NULL or "". */
void terminal_append_cell(struct buf *buf, const char *text);

/* Appends the line of one fact: NAME in so many COLUMNS, and VALUE as terminal_append_cell() does.
 */
void terminal_append_fact(struct buf *buf, int columns, const char *name, const char *value);

/* terminal_append_cell() for a message, which is longer than a cell. */
void terminal_append_message(struct buf *buf, const char *text);

/* Writes VALUE to standard output and flushes it. A failure is said on standard error, but for a
 * closed pipe: its reader, such as head(1), has had enough. The exit status is returned. */
int terminal_value(const struct buf *value) _must_check_;
