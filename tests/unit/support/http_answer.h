/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A complete answer of a server, with a plain head. BODY is borrowed.
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
