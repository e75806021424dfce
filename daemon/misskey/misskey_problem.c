/* SPDX-License-Identifier: MIT */
#include "misskey_problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"

/* With this, the sentence around it and the longest code fit into misskey_problem.text. */
#define REASON_MAX_CHARS 180

/* Longest info.resetMs that is taken as a duration: see limiter_wait_s(). */
#define RESET_MAX_MS (24 * 60 * 60 * 1000)

enum misskey_verdict misskey_problem_set(struct misskey_problem *problem,
					 enum misskey_verdict verdict, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	/* The sentence may be cut: it begins with what matters. */
	(void)vsnprintf(problem->text, sizeof(problem->text), format, arguments);
	va_end(arguments);
	return verdict;
}

/* The call's own reason as " (…)", or "": libcurl's words can hold a name that a server chose. */
static void reason_append(struct buf *text, const struct http_answer *answer)
{
	if (!answer->reason[0])
		return;
	buf_append_text(text, " (");
	text_append_printable(text, answer->reason, REASON_MAX_CHARS);
	buf_append_char(text, ')');
}

/* What to do about a connection that is not trusted. Nothing was sent on it. */
static const char *trust_advice(enum http_distrust distrust)
{
	switch (distrust) {
	case HTTP_DISTRUST_NAME:
		return "it is for another name; is the server's name right?";
	case HTTP_DISTRUST_TIME:
		return "if it is valid in a browser, this computer's clock is wrong; else only "
		       "the server's administrator can renew it";
	case HTTP_DISTRUST_CA_FILE:
		return "correct ca_file in config.ini: it must name a file of certificates in "
		       "the form PEM";
	case HTTP_DISTRUST_HANDSHAKE:
		return "is it a server of https? TLS 1.2 is the oldest that is used";
	case HTTP_DISTRUST_AUTHORITY:
		break;
	}
	return "if it is signed by an authority of your own, name that authority's file as "
	       "ca_file in config.ini";
}

static enum misskey_verdict untrusted(const struct http_answer *answer, const char *reason,
				      struct misskey_problem *problem)
{
	const char *what = answer->distrust == HTTP_DISTRUST_HANDSHAKE ||
					   answer->distrust == HTTP_DISTRUST_CA_FILE
				   ? "A secure connection to the server could not be made"
				   : "The server's certificate could not be verified";

	return misskey_problem_set(problem, MISSKEY_REFUSED, "%s%s; %s", what, reason,
				   trust_advice(answer->distrust));
}

static enum misskey_verdict unanswered(const struct http_answer *answer,
				       struct misskey_problem *problem)
{
	_cleanup_(buf_done) struct buf reason = {0};

	reason_append(&reason, answer);
	switch (answer->failure) {
	case HTTP_UNREACHABLE:
		return misskey_problem_set(problem, MISSKEY_FOR_NOW,
					   "The server could not be reached%s", buf_text(&reason));
	case HTTP_PROXY_DENIES:
		return misskey_problem_set(
			problem, MISSKEY_REFUSED,
			"The proxy wants a password (HTTP 407); put it into the https_proxy that "
			"the daemon has, as http://USER:PASSWORD@PROXY:PORT");
	case HTTP_UNTRUSTED:
		return untrusted(answer, buf_text(&reason), problem);
	case HTTP_TIMED_OUT:
		return misskey_problem_set(problem, MISSKEY_FOR_NOW,
					   "The server did not answer %s in time%s",
					   problem->endpoint, buf_text(&reason));
	case HTTP_CUT:
		return misskey_problem_set(
			problem, MISSKEY_FOR_NOW,
			"The connection ended before the answer to %s was complete%s",
			problem->endpoint, buf_text(&reason));
	case HTTP_TOO_LARGE:
		return misskey_problem_set(problem, MISSKEY_BAD_REPLY,
					   "The server's answer to %s is larger than %d KiB, which "
					   "no answer of Misskey's is",
					   problem->endpoint, HTTP_CLIENT_ANSWER_BYTES / 1024);
	case HTTP_ANSWERED:
	case HTTP_FAILED:
		break;
	}
	return misskey_problem_set(problem, MISSKEY_FOR_NOW,
				   "This computer could not make the call%s", buf_text(&reason));
}

