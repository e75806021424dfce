/* SPDX-License-Identifier: MIT */
#include "common/outcome.h"

#include <string.h>

static const char *const codes[OUTCOME_COUNT] = {
	[OUTCOME_NONE] = "",
	[OUTCOME_AUTHORIZED] = "AUTHORIZED",
	[OUTCOME_UNVERIFIED] = "UNVERIFIED",
	[OUTCOME_WRONG_USER] = "WRONG_USER",
	[OUTCOME_EXPIRED] = "EXPIRED",
	[OUTCOME_LOST] = "LOST",
	[OUTCOME_REJECTED] = "REJECTED",
	[OUTCOME_UNREACHABLE] = "UNREACHABLE",
	[OUTCOME_REFUSED] = "REFUSED",
	[OUTCOME_BAD_REPLY] = "BAD_REPLY",
	[OUTCOME_ELSEWHERE] = "ELSEWHERE",
	[OUTCOME_LOCAL] = "LOCAL",
	[OUTCOME_CANCELLED] = "CANCELLED",
};

const char *outcome_code(enum outcome outcome)
{
	return codes[outcome];
}

enum outcome outcome_from_code(const char *code)
{
	for (unsigned i = OUTCOME_NONE + 1; i < OUTCOME_COUNT; i++) {
		if (strcmp(codes[i], code) == 0)
			return (enum outcome)i;
	}
	return OUTCOME_NONE;
}

bool outcome_is_success(enum outcome outcome)
{
	return outcome == OUTCOME_AUTHORIZED || outcome == OUTCOME_UNVERIFIED;
}
