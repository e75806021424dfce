/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * --credential-helper: answers git, and whoever else speaks the protocol of its credential helpers
 * (gitcredentials(7)).
 */

#include "common/env_file.h"
#include "common/err.h"

/* Reads a request on standard input and prints a user name and a token if there is one account for
 * it: that of FILE, or one of those in DIRECTORY if FILE is NULL. If there is none, nothing is
 * printed and nothing said. Returns an exit status. */
int credential_helper(const struct env_file *file, const char *directory) _must_check_;
