/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The one list of rules for calls to a server: trust, protocols, limits, and what libcurl's codes
 * mean. The daemon's HTTP client and doctor's probe both use it. A server that breaks a rule may
 * end its own call. It may not hold up the program: no call into libcurl lasts longer than a
 * moment, whatever the server sends.
 */

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#define HTTP_RULES_CONNECT_MS 10000

/* A handshake has about a dozen messages, and a server may add a few tickets and new keys. */
#define HTTP_RULES_TLS_MESSAGES 100
/* OpenSSL's own default. A chain of four RSA certificates has about 6 KiB. */
#define HTTP_RULES_CHAIN_BYTES (100L * 1024)

struct http_rules {
	bool is_loopback;    /* plain HTTP is allowed, and no proxy is used */
	const char *ca_file; /* instead of the system's certificates; NULL: those */
	int64_t call_ms;     /* for the whole call */
};

/* What a code other than CURLE_OK says of the server. */
enum http_rules_verdict {
	HTTP_RULES_UNREACHABLE, /* no connection: name, network, port, proxy */
	HTTP_RULES_DISTRUST,	/* TLS: certificate or handshake */
	HTTP_RULES_TIMED_OUT,
	HTTP_RULES_NO_MEMORY, /* also a line of the answer's head that is too long for libcurl */
	HTTP_RULES_BROKEN,    /* the connection ended early, or what came is no HTTP */
};

/* Sets every rule on EASY. false: libcurl refuses one, so the call must not be made. */
bool http_rules_set(CURL *easy, const struct http_rules *rules);

enum http_rules_verdict http_rules_judge(CURLcode code);

/* Removes from the environment what makes libcurl or OpenSSL write keys, load code or trust other
 * certificates. Before libcurl and OpenSSL are used, and before there is a thread. */
void http_rules_clean_environment(void);
