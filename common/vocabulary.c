/* SPDX-License-Identifier: MIT */
#include "common/vocabulary.h"

#include <string.h>

static const char *const outcomes[OUTCOME_COUNT] = {
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
	[OUTCOME_OPENED_TWICE] = "OPENED_TWICE",
};

static const char *const login_states[LOGIN_STATE_COUNT] = {
	[LOGIN_IDLE] = "idle",	       [LOGIN_REGISTERING] = "registering",
	[LOGIN_SESSION] = "session",   [LOGIN_CONSENT] = "consent",
	[LOGIN_SECURING] = "securing", [LOGIN_EXCHANGING] = "exchanging",
	[LOGIN_STORING] = "storing",   [LOGIN_VERIFYING] = "verifying",
	[LOGIN_FINISHED] = "finished",
};

static const char *const methods[METHOD_COUNT] = {
	[METHOD_AUTO] = "auto",
	[METHOD_APP] = "app",
	[METHOD_MIAUTH] = "miauth",
};

static const char *const credential_states[CREDENTIAL_STATE_COUNT] = {
	[CREDENTIAL_VERIFIED] = "verified", [CREDENTIAL_UNVERIFIED] = "unverified",
	[CREDENTIAL_REVOKED] = "revoked",   [CREDENTIAL_SUSPENDED] = "suspended",
	[CREDENTIAL_ABSENT] = "absent",
};

static const char *const withdrawals[WITHDRAWAL_COUNT] = {
	[WITHDRAWAL_APPS] = "apps",
	[WITHDRAWAL_API] = "api",
	[WITHDRAWAL_LAST_USED] = "last_used",
	[WITHDRAWAL_ADMINISTRATOR] = "administrator",
};

/* The place of WORD among COUNT words; COUNT if it is none of them. */
static unsigned find(const char *const *words, unsigned count, const char *word)
{
	unsigned i = 0;

	while (i < count && !(word && strcmp(words[i], word) == 0))
		i++;
	return i;
}

const char *outcome_code(enum outcome outcome)
{
	return outcomes[outcome];
}

enum outcome outcome_from_code(const char *code)
{
	unsigned found = find(outcomes, OUTCOME_COUNT, code);

	return found < OUTCOME_COUNT ? (enum outcome)found : OUTCOME_NONE;
}

bool outcome_is_success(enum outcome outcome)
{
	return outcome == OUTCOME_AUTHORIZED || outcome == OUTCOME_UNVERIFIED;
}

const char *login_state_text(enum login_state state)
{
	return login_states[state];
}

enum login_state login_state_from_text(const char *text)
{
	unsigned found = find(login_states, LOGIN_STATE_COUNT, text);

	return found < LOGIN_STATE_COUNT ? (enum login_state)found : LOGIN_IDLE;
}

const char *method_text(enum method method)
{
	return methods[method];
}

enum method method_from_text(const char *text)
{
	return (enum method)find(methods, METHOD_COUNT, text);
}

bool method_fits(enum method wanted, enum method used)
{
	return wanted == METHOD_AUTO || wanted == used;
}

const char *credential_state_text(enum credential_state state)
{
	return credential_states[state];
}

enum credential_state credential_state_from_text(const char *text)
{
	return (enum credential_state)find(credential_states, CREDENTIAL_STATE_COUNT, text);
}

bool credential_state_is_good(enum credential_state state)
{
	return state == CREDENTIAL_VERIFIED || state == CREDENTIAL_UNVERIFIED;
}

const char *withdrawal_text(enum withdrawal withdrawal)
{
	return withdrawals[withdrawal];
}

enum withdrawal withdrawal_from_text(const char *text)
{
	unsigned found = find(withdrawals, WITHDRAWAL_COUNT, text);

	return found < WITHDRAWAL_COUNT ? (enum withdrawal)found : WITHDRAWAL_APPS;
}

const char *withdrawal_path(enum withdrawal withdrawal)
{
	if (withdrawal == WITHDRAWAL_ADMINISTRATOR)
		return NULL;
	return withdrawal == WITHDRAWAL_API ? "/settings/api" : "/settings/apps";
}
