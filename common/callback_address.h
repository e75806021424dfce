/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The address that a server sends the browser to after the consent:
 * http://127.0.0.1:PORT/callback?token=TOKEN. Pure.
 */

#include "common/err.h"

#define CALLBACK_PATH "/callback"
#define CALLBACK_QUERY CALLBACK_PATH "?token="
#define CALLBACK_TOKEN_BYTES 37 /* a UUID and a NUL */

/* The token in what a person pasted: the address, or the bare token. The address may be any of
 * loopback, with https or without a scheme; blanks, quotes and angle brackets around it are fine.
 * ERR_SYNTAX. */
int callback_pasted_token(const char *text,
			  char ret_token[static CALLBACK_TOKEN_BYTES]) _must_check_;
