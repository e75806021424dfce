/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One POST of JSON, or one GET, by the rules of http_rules.h. TLS with verification; plain HTTP for
 * loopback alone; HTTP/1.1; no redirect is followed; answers are capped in size and time. A request
 * is never sent twice. A proxy of the environment is used for other machines, never for loopback.
 */

#include "common/cleanup.h"
#include "common/err.h"
#include "common/url.h"
#include "http/answer.h"
#include "runtime/loop.h"

typedef void http_answer_function(const struct http_answer *answer, void *context);

struct http_client;
struct http_call;

/* CA_FILE replaces the system's certificates; NULL: those. REQUEST_MS: for a whole call. ERR_NOMEM,
 * ERR_LIBRARY; ERR_INVALID, ERR_ACCESS: CA_FILE cannot be read, DETAIL names it. */
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

/* GETs SERVER's PATH. The rest is as with http_client_post(). */
int http_client_get(struct http_client *client, const struct url_server *server, const char *path,
		    http_answer_function *function, void *context, struct http_call **ret_call,
		    struct err_detail *detail) _must_check_;

/* Ends the call without calling its function; never blocks, not even while a DNS server is silent.
 */
void http_call_cancel(struct http_call *call);

/* Cancels what is under way. Never blocks. Not from an http_answer_function. */
void http_client_free(struct http_client *client);
DEFINE_CLEANUP(struct http_client *, http_client_free);
