/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What an answer means that is not a good one. For misskey.c alone: endpoints fail alike, and
 * differ only in their good answers.
 */

#include "misskey/misskey.h"

/* A server that asks for more is not obeyed: an hour later the person has given up. */
#define MISSKEY_RETRY_AFTER_MAX_S (60 * 60)

/* DONE for a 200 with a body, which the caller reads. Any other answer of ENDPOINT (a literal,
 * kept) is classified by its HTTP status and error.code, never by its message. Always fills
 * *ret_problem.
 */
enum misskey_verdict misskey_problem_classify(const struct http_answer *answer,
					      const char *endpoint,
					      struct misskey_problem *ret_problem) _must_check_;

/* Writes the sentence, cut if it is too long, and returns VERDICT. The arguments must be printable.
 */
enum misskey_verdict misskey_problem_set(struct misskey_problem *problem,
					 enum misskey_verdict verdict, const char *format, ...)
	_printf_(3, 4);
