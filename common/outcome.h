/* SPDX-License-Identifier: MIT */
#ifndef COMMON_OUTCOME_H
#define COMMON_OUTCOME_H

/*
 * How a login can end. The codes are part of the control API and of registry.json.
 */

#include <stdbool.h>

enum outcome {
	OUTCOME_NONE,	     /* not ended yet */
	OUTCOME_AUTHORIZED,  /* stored, and the server says that it works */
	OUTCOME_UNVERIFIED,  /* stored; the server could not be asked whether it works yet */
	OUTCOME_WRONG_USER,  /* somebody else consented than the account is bound to */
	OUTCOME_EXPIRED,     /* no consent within the session's time */
	OUTCOME_LOST,	     /* the server forgot the session, and the one made instead */
	OUTCOME_REJECTED,    /* the server does not accept the credential that it just gave */
	OUTCOME_UNREACHABLE, /* the server could not be reached, or was in trouble for too long */
	OUTCOME_REFUSED,     /* the server refused for good, with a code */
	OUTCOME_BAD_REPLY,   /* the server's answer cannot be what Misskey says */
	OUTCOME_ELSEWHERE,   /* the consent page is not on the server that was asked for */
	OUTCOME_LOCAL,	     /* this machine failed: the session could not be stored */
	OUTCOME_CANCELLED,   /* the account was forgotten or changed while it was under way */
	OUTCOME_COUNT,
};

/* "AUTHORIZED" …; "" for OUTCOME_NONE. */
const char *outcome_code(enum outcome outcome);
/* OUTCOME_NONE for an unknown code. */
enum outcome outcome_from_code(const char *code);
/* Whether there is a credential now. */
bool outcome_is_success(enum outcome outcome);

#endif
