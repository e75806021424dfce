/* SPDX-License-Identifier: MIT */
#ifndef LOGIN_VERIFICATION_H
#define LOGIN_VERIFICATION_H

/*
 * Does a stored credential still work? What the server's answer to /api/i means for it, at the end
 * of a login and at any other time, and the question that is asked at any other time.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "http/http_client.h"
#include "misskey/misskey.h"
#include "runtime/clock.h"
#include "store/credentials.h"

struct account;

enum verification_result {
	VERIFICATION_GOOD,	/* it works */
	VERIFICATION_REVOKED,	/* the server does not accept it any more */
	VERIFICATION_SUSPENDED, /* the server has suspended the user */
	VERIFICATION_UNKNOWN,	/* the server could not be asked: nothing was changed */
};

struct verification_report {
	enum verification_result result;
	bool state_changed; /* credentials.json says something else now */
	int stored;	    /* 0, or why the new state could not be written: see STORE_PROBLEM */
	struct err_detail store_problem;
	struct misskey_problem problem; /* text "" if it works */
};

/* Writes what ANSWER says of the credential of ACCOUNT, which there must be, to CREDENTIALS. */
void verification_settle(struct credentials *credentials, const char *account,
			 const struct http_answer *answer, int64_t unix_s,
			 struct verification_report *ret_report);

/* What all verifications work with; borrowed, outlives them. */
struct verification_environment {
	struct http_client *client;
	struct credentials *credentials;
	/* Called when one has ended; it has been logged. */
	void (*ended)(struct account *account, struct clock_time now, void *context);
	void *context;
};

struct verification;

/* Asks the server of ACCOUNT (account->verification is made, and kept afterwards), unless it is
 * being asked already. ERR_NOT_FOUND: there is no credential to ask about; ERR_NOMEM, ERR_LIBRARY.
 */
int verification_start(struct account *account, const struct verification_environment *environment,
		       struct err_detail *detail) _must_check_;

bool verification_is_under_way(const struct verification *verification);

/* What came of the last one. */
const struct verification_report *verification_report(const struct verification *verification);

/* Ends what is under way, without a word. NULL is fine. */
void verification_free(struct verification *verification);

#endif
