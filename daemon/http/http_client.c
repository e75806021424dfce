/* SPDX-License-Identifier: MIT */
#include "http/http_client.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/x509_vfy.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "common/buf.h"
#include "common/text.h"
#include "http_rules/http_rules.h"
#include "runtime/libcurl.h"

#ifndef MISSKEY_AUTHD_VERSION
#error "MISSKEY_AUTHD_VERSION is to be given by the build"
#endif

/* libcurl's messages have CURL_ERROR_SIZE bytes; some of our own words go before them. */
#define REASON_CHARS 180

struct http_call {
	TAILQ_ENTRY(http_call) link;
	struct http_client *client;
	CURL *easy;
	struct curl_slist *headers;
	struct buf request;
	struct buf answer;
	size_t head_size; /* of all heads and trailers that came */
	bool is_too_large;
	char error[CURL_ERROR_SIZE];
	http_answer_function *function;
	void *context;
};

TAILQ_HEAD(http_calls, http_call);

struct http_client {
	CURLM *multi;
	bool curl_is_up;
	char *ca_file;
	int64_t request_ms;
	struct http_calls calls;
};

static void call_free(struct http_call *call)
{
	/* The handle uses the rest. */
	if (call->easy)
		curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	buf_done(&call->request);
	buf_done(&call->answer);
	free(call);
}
DEFINE_CLEANUP(struct http_call *, call_free);

static int ca_file_check(const char *ca_file, struct err_detail *detail)
{
	_cleanup_(closep) int fd = open(ca_file, O_RDONLY | O_CLOEXEC);
	char byte;

	/* A directory opens, but does not read. */
	if (fd >= 0 && read(fd, &byte, 1) >= 0)
		return 0;
	return err_set(detail, errno == EACCES ? ERR_ACCESS : ERR_INVALID,
		       "Cannot read the file of trusted certificates %s: %s", ca_file,
		       strerror(errno));
}

int http_client_configure(struct http_client *client, const char *ca_file, int64_t request_ms,
			  struct err_detail *detail)
{
	_cleanup_(freep) char *copy = ca_file ? strdup(ca_file) : NULL;
	int error = ca_file ? ca_file_check(ca_file, detail) : 0;

	if (error)
		return error;
	if (ca_file && !copy)
		return err_set(detail, ERR_NOMEM, "no memory for the HTTP client");
	free(client->ca_file);
	client->ca_file = TAKE_PTR(copy);
	client->request_ms = request_ms;
	return 0;
}

int http_client_new(const char *ca_file, int64_t request_ms, struct http_client **ret_client,
		    struct err_detail *detail)
{
	_cleanup_(http_client_freep) struct http_client *client = calloc(1, sizeof(*client));
	int error;

	if (!client)
		return err_set(detail, ERR_NOMEM, "no memory for the HTTP client");
	TAILQ_INIT(&client->calls);
	error = http_client_configure(client, ca_file, request_ms, detail);
	if (error)
		return error;
	error = libcurl_start(detail);
	if (error)
		return error;
	client->curl_is_up = true;
	client->multi = curl_multi_init();
	if (!client->multi)
		return err_set(detail, ERR_NOMEM, "cannot make a libcurl multi handle");
#if LIBCURL_VERSION_NUM >= 0x081400
	/* From there on the resolver's threads belong to the multi handle. */
	if (curl_multi_setopt(client->multi, CURLMOPT_QUICK_EXIT, 1L) != CURLM_OK)
		return err_set(detail, ERR_LIBRARY, "libcurl refuses CURLMOPT_QUICK_EXIT");
#endif
	*ret_client = TAKE_PTR(client);
	return 0;
}

CURLM *http_client_multi(struct http_client *client)
{
	return client->multi;
}

static size_t answer_write(char *bytes, size_t size, size_t count, void *context)
{
	struct http_call *call = context;

	/* SIZE is always 1. CURLOPT_MAXFILESIZE does not bound an answer of unknown length. */
	if (size * count > HTTP_CLIENT_ANSWER_BYTES - call->answer.size) {
		call->is_too_large = true;
		return 0;
	}
	buf_append(&call->answer, bytes, size * count);
	return buf_error(&call->answer) ? 0 : size * count;
}

