/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Everything that a browser may see, and that another local user can reach: the start link, the
 * callback, the result page. Nothing here hands out a credential or a list of accounts, and nothing
 * changes without the right token or link.
 */

#include "common/cleanup.h"
#include "common/err.h"
#include "http/http_server.h"
#include "runtime/loop.h"
#include "service/service.h"

/* How long a result page is held before the browser gets the waiting page. */
#define BROWSER_HOLD_MS 20000
/* A browser opens about six connections at once. */
#define BROWSER_CONNECTIONS 64
/* Browsers do not keep cookies apart by port: those of every server on 127.0.0.1 come too. In
 * memory a head and the copy of its cookies take twice this, for each connection. */
#define BROWSER_HEAD_BYTES ((size_t)256 * 1024)

struct browser;

/* LISTEN_FD (borrowed) is bound to what service_callback_url() says. */
int browser_new(int listen_fd, struct service *service, struct browser **ret_browser,
		struct err_detail *detail) _must_check_;
int browser_attach(struct browser *browser, struct loop *loop) _must_check_;
/* Answers what is held and takes no more. */
void browser_quiesce(struct browser *browser);
bool browser_is_idle(const struct browser *browser);
void browser_free(struct browser *browser);
DEFINE_CLEANUP(struct browser *, browser_free);
