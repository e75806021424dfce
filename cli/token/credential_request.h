/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What git asks a credential helper: git-credential(1), INPUT/OUTPUT FORMAT.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

/* Newer git sends the server's WWW-Authenticate lines along, which may be a few KiB. */
#define CREDENTIAL_REQUEST_MAX_BYTES (64 * 1024)

/* Attributes, which lie in the text that was parsed. NULL: it is not there. */
struct credential_request {
	const char *protocol;
	const char *host; /* with the port, if there is one */
	const char *username;
};

/* Whether the SIZE bytes of TEXT have the empty line that ends a request. */
bool credential_request_is_whole(const char *text, size_t size);

/* Cuts TEXT, which ends with a NUL after SIZE bytes, into lines KEY=VALUE up to an empty one. Of
 * two with one key the later one counts; unknown ones are passed over. ERR_SYNTAX with DETAIL. */
int credential_request_parse(char *text, size_t size, struct credential_request *ret_request,
			     struct err_detail *detail) _must_check_;

/* Appends the origin of the server that a request is about, without a default port. False: it is
 * about none. Look at buf_error() too. */
bool credential_request_origin(const struct credential_request *request, struct buf *origin);
