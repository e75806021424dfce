/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Asks a server what it is: one request, by the daemon's rules (http_rules/http_rules.h:
 * TLS with verification; plain HTTP for loopback alone; no redirect is followed; answers are capped
 * in size and time). The daemon's client never waits; a command that has nothing else to do does.
 */

#include <stdint.h>

#include "common/err.h"
#include "common/json.h"
#include "common/url.h"

/* Up to version 12, meta lists every emoji of the server: a few thousand of 200 bytes. */
#define SERVER_PROBE_ANSWER_BYTES ((size_t)4 * 1024 * 1024)
#define SERVER_PROBE_MS 10000

struct server_answer {
	unsigned status;		  /* of HTTP */
	char redirect_url[URL_MAX_BYTES]; /* where a redirect would lead, absolute; else "" */
	int64_t date_s;			  /* Date, in seconds since 1970; -1: none */
	int64_t local_s;		  /* this machine's time when the answer was there */
	struct json *body;		  /* if it is strict JSON; else NULL */
};

/* What is asked for */
enum server_question {
	SERVER_META,	 /* api/meta, which every Misskey server has */
	SERVER_NODEINFO, /* NodeInfo 2.0 (nodeinfo.diaspora.software): which software it is */
};

/* 0: *ret_answer is a whole answer, whatever its status, for server_answer_done(). Otherwise DETAIL
 * is libcurl's reason: ERR_NOT_FOUND (no connection: name, network, port), ERR_UNSAFE (TLS, the
 * certificate), ERR_BUSY (no whole answer in time), ERR_LIMIT (it is too large), ERR_IO (it was cut
 * off, or is no HTTP), ERR_NOMEM, ERR_LIBRARY. CA_FILE (NULL: the system's) as in the config. */
int server_probe(const struct url_server *server, enum server_question question,
		 const char *ca_file, struct server_answer *ret_answer,
		 struct err_detail *detail) _must_check_;

void server_answer_done(struct server_answer *answer);
