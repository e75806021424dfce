/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Messages in the person's language. A program that wants them says so once, by translate_begin();
 * before that everything is
 * English. The daemon never says so, because its messages go to the journal. Keys, states and codes
 * are for programs and are never translated.
 *
 * The locale and the catalogue are looked for when the first message is about to be shown: a
 * program without messages pays nothing. The catalogue is ja/LC_MESSAGES/misskey-authd.mo, in a
 * directory that is found from where the program itself is: in a build tree, in /usr and in
 * ~/.local alike.
 *
 * scripts/translations collects the texts. It reads `_("…")`, `N_("…")` and
 * translate_count("…", "…", n), and literals alone: a macro between them would not be seen.
 */

#include <stddef.h>

/* TEXT in the person's language. */
#define _(text) translate(text)
/* For a table: marks TEXT, which is translated where it is used. */
#define N_(text) text

/* From now on in the language of LC_ALL, LC_MESSAGES or LANG, and LANGUAGE. */
void translate_begin(void);

/* Back to English, for messages that become values of --json. */
void translate_end(void);

/* Never NULL. Keeps errno. */
const char *translate(const char *text) __attribute__((format_arg(1)));

/* One of two texts, by whether COUNT is one; languages that have other rules follow them. */
const char *translate_count(const char *one, const char *many, size_t count)
	__attribute__((format_arg(1), format_arg(2)));

/* strerror(), in the same language. */
const char *translate_errno(int errnum);
