/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Making text from elsewhere safe to show, reading and writing durations and times.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/* "2026-11-22T12:00:00Z" and a NUL. */
#define TEXT_TIME_BYTES 21
/* As much of a wrong value as helps to find it in an error message. */
#define TEXT_FOUND_CHARS 80

/* Appends TEXT for a terminal or a log: control characters (C0, C1, DEL), bidirectional and
 * zero-width marks, line and paragraph separators, and bytes that are not UTF-8 become \xNN or
 * \u{NNNN}; at most MAX_CHARS characters of TEXT, then "…". */
void text_append_printable(struct buf *buf, const char *text, size_t max_chars);

/* How many characters TEXT has, which must be UTF-8. */
size_t text_chars(const char *text);

/* How many columns of a terminal TEXT takes, which must be printable. Characters of Chinese,
 * Japanese and Korean take two. */
size_t text_columns(const char *text);

/* So many characters of TEXT, from its beginning, a terminal shows in COLUMNS. */
size_t text_chars_that_fit(const char *text, size_t columns);

/* Appends TEXT for HTML, in an element or a quoted attribute: & < > " ' as entities, and the same
 * characters as above as U+FFFD; at most MAX_CHARS characters of TEXT, then "…". */
void text_append_html(struct buf *buf, const char *text, size_t max_chars);

/* Appends TEXT as one word of a shell's command line, in single quotes. */
void text_append_quoted(struct buf *buf, const char *text);

/* Appends CLAUSE, printable, as a sentence: with a full stop, unless it has an end of its own or
 * ends with a command after a colon, or with something quoted for a shell: both are copied as they
 * are. At most ERR_DETAIL_BYTES characters. */
void text_append_sentence(struct buf *buf, const char *clause);

/* err_set() with "`FOUND`: " before the formatted text, FOUND made printable and cut after
 * TEXT_FOUND_CHARS characters. Returns CODE. */
int text_err(struct err_detail *detail, int code, const char *found, const char *format, ...)
	_printf_(4, 5);

/* "90", "90s", "15m", "1h", "2d" → seconds. DETAIL says what was expected and the bounds.
 * ERR_SYNTAX; ERR_INVALID outside MIN_S..MAX_S. */
int text_duration(const char *text, int64_t min_s, int64_t max_s, int64_t *ret_s,
		  struct err_detail *detail) _must_check_;

/* Seconds since 1970 as RFC 3339 UTC, which knows the years 0000 to 9999 (earlier and later times
 * become the first and the last second of these), and back (exactly that form only; ERR_SYNTAX). */
void text_time(int64_t unix_s, char ret_text[static TEXT_TIME_BYTES]);
int text_time_parse(const char *text, int64_t *ret_unix_s) _must_check_;

/* The one of COUNT candidates that is nearest to WORD, or NULL: for "did you mean". Letters are
 * compared without case, two neighbours swapped are one edit, and at most 3 edits and fewer than
 * half of WORD's length are near. */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

/* Whether TEXT is valid UTF-8 without control characters (C0, C1, DEL). */
bool text_is_plain(const char *text);
