/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The daemon's sentences, which are English, in the person's language. Each is known by its
 * pattern, in which %s stands for a name, a number, or another sentence that the daemon has put
 * there.
 */

#include <stdbool.h>

#include "common/buf.h"

/* What _() does: the text in the person's language, or the same pointer. */
typedef const char *daemon_sentences_language(const char *text);

/* Appends MESSAGE in the language. false: it is not known, or the language has no words for it;
 * then nothing was appended. Failures are BUF's. */
bool daemon_sentences_append(struct buf *text, const char *message,
			     daemon_sentences_language *language);
