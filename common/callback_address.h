/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The address that a server sends the browser to after the consent:
 * http://127.0.0.1:PORT/callback?token=TOKEN. Calckey, Firefish and Iceshrimp (JS) add parameters
 * of OAuth: ?token=TOKEN&code=TOKEN&state=. With MiAuth it is ?session=TOKEN. Pure; nothing is
 * decoded.
 */

#include <stddef.h>

#include "common/err.h"

#define CALLBACK_PATH "/callback"
#define CALLBACK_TOKEN "token"	   /* the parameter with the session's token */
#define CALLBACK_SESSION "session" /* the same, of MiAuth */
#define CALLBACK_TOKEN_BYTES 37	   /* a UUID and a NUL */
#define CALLBACK_QUERY_BYTES 2048  /* servers send 42 or 91 */
#define CALLBACK_PARAMETERS 16	   /* servers send 1 or 3 */

/* The UUID that the parameter NAME has in the SIZE bytes of QUERY, which is what follows the "?".
 * NAME must be there exactly once. Other parameters are passed over, whatever they are. ERR_SYNTAX,
 * also beyond the limits above, and for what a browser escapes in a query. */
int callback_parameter(const char *query, size_t size, const char *name,
		       char ret_uuid[static CALLBACK_TOKEN_BYTES]) _must_check_;

/* The session's token in QUERY, whichever method it is of. ERR_SYNTAX. */
int callback_token(const char *query, size_t size,
		   char ret_token[static CALLBACK_TOKEN_BYTES]) _must_check_;

/* The token in what a person pasted: the address, or the bare token. The address may be any of
 * loopback, with https or without a scheme; blanks, quotes and angle brackets around it are fine.
 * ERR_SYNTAX. */
int callback_pasted_token(const char *text,
			  char ret_token[static CALLBACK_TOKEN_BYTES]) _must_check_;
