/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a request to the callback listener asks for. Pure: text in, decision out. Everything is
 * matched as it was on the wire, without decoding: a target that would have to be decoded is not
 * one of ours.
 */

#include <stdbool.h>

#include "common/callback_address.h"
#include "common/digest.h"

enum browser_route {
	BROWSER_NOT_FOUND,
	BROWSER_ROOT,
	BROWSER_ICON,
	BROWSER_START,	 /* .id */
	BROWSER_RESULT,	 /* .id */
	BROWSER_TOKEN,	 /* .token */
	BROWSER_INVALID, /* /callback without exactly one well-formed token */
};

struct browser_request {
	enum browser_route route;
	char id[RANDOM_ID_BYTES];
	char token[CALLBACK_TOKEN_BYTES];
};

/* Reads a raw request target such as "/callback?token=…". */
struct browser_request browser_request_parse(const char *target);

/* Whether the value of a Cookie header (NULL: none) holds NAME=VALUE (NULL: whatever the value);
 * compares values in constant time. */
bool browser_has_cookie(const char *cookies, const char *name, const char *value);

/* Whether the Sec-Fetch-Mode, Sec-Fetch-Dest and Sec-Purpose (or Purpose) headers, each NULL where
 * absent, allow a top-level navigation of a person. Old browsers send none (Fetch Metadata, W3C).
 */
bool browser_is_navigation(const char *mode, const char *dest, const char *purpose);

/* Whether it can show a server's consent page, by its Sec-Fetch-Mode, Accept and User-Agent
 * headers, each NULL where absent. Not: text browsers, which have no JavaScript, and what asks for
 * no page, such as curl or a program that looks where a link leads. */
bool browser_shows_pages(const char *mode, const char *accept, const char *agent);