/* Codes are upper-case words (RATE_LIMIT_EXCEEDED). Anything else is not shown, and counts as none.
 */
static void code_copy(const char *code, char ret_code[static MISSKEY_CODE_BYTES])
{
	const char *const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t length;

	ret_code[0] = '\0';
	if (!code)
		return;
	length = strlen(code);
	if (length == 0 || length >= MISSKEY_CODE_BYTES || strspn(code, alphabet) != length)
		return;
	memcpy(ret_code, code, length + 1);
}

/*
 * Forks send the time that is left as resetMs. Misskey 2025's is milliseconds since 1970
 * (ApiCallService.ts), far above RESET_MAX_MS; it also sends a Retry-After that says the same.
 */
static int64_t limiter_wait_s(const struct json *error)
{
	int64_t reset_ms;

	if (!json_get_integer(json_get(error, "info"), "resetMs", &reset_ms))
		return -1;
	if (reset_ms < 0 || reset_ms > RESET_MAX_MS)
		return -1;
	return (reset_ms + 999) / 1000;
}

/*
 * The members of an error. Calckey, Firefish and Iceshrimp (JS) send those of an
 * AUTHENTICATION_FAILED without the {"error":…} around them. What stands before a server may have
 * a `code` of its own there, but not the UUID that each of Misskey's errors has as `id`.
 */
static const struct json *error_members(const struct json *body)
{
	const struct json *error = json_get(body, "error");
	const char *id = json_get_string(body, "id");

	return !error && id && url_is_uuid(id) ? body : error;
}

/*
 * Reads {"error":{"code",…}}. The errors of 2025's framework have a string as `error`, those of
 * 11's body parser are text/plain, a 405 of 2025 is empty, a proxy sends HTML: all of these have no
 * code.
 */
static void error_read(const struct http_answer *answer, struct misskey_problem *problem)
{
	_cleanup_(json_freep) struct json *body = NULL;
	const struct json *error;

	problem->retry_after_s = answer->retry_after_s;
	if (!answer->body || answer->body_size == 0)
		return;
	if (json_parse(answer->body, answer->body_size, HTTP_CLIENT_ANSWER_BYTES, &body, NULL) < 0)
		return;
	error = error_members(body);
	code_copy(json_get_string(error, "code"), problem->code);
	if (problem->retry_after_s < 0)
		problem->retry_after_s = limiter_wait_s(error);
}

/* "The server answered app/create with CODE (HTTP 400)", or "… with HTTP 400", and what to do. */
static enum misskey_verdict answered(struct misskey_problem *problem, enum misskey_verdict verdict,
				     const char *advice)
{
	if (problem->code[0])
		return misskey_problem_set(
			problem, verdict, "The server answered %s with %s (HTTP %u)%s",
			problem->endpoint, problem->code, problem->status, advice);
	return misskey_problem_set(problem, verdict, "The server answered %s with HTTP %u%s",
				   problem->endpoint, problem->status, advice);
}

/* What an error's code means with the statuses that Misskey sends it with (0: any 4xx). The status
 * is checked where a mistake would throw a good credential away. */
static const struct {
	const char *code;
	unsigned statuses[2];
	enum misskey_verdict verdict;
	const char *advice;
} meanings[] = {
	{"PENDING_SESSION", {0}, MISSKEY_PENDING, ": no consent has been given yet"},
	{"NO_SUCH_SESSION", {0}, MISSKEY_NO_SUCH_SESSION, ": it does not know this login"},
	{"NO_SUCH_APP", {0}, MISSKEY_NO_SUCH_APP, ": it has forgotten the app registration"},
	{"RATE_LIMIT_EXCEEDED", {0}, MISSKEY_FOR_NOW, ""},
	/* Meisskey, which goes on with version 10: 423 */
	{"AUTHENTICATION_LIMIT_EXCEEDED", {0}, MISSKEY_FOR_NOW, ""},
	/* Of api/i and all other endpoints: 403 up to version 12, 401 from 13 */
	{"AUTHENTICATION_FAILED",
	 {401, 403},
	 MISSKEY_REJECTED,
	 ": it does not accept this credential"},
	/* a suspended user: until 12, since 13 */
	{"ACCESS_DENIED", {400, 400}, MISSKEY_SUSPENDED, ": the user may be suspended"},
	{"YOUR_ACCOUNT_SUSPENDED", {403, 403}, MISSKEY_SUSPENDED, ": the user is suspended"},
	/* 400 until 12, 403 since 13 */
	{"PERMISSION_DENIED", {400, 403}, MISSKEY_DENIED, ": the app lacks a permission for this"},
};

