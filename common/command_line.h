/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A command line of the config, as the words that execv(2) gets. There is no shell: blanks separate
 * words, "double quotes" around a whole word keep its blanks, and every other character is itself:
 * $ ~ * \ ' ; | > mean nothing. A double quote cannot be part of a word.
 */

#include "common/err.h"

/* Enough for a program behind env(1) or systemd-run(1) with its options. */
#define COMMAND_LINE_MAX_WORDS 32
/* A line of the config is not longer. */
#define COMMAND_LINE_MAX_BYTES 4096

/* Splits TEXT into words, NULL behind the last; the first must be an absolute path. The caller
 * frees *ret_words with one free(). ERR_SYNTAX, ERR_INVALID, ERR_LIMIT, ERR_NOMEM. */
int command_line_parse(const char *text, char ***ret_words, struct err_detail *detail) _must_check_;
