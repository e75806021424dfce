/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "fuzz.h"
#include "misskey/misskey.h"

static void check(enum misskey_verdict verdict, const struct misskey_problem *problem)
{
	if (verdict != MISSKEY_DONE && (!problem->text[0] || !text_is_plain(problem->text)))
		abort();
}

static void check_user(enum misskey_verdict verdict, const struct misskey_user *user)
{
	if (verdict == MISSKEY_DONE &&
	    (!user->id[0] || !user->username[0] || !text_is_plain(user->username)))
		abort();
}

static void check_secret(enum misskey_verdict verdict, const struct secret *secret)
{
	if (verdict == MISSKEY_DONE && (!secret_is_set(secret) || secret->size > SECRET_MAX_BYTES))
		abort();
}

static void read_all(const struct http_answer *answer)
{
	struct url_server server;
	struct misskey_problem problem;
	struct misskey_app app = {0};
	struct misskey_session session = {0};
	struct misskey_user user = {0};
	_cleanup_(secret_done) struct secret access_token = {0};
	enum misskey_verdict verdict;

	if (url_server_parse("misskey.example", &server, NULL))
		abort();
	verdict = misskey_app_create_read(answer, &app, &problem);
	check(verdict, &problem);
	check_secret(verdict, &app.secret);
	verdict = misskey_session_generate_read(answer, &server, &session, &problem);
	check(verdict, &problem);
	check_secret(verdict, &session.token);
	verdict = misskey_userkey_read(answer, &access_token, &user, &problem);
	check(verdict, &problem);
	check_secret(verdict, &access_token);
	check_user(verdict, &user);
	verdict = misskey_verify_read(answer, &user, &problem);
	check(verdict, &problem);
	check_user(verdict, &user);
	verdict = misskey_miauth_read(answer, &access_token, &user, &problem);
	check(verdict, &problem);
	check_secret(verdict, &access_token);
	check_user(verdict, &user);
	verdict = misskey_miauth_probe_read(answer, &problem);
	check(verdict, &problem);
	misskey_missing_read(answer, MISSKEY_LACKS_BOTH, &problem);
	check(MISSKEY_REFUSED, &problem);
	secret_done(&app.secret);
	secret_done(&session.token);
}

/* The first two bytes choose the status; the rest is the body, read as each of the answers.
 * With a status below 200 there is no answer, and the rest chooses the reason. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_answer answer = {.failure = HTTP_ANSWERED, .retry_after_s = -1};
	char *body;

	json_init();
	if (size < 2)
		return 0;
	body = malloc(size - 1);
	if (!body)
		return 0;
	memcpy(body, data + 2, size - 2);
	body[size - 2] = '\0';
	answer.status = 100U + (data[0] * 256U + data[1]) % 500U;
	answer.body = body;
	answer.body_size = size - 2;
	if (answer.status < 200) {
		answer.distrust =
			(enum http_distrust)(answer.status % (HTTP_DISTRUST_HANDSHAKE + 1));
		answer.failure = (enum http_failure)(answer.status % (HTTP_FAILED + 1));
		(void)snprintf(answer.reason, sizeof(answer.reason), "%s", body);
		if (!text_is_plain(answer.reason))
			answer.reason[0] = '\0';
	}
	read_all(&answer);
	free(body);
	return 0;
}
