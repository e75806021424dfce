/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a browser gets back: pages in its language and redirects, with the headers that every reply
 * has. Each function ends its request.
 */

#include <stddef.h>

#include "common/buf.h"
#include "http/http_server.h"
#include "page/page.h"
#include "store/registry.h"

/* BODY is empty afterwards. */
void browser_reply(struct http_request *request, unsigned status, const struct http_header *extra,
		   size_t extra_count, struct buf *body);

void browser_reply_page(struct http_request *request, unsigned status,
			const struct page_facts *facts);
/* A page with nothing but its kind. */
void browser_reply_kind(struct http_request *request, unsigned status, enum page_kind kind);
/* A page about a login that is under way. DETAIL may be NULL. */
void browser_reply_session(struct http_request *request, unsigned status, enum page_kind kind,
			   const struct registry_session *session, const char *detail);

/* COOKIE: what Set-Cookie says; NULL: no such header. */
void browser_reply_redirect(struct http_request *request, const char *location, const char *cookie);
/* To PATH, "/start/" or "/result/", and ID. */
void browser_reply_redirect_to_id(struct http_request *request, const char *path, const char *id);
