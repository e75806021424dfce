/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * --credential-helper: answers git, and whoever else speaks the protocol of its credential helpers
 * (gitcredentials(7)).
 */

/* Reads a request on standard input if OPERATION is "get" and prints a user name and a token if
 * there is one account for it: ACCOUNT, or one of those in DIRECTORY if that is NULL. If there is
 * none, or with another OPERATION, nothing is printed and nothing said. Returns an exit status. */
int credential_helper(const char *operation, const char *account, const char *directory)
	__attribute__((warn_unused_result));
