/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Words of standard output in colour, where that is wanted. The words say the same without it.
 */

#include "common/buf.h"
#include "common/vocabulary.h"

enum color { COLOR_NONE, COLOR_GOOD, COLOR_CAUTION, COLOR_BAD };

/* Appends TEXT, which must be printable, in COLOR if standard output takes colours. */
void color_append(struct buf *buf, enum color color, const char *text);

/* That of a credential's state; an unknown one has COLOR_NONE. */
extern const enum color color_of_state[CREDENTIAL_STATE_COUNT + 1];
