/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the headers of a request tell of the browser that sent it.
 */

#include <stdbool.h>

#include "http/http_server.h"

/* "misskey-authd-" and a part of the result's name: logins of several accounts do not disturb each
 * other in one browser. */
#define VISITOR_COOKIE_NAME_BYTES 32

/* The name of the cookie of the login whose result page is /result/RESULT. */
void visitor_cookie_name(const char *result, char ret_name[static VISITOR_COOKIE_NAME_BYTES]);

/* Whether it brings that cookie, with VALUE or with any (NULL). */
bool visitor_has_cookie(const struct http_request *request, const char *result, const char *value);

/* browser_shows_pages() */
bool visitor_shows_pages(const struct http_request *request);
