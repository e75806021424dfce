/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What came of a call to a server: its answer, or why there is none.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/url.h"

/* The largest real answer seen is 3 KiB (i on 2025); users' own fields can make it a few dozen KiB.
 */
#define HTTP_CLIENT_ANSWER_BYTES (256 * 1024)

enum http_failure {
	HTTP_ANSWERED,	   /* there is a whole answer, whatever its status */
	HTTP_UNREACHABLE,  /* name not found, connection refused or not made in time: nothing was
			      sent */
	HTTP_PROXY_DENIES, /* the proxy wants a password: nothing was sent to the server */
	HTTP_UNTRUSTED,	   /* TLS: certificate or handshake: nothing was sent */
	HTTP_TIMED_OUT,	   /* it may have been sent */
	HTTP_CUT, /* it may have been sent; the connection ended early, or what came is no HTTP */
	HTTP_TOO_LARGE, /* its body, or its head and trailers, are larger than
			   HTTP_CLIENT_ANSWER_BYTES */
	HTTP_FAILED,	/* libcurl or memory */
};

/* Why a server is HTTP_UNTRUSTED: each has a remedy of its own. */
enum http_distrust {
	HTTP_DISTRUST_AUTHORITY, /* its certificate is signed by none that is trusted */
	HTTP_DISTRUST_NAME,	 /* … is for another host */
	HTTP_DISTRUST_TIME,	 /* … has expired or is not valid yet, by our clock */
	HTTP_DISTRUST_CA_FILE,	 /* the file of trusted certificates has none */
	HTTP_DISTRUST_HANDSHAKE, /* it does not speak TLS, or only an older one than 1.2 */
};

struct http_answer {
	enum http_failure failure;
	enum http_distrust distrust; /* when untrusted */
	char reason[256];	     /* for a person, printable; "" when answered */
	unsigned status;	     /* HTTP status, 0 unless answered */
	const char *body;	     /* NUL-terminated; erased after the call-back returns */
	size_t body_size;
	bool is_page;				/* of HTML, by its Content-Type */
	char redirect_origin[URL_ORIGIN_BYTES]; /* another server that a redirect leads to, or "" */
	int64_t retry_after_s; /* Retry-After in seconds (RFC 9110, both forms), -1: none */
};
