/* SPDX-License-Identifier: MIT */
#include "browser_reply.h"

#include <stdio.h>

#define MAX_HEADERS 16

void browser_reply(struct http_request *request, unsigned status, const struct http_header *extra,
		   size_t extra_count, struct buf *body)
{
	const char *policy = page_security_policy();
	struct http_header headers[MAX_HEADERS] = {
		{"Cache-Control", "no-store"},
		{"Referrer-Policy", "no-referrer"},
		{"Content-Security-Policy", policy ? policy : "default-src 'none'"},
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", "DENY"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
	};
	size_t count = 7;

	for (size_t n = 0; n < extra_count && count < MAX_HEADERS; n++)
		headers[count++] = extra[n];
	http_request_reply_buf(request, status, headers, count, body);
}

void browser_reply_page(struct http_request *request, unsigned status,
			const struct page_facts *facts)
{
	_cleanup_(buf_done) struct buf html = {0};
	const char *accept_language;
	enum page_language language;
	struct http_header headers[] = {
		{"Content-Type", "text/html; charset=utf-8"},
		{"Vary", "Accept-Language"},
		{"Allow", "GET"},
	};

	(void)http_request_header(request, "Accept-Language", &accept_language);
	language = page_language_choose(accept_language);
	if (page_render(language, facts, &html)) {
		browser_reply(request, 500, NULL, 0, &(struct buf){0});
		return;
	}
	browser_reply(request, status, headers, status == 405 ? 3 : 2, &html);
}

void browser_reply_kind(struct http_request *request, unsigned status, enum page_kind kind)
{
	browser_reply_page(request, status, &(struct page_facts){.kind = kind});
}

void browser_reply_session(struct http_request *request, unsigned status, enum page_kind kind,
			   const struct registry_session *session, const char *detail)
{
	browser_reply_page(request, status,
			   &(struct page_facts){.kind = kind,
						.account = session->account,
						.server = session->server,
						.detail = detail});
}

void browser_reply_redirect(struct http_request *request, const char *location, const char *cookie)
{
	struct http_header headers[] = {
		{"Location", location},
		{"Set-Cookie", cookie},
	};

	browser_reply(request, 303, headers, cookie ? 2 : 1, &(struct buf){0});
}

void browser_reply_redirect_to_id(struct http_request *request, const char *path, const char *id)
{
	char location[16 + RANDOM_ID_BYTES];

	snprintf(location, sizeof(location), "%s%s", path, id);
	browser_reply_redirect(request, location, NULL);
}
