/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * How a login ends for the person (standard error), for a script (standard output) and as an exit
 * status.
 */

#include "common/json.h"
#include "login_wait.h"

/* LOGIN is finished: a success or a failure with what to do next. */
int login_report_finished(const struct login_request *request,
			  const struct json *login) _must_check_;

/* LOGIN is a success, and nothing had to be done for it. */
int login_report_kept(const struct login_request *request, const struct json *login) _must_check_;

/* The time that the caller would wait is over. LOGIN, which may be NULL, goes on. */
int login_report_late(const struct login_request *request, const struct json *login) _must_check_;

/* The account ACCOUNT (as of GET /v1/accounts/NAME) has its credential. */
int login_report_signed_in(const struct login_request *request,
			   const struct json *account) _must_check_;

/* The URL of the page to open is all that is wanted. */
int login_report_page(const struct login_request *request, const struct json *login,
		      const char *url) _must_check_;
