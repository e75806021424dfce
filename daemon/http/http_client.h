/* SPDX-License-Identifier: MIT */
#ifndef HTTP_HTTP_CLIENT_H
#define HTTP_HTTP_CLIENT_H

/*
 * One POST of JSON, by the rules of http_rules.h. TLS with verification; plain HTTP for loopback
 * alone; HTTP/1.1; no redirect is followed; answers are capped in size and time. A request is never
 * sent twice. A proxy of the environment is used for other machines, never for loopback.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/url.h"
#include "runtime/loop.h"

/* The largest real answer seen is 3 KiB (i on 2025); users' own fields can make it a few dozen. */
#define HTTP_CLIENT_ANSWER_BYTES (256 * 1024)

enum http_failure {
	HTTP_ANSWERED,	  /* there is a whole answer, whatever its status */
	HTTP_UNREACHABLE, /* name not found, connection refused or not made in time: nothing was
			     sent */
	HTTP_UNTRUSTED,	  /* TLS: certificate or handshake: nothing was sent */
	HTTP_TIMED_OUT,	  /* it may have been sent */
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
	int64_t retry_after_s; /* Retry-After in seconds (RFC 9110, both forms), -1: none */
};

typedef void http_answer_function(const struct http_answer *answer, void *context);

struct http_client;
struct http_call;

/* CA_FILE (NULL: the system's) is used instead of the system's certificates. REQUEST_MS: for a
 * whole call. ERR_NOMEM, ERR_LIBRARY, ERR_INVALID (CA_FILE cannot be read; DETAIL names it). */
int http_client_new(const char *ca_file, int64_t request_ms, struct http_client **ret_client,
		    struct err_detail *detail) _must_check_;

/* Changes what calls begin with from now on. Errors as http_client_new(): nothing was changed. */
int http_client_configure(struct http_client *client, const char *ca_file, int64_t request_ms,
			  struct err_detail *detail) _must_check_;

/* The handle that the loop waits on. */
CURLM *http_client_multi(struct http_client *client);

int http_client_attach(struct http_client *client, struct loop *loop) _must_check_;

/* POSTs SIZE bytes of JSON (copied, erased afterwards) to SERVER's PATH, e.g. "/api/app/create".
 * FUNCTION is called once, later, from the loop. *ret_call is for http_call_cancel() and is gone
 * when FUNCTION is called. ERR_NOMEM, ERR_LIBRARY. */
int http_client_post(struct http_client *client, const struct url_server *server, const char *path,
		     const char *json, size_t size, http_answer_function *function, void *context,
		     struct http_call **ret_call, struct err_detail *detail) _must_check_;

/* Ends the call without calling its function; never blocks, with a silent DNS server neither. */
void http_call_cancel(struct http_call *call);

/* Cancels what is under way. Never blocks. Not from an http_answer_function. */
void http_client_free(struct http_client *client);
DEFINE_CLEANUP(struct http_client *, http_client_free);

#endif