/* libcurl keeps every line, and of trailers as many as come. */
/* NOLINTNEXTLINE(readability-non-const-parameter): what libcurl calls */
static size_t head_count(char *bytes, size_t size, size_t count, void *context)
{
	struct http_call *call = context;

	(void)bytes;
	call->head_size += size * count;
	if (call->head_size <= HTTP_CLIENT_ANSWER_BYTES)
		return size * count;
	call->is_too_large = true;
	return 0;
}

#define SET(option, value) (curl_easy_setopt(call->easy, (option), (value)) == CURLE_OK)

static bool call_set_request(struct http_call *call, const char *url)
{
	static const char *const lines[] = {
		"Content-Type: application/json",
		"Expect:", /* not wanted: it costs a second with servers that ignore it */
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct curl_slist *longer = curl_slist_append(call->headers, lines[i]);

		if (!longer)
			return false;
		call->headers = longer;
	}
	return SET(CURLOPT_URL, url) && SET(CURLOPT_HTTPHEADER, call->headers) &&
	       SET(CURLOPT_USERAGENT, "misskey-authd/" MISSKEY_AUTHD_VERSION) &&
	       SET(CURLOPT_WRITEFUNCTION, answer_write) && SET(CURLOPT_WRITEDATA, call) &&
	       SET(CURLOPT_HEADERFUNCTION, head_count) && SET(CURLOPT_HEADERDATA, call) &&
	       SET(CURLOPT_ERRORBUFFER, call->error) && SET(CURLOPT_PRIVATE, call);
}

static bool call_set_body(struct http_call *call)
{
	return SET(CURLOPT_POST, 1L) && SET(CURLOPT_POSTFIELDS, buf_text(&call->request)) &&
	       SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->request.size);
}

/* With JSON a POST, with NULL a GET. */
static int call_begin(struct http_client *client, const struct url_server *server, const char *path,
		      const char *json, size_t size, http_answer_function *function, void *context,
		      struct http_call **ret_call, struct err_detail *detail)
{
	_cleanup_(call_freep) struct http_call *call = calloc(1, sizeof(*call));
	_cleanup_(buf_done) struct buf url = {0};
	const struct http_rules rules = {
		.is_loopback = server->loopback,
		.ca_file = client->ca_file,
		.call_ms = client->request_ms,
	};

	if (!call)
		return err_set(detail, ERR_NOMEM, "no memory to call %s", server->origin);
	call->client = client;
	call->function = function;
	call->context = context;
	buf_append_text(&url, server->origin);
	buf_append_text(&url, path);
	if (json)
		buf_append(&call->request, json, size);
	call->easy = curl_easy_init();
	if (!call->easy || buf_error(&url) || buf_error(&call->request))
		return err_set(detail, ERR_NOMEM, "no memory to call %s", server->origin);
	if (!call_set_request(call, buf_text(&url)) || (json && !call_set_body(call)) ||
	    !http_rules_set(call->easy, &rules) ||
	    curl_multi_add_handle(client->multi, call->easy) != CURLM_OK)
		return err_set(detail, ERR_LIBRARY, "libcurl refuses to call %s", server->origin);
	TAILQ_INSERT_TAIL(&client->calls, call, link);
	*ret_call = TAKE_PTR(call);
	return 0;
}

int http_client_post(struct http_client *client, const struct url_server *server, const char *path,
		     const char *json, size_t size, http_answer_function *function, void *context,
		     struct http_call **ret_call, struct err_detail *detail)
{
	return call_begin(client, server, path, json, size, function, context, ret_call, detail);
}

int http_client_get(struct http_client *client, const struct url_server *server, const char *path,
		    http_answer_function *function, void *context, struct http_call **ret_call,
		    struct err_detail *detail)
{
	return call_begin(client, server, path, NULL, 0, function, context, ret_call, detail);
}

