/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the daemon says of an account (ACCOUNT of docs/control-api.md), taken apart and checked. The
 * daemon reads bytes from servers and browsers; the agent can start programs. So its words are
 * treated as a server's are: names, states and codes are those that there are, an address is one
 * that may be opened, and everything else is text to be shown. Pure.
 */

#include <stdbool.h>

#include "common/account_name.h"
#include "common/digest.h"
#include "common/err.h"
#include "common/json.h"
#include "common/url.h"

/* "http://127.0.0.1:65535/callback" and a NUL, with room to spare. */
#define NEWS_CALLBACK_BYTES 64
/* Of outcomes, trouble and problems: the longest is REGISTRY_SET_ASIDE. */
#define NEWS_CODE_BYTES 33
/* "unverified", a blank, a digest and a NUL. */
#define NEWS_CREDENTIAL_BYTES (11 + SHA256_HEX_BYTES)

/* Texts without an array of their own are the JSON's, or static. NULL: none. */
struct news {
	const char *account;
	const char *server;			/* an origin */
	const char *digest;			/* tells one credential from another */
	const char *state;			/* "absent", "verified", … */
	char credential[NEWS_CREDENTIAL_BYTES]; /* STATE and DIGEST; "": there is none */
	const char *username;			/* whose credential it is */
	bool is_lost;				/* it is revoked or suspended */
	const char *expected_user;

	/* The login. */
	bool is_active;
	char page[SHA256_HEX_BYTES]; /* tells one page from another; "": it does not await consent
				      */
	bool page_given;	     /* somebody was told to open the page */
	bool browser;		     /* URL is for the browser of this machine */
	const char *url;
	const char *expires_at;
	bool is_signed_in;
	const char *signed_in; /* who */
	const char *error;   /* the code of its failure, or of trouble that needs a person; or "" */
	const char *message; /* a sentence about it, or "" */
};

/* Reads ACCOUNT. CALLBACK_URL is the daemon's, "" if it has none. ERR_INVALID: it is not what the
 * daemon says, DETAIL has the member; ERR_CRYPTO, ERR_NOMEM. */
int news_read(const struct json *account, const char *callback_url, struct news *ret_news,
	      struct err_detail *detail) _must_check_;

/* Whether TEXT is a code: capital letters, digits and _. */
bool news_code_valid(const char *text);

/* Whether TEXT is a server's origin, as it would be written itself: no other spelling. */
bool news_server_valid(const char *text);

/* Whether URL may be opened: the start link of CALLBACK_URL's own address, or a page of SERVER, an
 * origin. */
bool news_url_allowed(const char *url, const char *callback_url, const char *server);
