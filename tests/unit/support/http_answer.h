/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * An answer of a server, whole and with nothing of note in its head. BODY is borrowed.
 */

#include <string.h>

#include "http/answer.h"

static inline struct http_answer answer_of(unsigned status, const char *body)
{
	return (struct http_answer){.failure = HTTP_ANSWERED,
				    .status = status,
				    .body = body,
				    .body_size = strlen(body),
				    .retry_after_s = -1};
}