/* Whether libcurl had begun to send the request. It sets this time to a microsecond at least. */
static bool call_was_sent(const struct http_call *call)
{
	curl_off_t us = 0;

	return curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T, &us) != CURLE_OK ||
	       us > 0;
}

/* A proxy's answer to CONNECT, RFC 9110, section 15.5.8. */
static bool proxy_wants_password(const struct http_call *call)
{
	long status = 0;

	return curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE, &status) == CURLE_OK &&
	       status == 407;
}

static enum http_failure failure_of(const struct http_call *call, CURLcode code)
{
	if (code != CURLE_OK && proxy_wants_password(call))
		return HTTP_PROXY_DENIES;
	if (call->is_too_large)
		return HTTP_TOO_LARGE;
	if (code == CURLE_OK)
		return HTTP_ANSWERED;
	if (call->answer.error)
		return HTTP_FAILED;
	switch (http_rules_judge(code)) {
	case HTTP_RULES_DISTRUST:
		return HTTP_UNTRUSTED;
	case HTTP_RULES_NO_MEMORY:
		return call_was_sent(call) ? HTTP_CUT : HTTP_FAILED;
	case HTTP_RULES_TIMED_OUT:
		return call_was_sent(call) ? HTTP_TIMED_OUT : HTTP_UNREACHABLE;
	case HTTP_RULES_UNREACHABLE:
		return call_was_sent(call) ? HTTP_CUT : HTTP_UNREACHABLE;
	default:
		break;
	}
	if (call_was_sent(call))
		return HTTP_CUT;
	switch (code) {
	case CURLE_RECV_ERROR: /* a proxy that says no to CONNECT */
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
		return HTTP_UNREACHABLE;
	default:
		return HTTP_FAILED;
	}
}

/* libcurl passes on OpenSSL's verdict on the chain of certificates; the host's name it checks
 * itself. */
static enum http_distrust distrust_of(const struct http_call *call, CURLcode code)
{
	long verdict = X509_V_OK;

	if (code == CURLE_SSL_CACERT_BADFILE)
		return HTTP_DISTRUST_CA_FILE;
	if (code != CURLE_PEER_FAILED_VERIFICATION)
		return HTTP_DISTRUST_HANDSHAKE;
	if (curl_easy_getinfo(call->easy, CURLINFO_SSL_VERIFYRESULT, &verdict) != CURLE_OK)
		return HTTP_DISTRUST_AUTHORITY;
	switch (verdict) {
	case X509_V_OK:
	case X509_V_ERR_UNSPECIFIED: /* how libcurl begins, and looks at the host first */
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return HTTP_DISTRUST_NAME;
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return HTTP_DISTRUST_TIME;
	default:
		return HTTP_DISTRUST_AUTHORITY;
	}
}

/* The words that go before libcurl's own. */
static const char *failure_text(enum http_failure failure, CURLcode code)
{
	switch (failure) {
	case HTTP_UNTRUSTED:
	case HTTP_PROXY_DENIES:
		return "";
	case HTTP_UNREACHABLE:
		return code == CURLE_OPERATION_TIMEDOUT ? "connecting timed out: " : "";
	case HTTP_TIMED_OUT:
		return "no whole answer in time: ";
	case HTTP_CUT:
		return code == CURLE_OUT_OF_MEMORY
			       ? "a line of its head is too long, or memory is short: "
			       : "the connection ended without a whole answer: ";
	default:
		return "the HTTP client failed: ";
	}
}

static void reason_write(const struct http_call *call, CURLcode code, struct http_answer *answer)
{
	_cleanup_(buf_done) struct buf text = {0};
	size_t size;

	if (answer->failure == HTTP_TOO_LARGE) {
		buf_append_format(&text, "the answer is larger than %d bytes",
				  HTTP_CLIENT_ANSWER_BYTES);
	} else {
		buf_append_text(&text, failure_text(answer->failure, code));
		text_append_printable(&text,
				      call->error[0] ? call->error : curl_easy_strerror(code),
				      REASON_CHARS);
	}
	size = text.size;
	if (size >= sizeof(answer->reason)) {
		size = sizeof(answer->reason) - 1;
		/* Not in the middle of a UTF-8 character. */
		while (size > 0 && ((unsigned char)text.bytes[size] & 0xC0) == 0x80)
			size--;
	}
	memcpy(answer->reason, buf_text(&text), size);
	answer->reason[size] = '\0';
}

