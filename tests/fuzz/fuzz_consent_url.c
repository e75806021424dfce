/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/json.h"
#include "common/text.h"
#include "fuzz.h"
#include "misskey/misskey.h"

#define TOKEN "c0d01b2a-cf9c-47d4-9986-f98c06c02dbb"
#define PATH "/auth/" TOKEN

/* Whether URL is the consent page and nothing else, for a browser and for a hook's command line. */
static bool is_consent_page(const char *url)
{
	static const char scheme[] = "https://";
	static const char host[] = "misskey.example";
	size_t size = strlen(url);
	const char *rest = url + sizeof(scheme) - 1;

	if (strncasecmp(url, scheme, sizeof(scheme) - 1) != 0 ||
	    strncasecmp(rest, host, sizeof(host) - 1) != 0)
		return false;
	rest += sizeof(host) - 1;
	if (strncmp(rest, ":443", 4) == 0)
		rest += 4;
	return strcmp(rest, PATH) == 0 && size < URL_MAX_BYTES;
}

/* A server that answers auth/session/generate with a token and, for the consent page, the input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *url = strndup((const char *)data, size);
	_cleanup_(json_freep) struct json *reply = NULL;
	_cleanup_(buf_done) struct buf body = {0};
	struct http_answer answer = {.failure = HTTP_ANSWERED, .status = 200, .retry_after_s = -1};
	struct misskey_session session = {0};
	struct misskey_problem problem;
	struct url_server server;
	enum misskey_verdict verdict;

	json_init();
	reply = json_new_object();
	/* What is not UTF-8 cannot be in an answer. */
	if (url && text_is_plain(url) && !url_server_parse("misskey.example", &server, NULL) &&
	    !json_add_string(reply, "token", TOKEN) && !json_add_string(reply, "url", url) &&
	    !json_print(reply, false, &body)) {
		answer.body = buf_text(&body);
		answer.body_size = body.size;
		verdict = misskey_session_generate_read(&answer, &server, &session, &problem);
		if (verdict == MISSKEY_DONE ? !is_consent_page(session.consent_url)
					    : !text_is_plain(problem.text) || !problem.text[0])
			abort();
	}
	secret_done(&session.token);
	free(url);
	return 0;
}
