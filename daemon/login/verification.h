/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Does a stored credential still work? Asks /api/i, at the end of a login and at any other time,
 * and says what the answer means for the credential.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "http/http_client.h"
#include "login/login.h"
#include "misskey/misskey.h"
#include "runtime/clock.h"
#include "store/credentials.h"

struct verification_report {
	bool is_known;		     /* else nothing was learned of the credential, nor changed */
	bool is_for_now;	     /* not known: the server may answer soon */
	enum credential_state state; /* what the server says */
	bool state_changed;	     /* credentials.json says something else now */
	int stored; /* 0, or why the new state could not be written: see STORE_PROBLEM */
	struct err_detail store_problem;
	struct misskey_problem problem; /* text "" if it works */
};

/* Whether the server accepts the credential. */
bool verification_is_good(const struct verification_report *report);

/* Asks the server that CREDENTIAL is from. FUNCTION gets the answer, with CONTEXT. ERR_NOMEM,
 * ERR_LIBRARY. */
int verification_ask(struct http_client *client, const struct credential *credential,
		     http_answer_function *function, void *context, struct http_call **ret_call,
		     struct err_detail *detail) _must_check_;

/* Writes what ANSWER says of the credential of ACCOUNT, which there must be, to CREDENTIALS. */
void verification_record(struct credentials *credentials, const char *account,
			 const struct http_answer *answer, int64_t unix_s,
			 struct verification_report *ret_report);

/* A question outside of a login. */
struct verification;

/* Asks about the credential of ACCOUNT, which must outlive this, unless that is being asked
 * already. ERR_NOT_FOUND: there is no credential to ask about; ERR_NOMEM, ERR_LIBRARY. */
int verification_start(struct account *account, struct login_environment *environment,
		       struct err_detail *detail) _must_check_;

/* The account's current or last one; NULL: none since the start. */
struct verification *verification_find(const struct login_environment *environment,
				       const struct account *account);

/* False for NULL. */
bool verification_is_under_way(const struct verification *verification);

/* When the latest question ended, answered or not, unix s; 0: none has, also for NULL. */
int64_t verification_asked_at(const struct verification *verification);

/* What came of the last one. */
const struct verification_report *verification_report(const struct verification *verification);

/* Ends what is under way, and tells nobody. NULL is fine. */
void verification_free(struct verification *verification);
