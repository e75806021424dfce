/* SPDX-License-Identifier: MIT */
#ifndef MISSKEY_MISSKEY_PROBLEM_H
#define MISSKEY_MISSKEY_PROBLEM_H

/*
 * What an answer that is not the wished one means. For misskey.c alone: the endpoints differ in
 * what a good answer is, not in how they fail.
 */

#include "misskey/misskey.h"

/* A limiter or a proxy that asks for more is not obeyed: an hour later the person has given up. */
#define MISSKEY_RETRY_AFTER_MAX_S (60 * 60)

/* DONE if there is a 200 with something in it: its body is for the caller to read. Anything else
 * that ENDPOINT (a literal, kept) answers is classified into *ret_problem by the HTTP status and
 * error.code, never by the message. Fills *ret_problem in any case. */
enum misskey_verdict misskey_problem_classify(const struct http_answer *answer,
					      const char *endpoint,
					      struct misskey_problem *ret_problem) _must_check_;

/* Writes the sentence, cut to its room, and returns VERDICT. The arguments must be printable. */
enum misskey_verdict misskey_problem_set(struct misskey_problem *problem,
					 enum misskey_verdict verdict, const char *format, ...)
	_printf_(3, 4);

#endif