static enum misskey_verdict client_error(const struct http_answer *answer,
					 struct misskey_problem *problem)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		const unsigned *statuses = meanings[i].statuses;

		if (strcmp(problem->code, meanings[i].code) != 0)
			continue;
		if (statuses[0] == 0 || statuses[0] == problem->status ||
		    statuses[1] == problem->status)
			return answered(problem, meanings[i].verdict, meanings[i].advice);
	}
	if (problem->code[0])
		return answered(problem, MISSKEY_REFUSED, "");
	if (problem->status == 404)
		return answered(
			problem, MISSKEY_REFUSED,
			" without an error code of Misskey's; perhaps it is no Misskey server");
	if (problem->status == 403 && answer->is_page)
		return answered(
			problem, MISSKEY_REFUSED,
			" and a web page: a firewall in front of it lets only browsers "
			"pass. Only the server's administrator can let programs call /api/");
	return answered(problem, MISSKEY_REFUSED,
			" without an error code of Misskey's; a proxy or a firewall in front of "
			"it may have answered");
}

/* Nobody is led to another server by the answer of one: the person has to type its name. A server
 * in maintenance redirects for a while, one that has moved does for good. */
static enum misskey_verdict redirected(const struct http_answer *answer,
				       struct misskey_problem *problem)
{
	bool for_now = problem->status == 302 || problem->status == 303 || problem->status == 307;
	const char *where = answer->redirect_origin;
	_cleanup_(buf_done) struct buf advice = {0};

	if (where[0] && for_now)
		buf_append_format(&advice,
				  ", a redirect to %s, which is not followed. The server may be in "
				  "maintenance",
				  where);
	else if (where[0])
		buf_append_format(
			&advice,
			", a redirect to %s, which is not followed. If that is the server "
			"that you mean, log in with that name",
			where);
	else if (for_now)
		buf_append_text(&advice, ", a redirect, which is not followed. The server may be "
					 "in maintenance");
	else
		buf_append_text(&advice, ", a redirect, which is not followed");
	return answered(problem, for_now ? MISSKEY_FOR_NOW : MISSKEY_REFUSED, buf_text(&advice));
}

static bool is_temporary(unsigned status)
{
	return status == 408 || status == 425 || status == 429 || status >= 500;
}

enum misskey_verdict misskey_problem_classify(const struct http_answer *answer,
					      const char *endpoint,
					      struct misskey_problem *ret_problem)
{
	struct misskey_problem *problem = ret_problem;

	*problem = (struct misskey_problem){
		.endpoint = endpoint, .status = answer->status, .retry_after_s = -1};
	if (answer->failure != HTTP_ANSWERED) {
		problem->status = 0;
		return unanswered(answer, problem);
	}
	if (answer->status == 200) {
		if (answer->body && answer->body_size > 0)
			return MISSKEY_DONE;
		return answered(problem, MISSKEY_BAD_REPLY, " without any content");
	}
	if (answer->status >= 300 && answer->status < 400)
		return redirected(answer, problem);
	if (answer->status < 400)
		return answered(problem, MISSKEY_BAD_REPLY, ", which Misskey does not do here");

	error_read(answer, problem);
	if (problem->retry_after_s > MISSKEY_RETRY_AFTER_MAX_S)
		problem->retry_after_s = MISSKEY_RETRY_AFTER_MAX_S;
	if (answer->status == 503 && !problem->code[0])
		return answered(problem, MISSKEY_FOR_NOW,
				": it is in maintenance, or has too much to do");
	if (is_temporary(answer->status))
		return answered(problem, MISSKEY_FOR_NOW, "");
	return client_error(answer, problem);
}
