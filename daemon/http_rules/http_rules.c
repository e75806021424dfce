/* SPDX-License-Identifier: MIT */
#include "http_rules/http_rules.h"

#include <openssl/ssl.h>
#include <stdlib.h>

/* The number of messages is kept in the SSL object itself, so nothing has to outlive it. */
static int message_count_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return index;
}

/* OpenSSL calls this for each message. One that it skips does not end its own loop: it passes over
 * HelloRequest for as long as a handshake lasts. As if the server had closed: that ends the loop.
 */
static void count_message(int is_sent, int version, int type, const void *bytes, size_t size,
			  SSL *ssl, void *context)
{
	uintptr_t count = (uintptr_t)SSL_get_ex_data(ssl, message_count_index());
	void *kept;

	(void)version;
	(void)bytes;
	(void)size;
	(void)context;
	if (is_sent || (type != SSL3_RT_HANDSHAKE && type != SSL3_RT_CHANGE_CIPHER_SPEC &&
			type != SSL3_RT_ALERT))
		return;
	count++;
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): a number is all that is kept there */
	kept = (void *)count;
	if (count > HTTP_RULES_TLS_MESSAGES || !SSL_set_ex_data(ssl, message_count_index(), kept))
		SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

/* AUTO_RETRY keeps one SSL_read() busy for as long as a server sends anything but data: key
 * updates, tickets. Without it OpenSSL must not read ahead: libcurl would wait for what is already
 * there. */
static CURLcode limit_tls(CURL *easy, void *tls_context, void *context)
{
	SSL_CTX *tls = tls_context;

	(void)easy;
	(void)context;
	if (message_count_index() < 0)
		return CURLE_OUT_OF_MEMORY;
	(void)SSL_CTX_clear_mode(tls, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_read_ahead(tls, 0);
	(void)SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION);
	(void)SSL_CTX_set_max_cert_list(tls, HTTP_RULES_CHAIN_BYTES);
	SSL_CTX_set_msg_callback(tls, count_message);
	return CURLE_OK;
}

#define SET(option, value) (curl_easy_setopt(easy, (option), (value)) == CURLE_OK)

/* Verification is the default; it is said here because everything hangs on it. The directory that
 * libcurl was built with would count besides the file. No session is resumed: a resumed one is not
 * verified. */
static bool set_trust(CURL *easy, const struct http_rules *rules)
{
	return SET(CURLOPT_SSL_VERIFYPEER, 1L) && SET(CURLOPT_SSL_VERIFYHOST, 2L) &&
	       SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	       SET(CURLOPT_SSL_SESSIONID_CACHE, 0L) && SET(CURLOPT_SSL_CTX_FUNCTION, limit_tls) &&
	       (!rules->ca_file ||
		(SET(CURLOPT_CAINFO, rules->ca_file) && SET(CURLOPT_CAPATH, NULL)));
}

/* HTTP/1.1: after REFUSED_STREAM libcurl sends an HTTP/2 request again, silently. A connection of
 * its own for each call, because it does the same when one that was used before breaks without an
 * answer. ACCEPT_ENCODING stays unset: a compressed answer could be larger than it looks.
 * QUICK_EXIT: a name that is being looked up is not waited for: joining libcurl's resolver thread
 * would block for as long as a silent DNS server does. */
static bool set_protocols(CURL *easy, const struct http_rules *rules)
{
	return SET(CURLOPT_PROTOCOLS_STR, rules->is_loopback ? "http,https" : "https") &&
	       SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	       SET(CURLOPT_FRESH_CONNECT, 1L) && SET(CURLOPT_FORBID_REUSE, 1L) &&
	       SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_NOSIGNAL, 1L) &&
	       SET(CURLOPT_QUICK_EXIT, 1L) &&
	       SET(CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_RULES_CONNECT_MS) &&
	       SET(CURLOPT_TIMEOUT_MS, (long)rules->call_ms) &&
	       (!rules->is_loopback || SET(CURLOPT_NOPROXY, "*"));
}

bool http_rules_set(CURL *easy, const struct http_rules *rules)
{
	return set_protocols(easy, rules) && set_trust(easy, rules);
}

enum http_rules_verdict http_rules_judge(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_PROXY:
		return HTTP_RULES_UNREACHABLE;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CRL_BADFILE:
	case CURLE_SSL_ENGINE_INITFAILED:
	case CURLE_SSL_ENGINE_NOTFOUND:
	case CURLE_SSL_ENGINE_SETFAILED:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_USE_SSL_FAILED:
		return HTTP_RULES_DISTRUST;
	case CURLE_OPERATION_TIMEDOUT:
		return HTTP_RULES_TIMED_OUT;
	case CURLE_OUT_OF_MEMORY:
		return HTTP_RULES_NO_MEMORY;
	default:
		return HTTP_RULES_BROKEN;
	}
}

void http_rules_clean_environment(void)
{
	static const char *const names[] = {
		"SSLKEYLOGFILE", /* libcurl, OpenSSL from 3.5 on: write the keys of each connection
				  */
		"QLOGDIR",	 /* libcurl, OpenSSL: write what was sent by QUIC */
		"OSSL_QFILTER",
		"CURL_SSL_BACKEND", /* another TLS library, for which the rules are not set */
		"SSL_CERT_FILE",    /* trusted certificates: ca_file in the config says which */
		"SSL_CERT_DIR",
		"CURL_CA_BUNDLE",
		"OPENSSL_CONF", /* code that OpenSSL loads, and which protocols it allows */
		"OPENSSL_CONF_INCLUDE",
		"OPENSSL_MODULES",
		"OPENSSL_ENGINES",
		"OPENSSL_TRACE",
		"CTLOG_FILE",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unsetenv(names[i]);
}
