/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The few things about URLs that this project decides by itself: which server a person means,
 * whether an address is this machine, and whether a URL belongs to a server. Pure; nothing is
 * looked up.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/* RFC 1035: a host name has 253 characters at most. */
#define URL_HOST_BYTES 254
/* "https://" + host + ":65535" and a NUL */
#define URL_ORIGIN_BYTES (8 + URL_HOST_BYTES + 6)
/* Misskey's user names have 20 characters at most locally; 128 is its data base's limit. */
#define URL_USER_BYTES 129
/* Longest URL that is accepted from a server or a person, with its NUL. */
#define URL_MAX_BYTES 2048

struct url_server {
	char origin[URL_ORIGIN_BYTES]; /* RFC 6454: scheme, host in lower case, ":port" if needed */
	char host[URL_HOST_BYTES + 6]; /* the same without scheme: a good account name */
	char user[URL_USER_BYTES];     /* from @user@host or https://host/@user, else "" */
	bool loopback;		       /* 127.0.0.0/8, [::1], localhost, *.localhost */
	bool tls;
};

/* Reads what a person writes for a server: `misskey.example`, `misskey.example:8443`,
 * `https://misskey.example/`, `@alice@misskey.example`, also without the first @,
 * `https://misskey.example/@alice`, `http://127.0.0.1:3000`. An international name becomes
 * punycode. Without a scheme it is https, except for loopback, where it is http. Refused with a
 * sentence in DETAIL that says what was expected: http to anything but loopback, another path,
 * query, fragment, user info, other schemes, bad ports, a final dot, numbers that are no dotted
 * IPv4 address (127.1, 0x7f000001). ERR_SYNTAX, ERR_INVALID, ERR_LIMIT. */
int url_server_parse(const char *text, struct url_server *ret_server,
		     struct err_detail *detail) _must_check_;

/* Splits an absolute http or https URL: writes its normalized origin, as above (without the rule
 * about http), and where its path begins (a pointer into URL, to "/" or to the final NUL; a query
 * or fragment right after the host is refused). ERR_SYNTAX for anything with user info, control
 * characters, blanks, quotes, backslashes or non-ASCII; ERR_LIMIT from URL_MAX_BYTES on. */
int url_split(const char *url, char ret_origin[static URL_ORIGIN_BYTES], const char **ret_path,
	      struct err_detail *detail) _must_check_;

/* Decodes %XX in SIZE bytes of TEXT into RET_TEXT (CAPACITY bytes, NUL included; undefined after a
 * failure). ERR_SYNTAX on a bad escape or a NUL, encoded or not; ERR_LIMIT if it does not fit. '+'
 * stays '+'. */
int url_decode(const char *text, size_t size, char *ret_text, size_t capacity) _must_check_;

/* Whether TEXT is a UUID as Misskey writes session tokens: 8-4-4-4-12 hex digits, either case. */
bool url_is_uuid(const char *text);

/* "127.0.0.1:41987" or "41987" → port; the address must be 127.0.0.1 literally and the port 0 (any)
 * to 65535. DETAIL says what was expected. ERR_INVALID, ERR_SYNTAX. */
int url_listen_parse(const char *text, unsigned *ret_port, struct err_detail *detail) _must_check_;
