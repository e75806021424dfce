/* SPDX-License-Identifier: MIT */
#include "server_probe.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/translate.h"
#include "http_rules/http_rules.h"

/* From 12 on, the short form, which has the version too. */
#define REQUEST "{\"detail\":false}"

struct probe {
	bool curl_is_up;
	CURL *easy;
	struct curl_slist *headers;
	struct buf url;
	struct buf answer;
	size_t head_size;
	char error[CURL_ERROR_SIZE];
};

static void probe_done(struct probe *probe)
{
	/* The handle uses the rest. */
	curl_easy_cleanup(probe->easy);
	curl_slist_free_all(probe->headers);
	buf_done(&probe->url);
	buf_done(&probe->answer);
	if (probe->curl_is_up)
		curl_global_cleanup();
}

void server_answer_done(struct server_answer *answer)
{
	json_free(answer->body);
	answer->body = NULL;
}

/* A shorter return ends the transfer. CURLOPT_MAXFILESIZE does not bound an answer of unknown
 * length. */
static size_t receive(char *bytes, size_t size, size_t count, void *context)
{
	struct buf *answer = context;

	if (size * count > SERVER_PROBE_ANSWER_BYTES - answer->size) {
		answer->error = ERR_LIMIT;
		return 0;
	}
	buf_append(answer, bytes, size * count);
	return buf_error(answer) ? 0 : size * count;
}

/* libcurl keeps every line of the head, and of trailers as many as come. */
/* NOLINTNEXTLINE(readability-non-const-parameter): what libcurl calls */
static size_t count_head(char *bytes, size_t size, size_t count, void *context)
{
	struct probe *probe = context;

	(void)bytes;
	probe->head_size += size * count;
	if (probe->head_size <= SERVER_PROBE_ANSWER_BYTES)
		return size * count;
	probe->answer.error = ERR_LIMIT;
	return 0;
}

#define SET(option, value) (curl_easy_setopt(probe->easy, (option), (value)) == CURLE_OK)

static bool set_question(struct probe *probe, const struct url_server *server,
			 enum server_question question)
{
	buf_append_format(&probe->url, "%s%s", server->origin,
			  question == SERVER_META ? "/api/meta" : "/nodeinfo/2.0");
	if (buf_error(&probe->url) || !SET(CURLOPT_URL, buf_text(&probe->url)))
		return false;
	if (question != SERVER_META)
		return true;
	probe->headers = curl_slist_append(NULL, "Content-Type: application/json");
	return probe->headers && SET(CURLOPT_POST, 1L) &&
	       SET(CURLOPT_POSTFIELDSIZE, (long)strlen(REQUEST)) &&
	       SET(CURLOPT_POSTFIELDS, REQUEST) && SET(CURLOPT_HTTPHEADER, probe->headers);
}

static bool set_request(struct probe *probe)
{
	return SET(CURLOPT_USERAGENT, "misskey-authctl/" MISSKEY_AUTHD_VERSION) &&
	       SET(CURLOPT_WRITEFUNCTION, receive) && SET(CURLOPT_WRITEDATA, &probe->answer) &&
	       SET(CURLOPT_HEADERFUNCTION, count_head) && SET(CURLOPT_HEADERDATA, probe) &&
	       SET(CURLOPT_ERRORBUFFER, probe->error);
}

static int failure_code(CURLcode code)
{
	static const int codes[] = {
		[HTTP_RULES_UNREACHABLE] = ERR_NOT_FOUND,
		[HTTP_RULES_DISTRUST] = ERR_UNSAFE,
		[HTTP_RULES_TIMED_OUT] = ERR_BUSY,
		[HTTP_RULES_NO_MEMORY] = ERR_NOMEM,
		[HTTP_RULES_BROKEN] = ERR_IO,
	};

	return codes[http_rules_judge(code)];
}

static int failed(const struct probe *probe, CURLcode code, struct err_detail *detail)
{
	if (probe->answer.error == ERR_LIMIT)
		return err_set(detail, ERR_LIMIT, _("the answer is larger than %zu bytes"),
			       SERVER_PROBE_ANSWER_BYTES);
	if (probe->answer.error)
		code = CURLE_OUT_OF_MEMORY;
	return err_set(detail, failure_code(code), "%s",
		       probe->error[0] ? probe->error : curl_easy_strerror(code));
}

static int64_t read_date(CURL *easy)
{
	struct curl_header *date;

	if (curl_easy_header(easy, "Date", 0, CURLH_HEADER, -1, &date) != CURLHE_OK)
		return -1;
	return curl_getdate(date->value, NULL);
}

static int read_answer(const struct probe *probe, struct server_answer *ret_answer,
		       struct err_detail *detail)
{
	struct server_answer answer = {.local_s = time(NULL), .date_s = read_date(probe->easy)};
	const char *redirect = NULL;
	long status = 0;

	if (curl_easy_getinfo(probe->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK ||
	    curl_easy_getinfo(probe->easy, CURLINFO_REDIRECT_URL, &redirect) != CURLE_OK)
		return err_set(detail, ERR_LIBRARY, _("libcurl does not tell the answer's status"));
	answer.status = (unsigned)status;
	if (redirect)
		snprintf(answer.redirect_url, sizeof(answer.redirect_url), "%s", redirect);
	if (json_parse(buf_text(&probe->answer), probe->answer.size, SERVER_PROBE_ANSWER_BYTES,
		       &answer.body, NULL) == ERR_NOMEM)
		return err_set(detail, ERR_NOMEM, _("there is no memory left"));
	*ret_answer = answer;
	return 0;
}

int server_probe(const struct url_server *server, enum server_question question,
		 const char *ca_file, struct server_answer *ret_answer, struct err_detail *detail)
{
	_cleanup_(probe_done) struct probe probe = {0};
	const struct http_rules rules = {
		.is_loopback = server->loopback,
		.ca_file = ca_file,
		.call_ms = SERVER_PROBE_MS,
	};
	CURLcode code;

	probe.curl_is_up = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	if (probe.curl_is_up)
		probe.easy = curl_easy_init();
	if (!probe.easy || !set_question(&probe, server, question) || !set_request(&probe) ||
	    !http_rules_set(probe.easy, &rules))
		return err_set(detail, ERR_LIBRARY, _("libcurl refuses to call it"));
	code = curl_easy_perform(probe.easy);
	if (code != CURLE_OK)
		return failed(&probe, code, detail);
	return read_answer(&probe, ret_answer, detail);
}