/* A redirect within the server has no name that a person could use instead. */
static void redirect_read(const struct http_call *call, struct http_answer *answer)
{
	char asked[URL_ORIGIN_BYTES];
	const char *target = NULL;
	const char *url = NULL;
	const char *path;

	if (curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_URL, &target) != CURLE_OK || !target ||
	    curl_easy_getinfo(call->easy, CURLINFO_EFFECTIVE_URL, &url) != CURLE_OK || !url)
		return;
	if (url_split(target, answer->redirect_origin, &path, NULL) < 0 ||
	    url_split(url, asked, &path, NULL) < 0 || strcmp(answer->redirect_origin, asked) == 0)
		answer->redirect_origin[0] = '\0';
}

static bool is_page(const struct http_call *call)
{
	const char *const html = "text/html";
	const char *type = NULL;

	return curl_easy_getinfo(call->easy, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type &&
	       strncasecmp(type, html, strlen(html)) == 0;
}

static void answer_read(const struct http_call *call, CURLcode code, struct http_answer *answer)
{
	curl_off_t retry_after_s = 0;
	long status = 0;

	answer->failure = failure_of(call, code);
	answer->retry_after_s = -1;
	answer->body = "";
	if (answer->failure == HTTP_UNTRUSTED)
		answer->distrust = distrust_of(call, code);
	if (answer->failure != HTTP_ANSWERED) {
		reason_write(call, code, answer);
		return;
	}
	if (curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK)
		answer->status = (unsigned)status;
	/* 0 says "none", and also that the date is past. */
	if (curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &retry_after_s) == CURLE_OK &&
	    retry_after_s > 0)
		answer->retry_after_s = retry_after_s;
	redirect_read(call, answer);
	answer->is_page = is_page(call);
	answer->body = buf_text(&call->answer);
	answer->body_size = call->answer.size;
}

static void call_unlink(struct http_call *call)
{
	TAILQ_REMOVE(&call->client->calls, call, link);
	(void)curl_multi_remove_handle(call->client->multi, call->easy);
}

static void call_finish(struct http_call *call, CURLcode code)
{
	struct http_answer answer = {0};

	answer_read(call, code, &answer);
	call_unlink(call);
	/* From here on the function may start calls and cancel any other. */
	call->function(&answer, call->context);
	call_free(call);
}

static void client_dispatch(void *context, struct clock_time now)
{
	struct http_client *client = context;
	int running;
	int left;
	CURLMsg *message;

	(void)now;
	if (TAILQ_EMPTY(&client->calls))
		return;
	(void)curl_multi_perform(client->multi, &running);
	while ((message = curl_multi_info_read(client->multi, &left))) {
		char *call = NULL;

		if (message->msg == CURLMSG_DONE &&
		    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call) == CURLE_OK)
			call_finish((struct http_call *)(void *)call, message->data.result);
	}
}

int http_client_attach(struct http_client *client, struct loop *loop)
{
	struct loop_source source = {
		.fd = -1, /* the loop waits on the multi handle itself, its timers included */
		.dispatch = client_dispatch,
		.context = client,
	};

	return loop_add(loop, &source);
}

void http_call_cancel(struct http_call *call)
{
	call_unlink(call);
	call_free(call);
}

void http_client_free(struct http_client *client)
{
	struct http_call *call;

	if (!client)
		return;
	while ((call = TAILQ_FIRST(&client->calls)))
		http_call_cancel(call);
	if (client->multi)
		(void)curl_multi_cleanup(client->multi);
	if (client->curl_is_up)
		curl_global_cleanup();
	free(client->ca_file);
	free(client);
}
