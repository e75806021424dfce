/* SPDX-License-Identifier: MIT */
#ifndef TERMINAL_COLOR_H
#define TERMINAL_COLOR_H

/*
 * Words of standard output in colour, where that is wanted: what is well, what is not. The words
 * say the same without.
 */

#include "common/buf.h"

enum color { COLOR_NONE, COLOR_GOOD, COLOR_CAUTION, COLOR_BAD };

/* Appends TEXT, which must be printable, in COLOR if standard output takes colours. */
void color_append(struct buf *buf, enum color color, const char *text);

/* That of a credential's state as docs/credentials.md has it; COLOR_NONE for NULL or another word.
 */
enum color color_of_state(const char *state);

#endif
