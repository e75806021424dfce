/* SPDX-License-Identifier: MIT */
#ifndef TERMINAL_DAEMON_TEXT_H
#define TERMINAL_DAEMON_TEXT_H

/*
 * What the daemon says of errors, problems and failed logins, for a person. It is English, with a
 * code of docs/control-api.md for programs. Who reads another language is told by that code what
 * it is and what to do next; the daemon's sentence, which knows the details, follows.
 */

#include "common/buf.h"

/* Appends MESSAGE, in a language that is not English after a sentence for CODE (NULL: there is
 * none). */
void daemon_text_append(struct buf *text, const char *code, const char *message);

#endif
