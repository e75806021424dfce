/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the daemon says of errors, problems and failed logins, for a person. The daemon speaks
 * English, and adds a code of docs/control-api.md for programs. A person who reads another language
 * gets the sentence in it, if daemon_sentences.c knows it; else what the code means and what to do,
 * and then the daemon's sentence with the details.
 */

#include "common/buf.h"

/* Appends MESSAGE. In a language other than English a sentence about CODE (NULL: none) comes
 * first. */
void daemon_text_append(struct buf *text, const char *code, const char *message);

/* Says the same on standard error, as why the command failed. */
void daemon_text_say(const char *code, const char *message);
