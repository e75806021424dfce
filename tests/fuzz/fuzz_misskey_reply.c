/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "daemon/misskey.h"
#include "tests/fuzz/fuzz.h"

static void check(enum misskey_verdict verdict, const struct misskey_problem *problem)
{
	if (verdict != MISSKEY_DONE && (!problem->text[0] || !text_is_plain(problem->text)))
		abort();
}

/* The first two bytes choose the status; the rest is the body, read as each of the four answers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct url_server server;
	struct http_answer answer = {.failure = HTTP_ANSWERED, .retry_after_s = -1};
	struct misskey_problem problem;
	struct misskey_app app = {0};
	struct misskey_session session = {0};
	struct misskey_user user = {0};
	_cleanup_(secret_done) struct secret access_token = {0};
	char *body;

	json_init();
	if (size < 2 || url_server_parse("misskey.example", &server, NULL))
		return 0;
	body = strndup((const char *)data + 2, size - 2);
	if (!body)
		return 0;
	answer.status = 100U + (data[0] * 256U + data[1]) % 500U;
	answer.body = body;
	answer.body_size = strlen(body);
	check(misskey_app_create_read(&answer, &app, &problem), &problem);
	check(misskey_session_generate_read(&answer, &server, &session, &problem), &problem);
	check(misskey_userkey_read(&answer, &access_token, &user, &problem), &problem);
	check(misskey_verify_read(&answer, &user, &problem), &problem);
	secret_done(&app.secret);
	secret_done(&session.token);
	free(body);
	return 0;
}
