/* SPDX-License-Identifier: MIT */

/*
 * Proves that the requests are what Misskey's documentation says, that every recorded answer of
 * real servers is understood, and that no answer of a lying server gets through.
 */

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/json.h"
#include "common/permission.h"
#include "common/text.h"
#include "misskey/misskey.h"
#include "support/http_answer.h"

#define TOKEN "8ea47f67-4929-4a7c-b204-54b73bafbf4e"
#define SECRET "wTKC8xmJthbXJy1gxnBDsDa0BibRgj9e"

static struct url_server server_of(const char *text)
{
	struct url_server server;

	assert_int_equal(url_server_parse(text, &server, NULL), 0);
	return server;
}

/* What every reader that ended without a result must have left behind. */
static void assert_told(const struct misskey_problem *problem)
{
	assert_true(problem->text[0] != '\0');
	assert_true(text_is_plain(problem->text));
	assert_null(strchr(problem->text, '<'));
}

static enum misskey_verdict app_verdict(const struct http_answer *answer,
					struct misskey_problem *problem)
{
	struct misskey_app app = {0};
	enum misskey_verdict verdict = misskey_app_create_read(answer, &app, problem);

	assert_int_equal(secret_is_set(&app.secret), verdict == MISSKEY_DONE);
	assert_int_equal(app.id[0] != '\0', verdict == MISSKEY_DONE);
	secret_done(&app.secret);
	return verdict;
}

static enum misskey_verdict session_verdict(const struct http_answer *answer, const char *server,
					    struct misskey_problem *problem)
{
	struct url_server parsed = server_of(server);
	struct misskey_session session = {0};
	enum misskey_verdict verdict =
		misskey_session_generate_read(answer, &parsed, &session, problem);

	assert_int_equal(secret_is_set(&session.token), verdict == MISSKEY_DONE);
	assert_int_equal(session.consent_url[0] != '\0', verdict == MISSKEY_DONE);
	secret_done(&session.token);
	return verdict;
}

static enum misskey_verdict userkey_verdict(const struct http_answer *answer,
					    struct misskey_problem *problem)
{
	struct misskey_user user = {0};
	struct secret token = {0};
	enum misskey_verdict verdict = misskey_userkey_read(answer, &token, &user, problem);

	assert_int_equal(secret_is_set(&token), verdict == MISSKEY_DONE);
	assert_int_equal(user.id[0] != '\0', verdict == MISSKEY_DONE);
	secret_done(&token);
	return verdict;
}

static enum misskey_verdict verify_verdict(const struct http_answer *answer,
					   struct misskey_problem *problem)
{
	struct misskey_user user = {0};
	enum misskey_verdict verdict = misskey_verify_read(answer, &user, problem);

	assert_int_equal(user.id[0] != '\0', verdict == MISSKEY_DONE);
	return verdict;
}

/* Recordings */

/* Reads a file of the wire directory into TEXT. */
static void wire_read(const char *directory, const char *name, struct buf *text)
{
	char path[1024], chunk[4096];
	size_t got;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/%s", TEST_WIRE_DIR, directory, name);
	file = fopen(path, "re");
	if (!file)
		fail_msg("cannot open %s", path);
	while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_append(text, chunk, got);
	assert_int_equal(ferror(file), 0);
	fclose(file);
	assert_int_equal(buf_error(text), 0);
}

/* The answer in a recording; its body is a part of TEXT. */
static struct http_answer wire_answer(const char *directory, const char *name, struct buf *text)
{
	const char *body;
	unsigned status;

	wire_read(directory, name, text);
	assert_int_equal(sscanf(buf_text(text), "HTTP/1.1 %u ", &status), 1);
	body = strstr(buf_text(text), "\r\n\r\n");
	if (body) {
		body += 4;
	} else {
		body = strstr(buf_text(text), "\n\n");
		assert_non_null(body);
		body += 2;
	}
	return answer_of(status, body);
}

enum reader { READ_APP, READ_SESSION, READ_USERKEY, READ_I };

/* What the recorded answers mean, and the code that is shown. Where no reader ever gets such
 * an answer, it stands for one that a confused server could give. */
static const struct expectation {
	const char *name;
	enum reader reader;
	enum misskey_verdict old, new; /* of 11 and Iceshrimp, of 2025 and later */
	const char *code;
} expectations[] = {
	{"accept-ok.http", READ_APP, MISSKEY_BAD_REPLY, MISSKEY_BAD_REPLY, ""},
	{"app-create-duplicate-permission.http", READ_APP, MISSKEY_REFUSED, MISSKEY_REFUSED,
	 "INVALID_PARAM"},
	{"app-create-missing-name.http", READ_APP, MISSKEY_REFUSED, MISSKEY_REFUSED,
	 "INVALID_PARAM"},
	{"app-create-ok.http", READ_APP, MISSKEY_DONE, MISSKEY_DONE, ""},
	/* 11 takes no body for an empty object, 2025's framework refuses it: `error` is text. */
	{"empty-body.http", READ_SESSION, MISSKEY_REFUSED, MISSKEY_REFUSED, NULL},
	{"get-instead-of-post.http", READ_USERKEY, MISSKEY_REFUSED, MISSKEY_REFUSED, ""},
	{"i-authentication-failed.http", READ_I, MISSKEY_REJECTED, MISSKEY_REJECTED,
	 "AUTHENTICATION_FAILED"},
	{"i-credential-required.http", READ_I, MISSKEY_REFUSED, MISSKEY_REFUSED,
	 "CREDENTIAL_REQUIRED"},
	{"i-no-permissions.http", READ_I, MISSKEY_DONE, MISSKEY_DENIED, NULL},
	{"i-ok.http", READ_I, MISSKEY_DONE, MISSKEY_DONE, ""},
	{"malformed-json.http", READ_APP, MISSKEY_REFUSED, MISSKEY_REFUSED, ""},
	{"meta.http", READ_APP, MISSKEY_BAD_REPLY, MISSKEY_BAD_REPLY, ""},
	{"nodeinfo-2.0.http", READ_I, MISSKEY_BAD_REPLY, MISSKEY_BAD_REPLY, ""},
	{"notes-create-ok.http", READ_USERKEY, MISSKEY_BAD_REPLY, MISSKEY_BAD_REPLY, ""},
	{"notes-create-permission-denied.http", READ_I, MISSKEY_DENIED, MISSKEY_DENIED,
	 "PERMISSION_DENIED"},
	{"session-generate-missing-secret.http", READ_SESSION, MISSKEY_REFUSED, MISSKEY_REFUSED,
	 "INVALID_PARAM"},
	{"session-generate-no-such-app.http", READ_SESSION, MISSKEY_NO_SUCH_APP,
	 MISSKEY_NO_SUCH_APP, "NO_SUCH_APP"},
	{"session-generate-ok.http", READ_SESSION, MISSKEY_DONE, MISSKEY_DONE, ""},
	{"session-show-ok.http", READ_SESSION, MISSKEY_BAD_REPLY, MISSKEY_BAD_REPLY, ""},
	{"too-large.http", READ_APP, MISSKEY_REFUSED, MISSKEY_REFUSED, ""},
	{"unknown-endpoint.http", READ_USERKEY, MISSKEY_REFUSED, MISSKEY_REFUSED, ""},
	{"userkey-no-such-app.http", READ_USERKEY, MISSKEY_NO_SUCH_APP, MISSKEY_NO_SUCH_APP,
	 "NO_SUCH_APP"},
	{"userkey-no-such-session.http", READ_USERKEY, MISSKEY_NO_SUCH_SESSION,
	 MISSKEY_NO_SUCH_SESSION, "NO_SUCH_SESSION"},
	{"userkey-ok.http", READ_USERKEY, MISSKEY_DONE, MISSKEY_DONE, ""},
	{"userkey-pending.http", READ_USERKEY, MISSKEY_PENDING, MISSKEY_PENDING, "PENDING_SESSION"},
	{"userkey-used-twice.http", READ_USERKEY, MISSKEY_NO_SUCH_SESSION, MISSKEY_NO_SUCH_SESSION,
	 "NO_SUCH_SESSION"},
};

#define EXPECTATION_COUNT (sizeof(expectations) / sizeof(expectations[0]))

/* A further server that was recorded is a line here. */
static const struct wire {
	const char *directory; /* of tests/wire/ */
	const char *server;    /* where it was */
	bool is_new;	       /* whether it answers as 2025 does */
} wires[] = {
	{"misskey-11.37.1", "http://127.0.0.1:3011", false},
	{"misskey-2025.3.1", "http://localhost:3025", true},
	{"misskey-2026.3.2", "http://127.0.0.1:3026", true},
	{"iceshrimp-2026.5.1", "http://127.0.0.1:3027", false},
};

#define WIRE_COUNT (sizeof(wires) / sizeof(wires[0]))

static enum misskey_verdict read_with(enum reader reader, const struct http_answer *answer,
				      const char *server, struct misskey_problem *problem)
{
	switch (reader) {
	case READ_APP:
		return app_verdict(answer, problem);
	case READ_SESSION:
		return session_verdict(answer, server, problem);
	case READ_USERKEY:
		return userkey_verdict(answer, problem);
	case READ_I:
		break;
	}
	return verify_verdict(answer, problem);
}

static void test_recordings_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < WIRE_COUNT * EXPECTATION_COUNT; i++) {
		const struct expectation *expected = &expectations[i / WIRE_COUNT];
		const struct wire *wire = &wires[i % WIRE_COUNT];
		_cleanup_(buf_done) struct buf text = {0};
		struct misskey_problem problem;
		struct http_answer answer = wire_answer(wire->directory, expected->name, &text);
		enum misskey_verdict verdict =
			read_with(expected->reader, &answer, wire->server, &problem);

		if (verdict != (wire->is_new ? expected->new : expected->old))
			fail_msg("%s/%s: verdict %d, %s", wire->directory, expected->name,
				 (int)verdict, problem.text);
		assert_int_equal(problem.status, answer.status);
		assert_int_equal(problem.retry_after_s, -1);
		if (expected->code)
			assert_string_equal(problem.code, expected->code);
		if (verdict == MISSKEY_DONE)
			assert_string_equal(problem.text, "");
		else
			assert_told(&problem);
	}
}

static void test_no_recording_is_left_out(void **state)
{
	(void)state;
	for (size_t v = 0; v < WIRE_COUNT; v++) {
		char path[1024];
		size_t found = 0;
		DIR *directory;

		snprintf(path, sizeof(path), "%s/%s", TEST_WIRE_DIR, wires[v].directory);
		directory = opendir(path);
		assert_non_null(directory);
		for (struct dirent *entry; (entry = readdir(directory));)
			found += strstr(entry->d_name, ".http") != NULL;
		closedir(directory);
		assert_int_equal(found, EXPECTATION_COUNT);
	}
}

static void test_recorded_results(void **state)
{
	_cleanup_(buf_done) struct buf app_text = {0}, session_text = {0}, userkey_text = {0};
	struct http_answer app_answer =
		wire_answer(wires[1].directory, "app-create-ok.http", &app_text);
	struct http_answer session_answer =
		wire_answer(wires[1].directory, "session-generate-ok.http", &session_text);
	struct http_answer userkey_answer =
		wire_answer(wires[1].directory, "userkey-ok.http", &userkey_text);
	struct url_server server = server_of("localhost:3025");
	struct misskey_session session = {0};
	struct misskey_problem problem;
	struct misskey_user user = {0};
	struct misskey_app app = {0};
	struct secret token = {0};

	(void)state;
	assert_int_equal(misskey_app_create_read(&app_answer, &app, &problem), MISSKEY_DONE);
	assert_string_equal(app.id, "atve5fe9ofnc0093");
	assert_string_equal(secret_reveal(&app.secret), "r8XL9huhOmb75RAZ3Ct1ef7WJKfOACrt");
	assert_int_equal(
		misskey_session_generate_read(&session_answer, &server, &session, &problem),
		MISSKEY_DONE);
	assert_string_equal(secret_reveal(&session.token), "c0d01b2a-cf9c-47d4-9986-f98c06c02dbb");
	assert_string_equal(session.consent_url,
			    "http://localhost:3025/auth/c0d01b2a-cf9c-47d4-9986-f98c06c02dbb");
	assert_int_equal(misskey_userkey_read(&userkey_answer, &token, &user, &problem),
			 MISSKEY_DONE);
	assert_string_equal(secret_reveal(&token), "vHQrlDwmG2t2L3MIoL8dNicZIzp7bW2i");
	assert_string_equal(user.id, "atvd2nicavf20004");
	assert_string_equal(user.username, "alice");
	secret_done(&app.secret);
	secret_done(&session.token);
	secret_done(&token);
}

/* Requests */

static struct json *parsed(const struct buf *body)
{
	struct json *value = NULL;

	assert_int_equal(buf_error(body), 0);
	assert_int_equal(json_parse(buf_text(body), body->size, 65536, &value, NULL), 0);
	assert_true(json_is_object(value));
	return value;
}

static size_t member_count(const struct json *container)
{
	size_t count = 0;

	for (const struct json *c = json_first(container); c; c = json_next(c))
		count++;
	return count;
}

static void test_app_create_request(void **state)
{
	_cleanup_(buf_done) struct buf body = {0}, none = {0};
	_cleanup_(json_freep) struct json *request = NULL, *bare = NULL;
	const struct json *permission;

	(void)state;
	assert_int_equal(misskey_app_create_request("a \"name\"\n", "説明",
						    "read:account,write:notes",
						    "http://127.0.0.1:41987/callback", &body),
			 0);
	request = parsed(&body);
	assert_int_equal(member_count(request), 4);
	assert_string_equal(json_get_string(request, "name"), "a \"name\"\n");
	assert_string_equal(json_get_string(request, "description"), "説明");
	assert_string_equal(json_get_string(request, "callbackUrl"),
			    "http://127.0.0.1:41987/callback");
	permission = json_get(request, "permission");
	assert_true(json_is_array(permission));
	assert_int_equal(member_count(permission), 2);
	assert_string_equal(json_string(json_first(permission)), "read:account");
	assert_string_equal(json_string(json_next(json_first(permission))), "write:notes");

	assert_int_equal(
		misskey_app_create_request("n", "d", "", "http://127.0.0.1:1/callback", &none), 0);
	bare = parsed(&none);
	assert_true(json_is_array(json_get(bare, "permission")));
	assert_int_equal(member_count(json_get(bare, "permission")), 0);
}

/* COUNT times a character of three bytes: limits are in characters. The caller frees. */
static char *repeated(const char *character, size_t count)
{
	struct buf text = {0};

	for (size_t i = 0; i < count; i++)
		buf_append_text(&text, character);
	return buf_take(&text);
}

static void test_app_create_request_limits(void **state)
{
	_cleanup_(freep) char *name = repeated("あ", 128), *long_name = repeated("あ", 129);
	_cleanup_(freep) char *text = repeated("あ", 512), *long_text = repeated("あ", 513);
	_cleanup_(buf_done) struct buf body = {0};

	(void)state;
	assert_int_equal(misskey_app_create_request(name, text, "", text, &body), 0);
	buf_done(&body);
	assert_int_equal(misskey_app_create_request(long_name, "d", "", "u", &body), ERR_LIMIT);
	assert_int_equal(misskey_app_create_request("n", long_text, "", "u", &body), ERR_LIMIT);
	assert_int_equal(misskey_app_create_request("n", "d", "", long_text, &body), ERR_LIMIT);
	assert_int_equal(body.size, 0);
}

static void test_secret_requests(void **state)
{
	_cleanup_(buf_done) struct buf generate = {0}, userkey = {0}, verify = {0};
	_cleanup_(json_freep) struct json *g = NULL, *u = NULL, *v = NULL;
	_cleanup_(secret_done) struct secret secret = {0}, token = {0};
	const struct secret unset = {0};

	(void)state;
	assert_int_equal(secret_set_text(&secret, SECRET), 0);
	assert_int_equal(secret_set_text(&token, TOKEN), 0);
	assert_int_equal(misskey_session_generate_request(&secret, &generate), 0);
	assert_int_equal(misskey_userkey_request(&secret, &token, &userkey), 0);
	assert_int_equal(misskey_verify_request(&secret, &verify), 0);
	g = parsed(&generate);
	u = parsed(&userkey);
	v = parsed(&verify);
	assert_int_equal(member_count(g), 1);
	assert_string_equal(json_get_string(g, "appSecret"), SECRET);
	assert_int_equal(member_count(u), 2);
	assert_string_equal(json_get_string(u, "appSecret"), SECRET);
	assert_string_equal(json_get_string(u, "token"), TOKEN);
	assert_int_equal(member_count(v), 1);
	assert_string_equal(json_get_string(v, "i"), SECRET);

	assert_int_equal(misskey_session_generate_request(&unset, &generate), ERR_INVALID);
	assert_int_equal(misskey_userkey_request(&secret, &unset, &userkey), ERR_INVALID);
	assert_int_equal(misskey_userkey_request(&unset, &token, &userkey), ERR_INVALID);
	assert_int_equal(misskey_verify_request(&unset, &verify), ERR_INVALID);
}

static void test_i_is_what_real_servers_accepted(void **state)
{
	(void)state;
	for (size_t v = 0; v < WIRE_COUNT; v++) {
		_cleanup_(secret_done) struct secret token = {0}, secret = {0}, i = {0};
		_cleanup_(json_freep) struct json *vector = NULL;
		_cleanup_(buf_done) struct buf text = {0};

		wire_read(wires[v].directory, "vector.json", &text);
		vector = parsed(&text);
		assert_int_equal(secret_set_text(&token, json_get_string(vector, "accessToken")),
				 0);
		assert_int_equal(secret_set_text(&secret, json_get_string(vector, "appSecret")), 0);
		assert_int_equal(misskey_i(&token, &secret, &i), 0);
		assert_string_equal(secret_reveal(&i), json_get_string(vector, "i"));
		/* The order counts, and both halves are needed. */
		assert_int_equal(misskey_i(&secret, &token, &i), 0);
		assert_string_not_equal(secret_reveal(&i), json_get_string(vector, "i"));
		assert_int_equal(misskey_i(&(struct secret){0}, &secret, &i), ERR_INVALID);
		assert_int_equal(misskey_i(&token, &(struct secret){0}, &i), ERR_INVALID);
	}
}

/* Any other answer than the expected one */

static void test_unanswered(void **state)
{
	static const struct {
		enum http_failure failure;
		enum misskey_verdict verdict;
		const char *says;
	} cases[] = {
		{HTTP_UNREACHABLE, MISSKEY_FOR_NOW, "could not be reached (why)"},
		{HTTP_PROXY_DENIES, MISSKEY_REFUSED, "The proxy wants a password (HTTP 407)"},
		{HTTP_UNTRUSTED, MISSKEY_REFUSED, "ca_file"},
		{HTTP_TIMED_OUT, MISSKEY_FOR_NOW, "in time"},
		{HTTP_CUT, MISSKEY_FOR_NOW, "ended before"},
		{HTTP_TOO_LARGE, MISSKEY_BAD_REPLY, "256 KiB"},
		{HTTP_FAILED, MISSKEY_FOR_NOW, "This computer"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_answer answer = {.failure = cases[i].failure,
					     .reason = "why",
					     .status = 200, /* to be ignored */
					     .retry_after_s = 5};
		struct misskey_problem problem;

		assert_int_equal(userkey_verdict(&answer, &problem), cases[i].verdict);
		assert_non_null(strstr(problem.text, cases[i].says));
		assert_int_equal(problem.status, 0);
		assert_int_equal(problem.retry_after_s, -1);
		assert_string_equal(problem.code, "");
	}
}

static void test_each_distrust_has_its_remedy(void **state)
{
	static const struct {
		enum http_distrust distrust;
		const char *remedy;
	} cases[] = {
		{HTTP_DISTRUST_AUTHORITY, "name that authority's file as ca_file in config.ini"},
		{HTTP_DISTRUST_NAME, "is the server's name right?"},
		{HTTP_DISTRUST_TIME, "this computer's clock is wrong"},
		{HTTP_DISTRUST_CA_FILE, "correct ca_file in config.ini"},
		{HTTP_DISTRUST_HANDSHAKE, "TLS 1.2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_answer answer = {.failure = HTTP_UNTRUSTED,
					     .distrust = cases[i].distrust,
					     .retry_after_s = -1};
		struct misskey_problem problem;

		assert_int_equal(app_verdict(&answer, &problem), MISSKEY_REFUSED);
		assert_non_null(strstr(problem.text, cases[i].remedy));
	}
}

static void test_reasons_are_made_printable_and_cut(void **state)
{
	struct http_answer answer = {.failure = HTTP_UNTRUSTED, .retry_after_s = -1};
	struct misskey_problem problem;

	(void)state;
	memset(answer.reason, 'x', sizeof(answer.reason) - 1);
	memcpy(answer.reason, "\x1b[2J\n", 5);
	assert_int_equal(app_verdict(&answer, &problem), MISSKEY_REFUSED);
	assert_true(text_is_plain(problem.text));
	assert_non_null(strstr(problem.text, "\\x1b[2J"));
	assert_non_null(strstr(problem.text, "ca_file in config.ini"));
}

#define API_ERROR(code) "{\"error\":{\"message\":\"m\",\"code\":\"" code "\",\"id\":\"x\"}}"

/* As Calckey, Firefish and Iceshrimp (JS) send it. */
#define UNWRAPPED(code, id) \
	"{\"message\":\"m\",\"code\":\"" code "\",\"id\":\"" id "\",\"kind\":\"client\"}"
#define ERROR_ID "b0a7f5f8-dc2f-4171-b91f-de88ad238e14"

static void test_statuses_and_codes(void **state)
{
	static const struct {
		unsigned status;
		const char *body;
		enum misskey_verdict verdict;
		const char *code;
	} cases[] = {
		{500, API_ERROR("INTERNAL_ERROR"), MISSKEY_FOR_NOW, "INTERNAL_ERROR"},
		{502, "<html>bad gateway</html>", MISSKEY_FOR_NOW, ""},
		{503, "", MISSKEY_FOR_NOW, ""},
		{408, "", MISSKEY_FOR_NOW, ""},
		{425, "", MISSKEY_FOR_NOW, ""},
		{429, API_ERROR("RATE_LIMIT_EXCEEDED"), MISSKEY_FOR_NOW, "RATE_LIMIT_EXCEEDED"},
		{400, API_ERROR("RATE_LIMIT_EXCEEDED"), MISSKEY_FOR_NOW, "RATE_LIMIT_EXCEEDED"},
		{423, API_ERROR("AUTHENTICATION_LIMIT_EXCEEDED"), MISSKEY_FOR_NOW,
		 "AUTHENTICATION_LIMIT_EXCEEDED"},
		/* In trouble, whatever it says about the credential. */
		{500, API_ERROR("AUTHENTICATION_FAILED"), MISSKEY_FOR_NOW, "AUTHENTICATION_FAILED"},
		{429, API_ERROR("NO_SUCH_APP"), MISSKEY_FOR_NOW, "NO_SUCH_APP"},
		{401, API_ERROR("AUTHENTICATION_FAILED"), MISSKEY_REJECTED,
		 "AUTHENTICATION_FAILED"},
		{403, API_ERROR("AUTHENTICATION_FAILED"), MISSKEY_REJECTED,
		 "AUTHENTICATION_FAILED"},
		{400, API_ERROR("ACCESS_DENIED"), MISSKEY_SUSPENDED, "ACCESS_DENIED"},
		{403, API_ERROR("YOUR_ACCOUNT_SUSPENDED"), MISSKEY_SUSPENDED,
		 "YOUR_ACCOUNT_SUSPENDED"},
		{400, API_ERROR("AUTHENTICATION_FAILED"), MISSKEY_REFUSED, "AUTHENTICATION_FAILED"},
		/* A gateway's refusal says nothing about the credential. */
		{403, API_ERROR("ACCESS_DENIED"), MISSKEY_REFUSED, "ACCESS_DENIED"},
		{403, "<html>challenge</html>", MISSKEY_REFUSED, ""},
		{401, "", MISSKEY_REFUSED, ""},
		{403, "{\"error\":\"AUTHENTICATION_FAILED\"}", MISSKEY_REFUSED, ""},
		{403, "{\"error\":{\"code\":403}}", MISSKEY_REFUSED, ""},
		{403, "{\"error\":{\"code\":\"authentication_failed\"}}", MISSKEY_REFUSED, ""},
		{403, "{\"error\":{\"Code\":\"AUTHENTICATION_FAILED\"}}", MISSKEY_REFUSED, ""},
		{403, UNWRAPPED("AUTHENTICATION_FAILED", ERROR_ID), MISSKEY_REJECTED,
		 "AUTHENTICATION_FAILED"},
		{401, UNWRAPPED("AUTHENTICATION_FAILED", ERROR_ID), MISSKEY_REJECTED,
		 "AUTHENTICATION_FAILED"},
		{400, UNWRAPPED("AUTHENTICATION_FAILED", ERROR_ID), MISSKEY_REFUSED,
		 "AUTHENTICATION_FAILED"},
		{500, UNWRAPPED("AUTHENTICATION_FAILED", ERROR_ID), MISSKEY_FOR_NOW,
		 "AUTHENTICATION_FAILED"},
		{200, UNWRAPPED("AUTHENTICATION_FAILED", ERROR_ID), MISSKEY_BAD_REPLY, ""},
		/* A gateway's own. */
		{403, UNWRAPPED("AUTHENTICATION_FAILED", "7"), MISSKEY_REFUSED, ""},
		{403, "{\"code\":\"AUTHENTICATION_FAILED\"}", MISSKEY_REFUSED, ""},
		{403, "{\"code\":\"AUTHENTICATION_FAILED\",\"id\":{}}", MISSKEY_REFUSED, ""},
		{403,
		 "{\"error\":\"Forbidden\",\"code\":\"AUTHENTICATION_FAILED\",\"id\":\"" ERROR_ID
		 "\"}",
		 MISSKEY_REFUSED, ""},
		{403, "{\"error\":{},\"code\":\"AUTHENTICATION_FAILED\",\"id\":\"" ERROR_ID "\"}",
		 MISSKEY_REFUSED, ""},
		{403, "[" UNWRAPPED("AUTHENTICATION_FAILED", ERROR_ID) "]", MISSKEY_REFUSED, ""},
		{400, API_ERROR("PERMISSION_DENIED"), MISSKEY_DENIED, "PERMISSION_DENIED"},
		{403, API_ERROR("PERMISSION_DENIED"), MISSKEY_DENIED, "PERMISSION_DENIED"},
		{404, "Not Found", MISSKEY_REFUSED, ""},
		{404, "[[[[", MISSKEY_REFUSED, ""},
		{400, API_ERROR("<script>alert(1)</script>"), MISSKEY_REFUSED, ""},
		{400, API_ERROR(""), MISSKEY_REFUSED, ""},
		{301, "", MISSKEY_REFUSED, ""},
		{302, API_ERROR("PENDING_SESSION"), MISSKEY_FOR_NOW, ""},
		{204, "", MISSKEY_BAD_REPLY, ""},
		{200, "", MISSKEY_BAD_REPLY, ""},
		{201, "{}", MISSKEY_BAD_REPLY, ""},
		{200, "<html>Just a moment...</html>", MISSKEY_BAD_REPLY, ""},
		{200, API_ERROR("NO_SUCH_APP"), MISSKEY_BAD_REPLY, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_answer answer = answer_of(cases[i].status, cases[i].body);

		for (enum reader reader = READ_APP; reader <= READ_I; reader++) {
			struct misskey_problem problem;
			enum misskey_verdict verdict =
				read_with(reader, &answer, "misskey.example", &problem);

			if (verdict != cases[i].verdict)
				fail_msg("%u %s: %d", cases[i].status, cases[i].body, (int)verdict);
			assert_string_equal(problem.code, cases[i].code);
			assert_int_equal(problem.status, cases[i].status);
			assert_told(&problem);
		}
	}
}

static void test_sentences(void **state)
{
	struct http_answer limited = answer_of(429, API_ERROR("RATE_LIMIT_EXCEEDED"));
	struct http_answer redirect = answer_of(308, ""), empty = answer_of(200, "");
	struct http_answer maintenance = answer_of(503, ""), forbidden = answer_of(403, "<html>");
	struct http_answer trace =
		answer_of(500, "{\"error\":{\"message\":\"at /srv/x.ts\",\"code\":\"at /srv\"}}");
	struct misskey_problem problem;

	(void)state;
	assert_int_equal(app_verdict(&limited, &problem), MISSKEY_FOR_NOW);
	assert_string_equal(problem.text,
			    "The server answered app/create with RATE_LIMIT_EXCEEDED (HTTP 429)");
	assert_int_equal(app_verdict(&redirect, &problem), MISSKEY_REFUSED);
	assert_string_equal(problem.text, "The server answered app/create with HTTP 308, a "
					  "redirect, which is not followed");
	strcpy(redirect.redirect_origin, "https://new.example");
	assert_int_equal(app_verdict(&redirect, &problem), MISSKEY_REFUSED);
	assert_string_equal(problem.text,
			    "The server answered app/create with HTTP 308, a redirect to "
			    "https://new.example, which is not followed. If that is the server "
			    "that you mean, log in with that name");
	redirect.status = 302;
	assert_int_equal(app_verdict(&redirect, &problem), MISSKEY_FOR_NOW);
	assert_string_equal(problem.text,
			    "The server answered app/create with HTTP 302, a redirect to "
			    "https://new.example, which is not followed. The server may be in "
			    "maintenance");
	assert_int_equal(app_verdict(&maintenance, &problem), MISSKEY_FOR_NOW);
	assert_string_equal(problem.text,
			    "The server answered app/create with HTTP 503: it is in maintenance, "
			    "or has too much to do");
	assert_int_equal(app_verdict(&forbidden, &problem), MISSKEY_REFUSED);
	assert_non_null(strstr(problem.text, "a proxy or a firewall in front of it may have"));
	forbidden.is_page = true;
	assert_int_equal(app_verdict(&forbidden, &problem), MISSKEY_REFUSED);
	assert_string_equal(problem.text,
			    "The server answered app/create with HTTP 403 and a web page: a "
			    "firewall in front of it lets only browsers pass. Only the server's "
			    "administrator can let programs call /api/");
	assert_int_equal(app_verdict(&empty, &problem), MISSKEY_BAD_REPLY);
	assert_string_equal(problem.text,
			    "The server answered app/create with HTTP 200 without any content");
	assert_int_equal(app_verdict(&trace, &problem), MISSKEY_FOR_NOW);
	assert_string_equal(problem.text, "The server answered app/create with HTTP 500");
}

static void test_codes_have_a_limit(void **state)
{
	_cleanup_(freep) char *longest = repeated("A", MISSKEY_CODE_BYTES - 1);
	_cleanup_(freep) char *too_long = repeated("A", MISSKEY_CODE_BYTES);
	struct misskey_problem problem;
	struct http_answer answer;
	char body[256];

	(void)state;
	snprintf(body, sizeof(body), "{\"error\":{\"code\":\"%s\"}}", longest);
	answer = answer_of(400, body);
	assert_int_equal(app_verdict(&answer, &problem), MISSKEY_REFUSED);
	assert_string_equal(problem.code, longest);
	snprintf(body, sizeof(body), "{\"error\":{\"code\":\"%s\"}}", too_long);
	answer = answer_of(400, body);
	assert_int_equal(app_verdict(&answer, &problem), MISSKEY_REFUSED);
	assert_string_equal(problem.code, "");
}

static void test_when_to_try_again(void **state)
{
	static const struct {
		const char *info; /* the members of `info` */
		int64_t header_s, expected_s;
	} cases[] = {
		{"", -1, -1},
		{"", 0, 0},
		{"", 30, 30},
		{"", 3600, 3600},
		{"", INT64_MAX, 3600},
		{"\"resetMs\":1500", -1, 2},
		{"\"resetMs\":1500", 30, 30},
		{"\"resetMs\":86400000", -1, 3600},
		/* a moment, as Misskey 2025 sends it beside a Retry-After */
		{"\"resetMs\":1795350000000", -1, -1},
		{"\"resetMs\":1795350000000", 7, 7},
		{"\"resetMs\":-5", -1, -1},
		{"\"resetMs\":\"10\"", -1, -1},
		{"\"resetMs\":1e300", -1, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct misskey_problem problem;
		struct http_answer answer;
		char body[256];

		snprintf(body, sizeof(body),
			 "{\"error\":{\"code\":\"RATE_LIMIT_EXCEEDED\",\"info\":{%s}}}",
			 cases[i].info);
		answer = answer_of(429, body);
		answer.retry_after_s = cases[i].header_s;
		assert_int_equal(verify_verdict(&answer, &problem), MISSKEY_FOR_NOW);
		assert_int_equal(problem.retry_after_s, cases[i].expected_s);
	}
}

/* Lying servers */

static void test_apps_that_lie(void **state)
{
	static const char *const bodies[] = {
		"[]",
		"null",
		"\"secret\"",
		"{}",
		"{\"id\":\"a\"}",
		"{\"secret\":\"" SECRET "\"}",
		"{\"id\":1,\"secret\":\"" SECRET "\"}",
		"{\"id\":\"\",\"secret\":\"" SECRET "\"}",
		"{\"id\":\"../x\",\"secret\":\"" SECRET "\"}",
		"{\"id\":\"a\",\"secret\":\"\"}",
		"{\"id\":\"a\",\"secret\":null}",
		"{\"id\":\"a\",\"secret\":[\"" SECRET "\"]}",
		"{\"id\":\"a\",\"secret\":\"a b\"}",
		"{\"id\":\"a\",\"secret\":\"a\\nb\"}",
		"{\"id\":\"a\",\"secret\":\"a\\u0000b\"}",
		"{\"id\":\"a\",\"secret\":\"\xe3\x81\x82\"}",
		"{\"id\":\"a\",\"secret\":\"$(reboot)\"}",
		"{\"id\":\"a\",\"Secret\":\"" SECRET "\"}",
		"{\"id\":\"a\",\"secret\":\"a\",\"secret\":\"b\"}",
		"{\"id\":\"a\",\"secret\":\"" SECRET "\"",
		"{\"id\":\"a\",\"secret\":\"" SECRET "\"}{}",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct http_answer answer = answer_of(200, bodies[i]);
		struct misskey_problem problem;
		enum misskey_verdict verdict = app_verdict(&answer, &problem);

		if (verdict != MISSKEY_BAD_REPLY)
			fail_msg("%s: %d", bodies[i], (int)verdict);
		assert_told(&problem);
	}
}

static void test_secrets_and_ids_have_limits(void **state)
{
	_cleanup_(freep) char *secret = repeated("s", SECRET_MAX_BYTES);
	_cleanup_(freep) char *id = repeated("9", MISSKEY_ID_BYTES - 1);
	struct misskey_problem problem;
	struct http_answer answer;
	char body[2048];

	(void)state;
	snprintf(body, sizeof(body), "{\"id\":\"%s\",\"secret\":\"%s\"}", id, secret);
	answer = answer_of(200, body);
	assert_int_equal(app_verdict(&answer, &problem), MISSKEY_DONE);
	snprintf(body, sizeof(body), "{\"id\":\"%s\",\"secret\":\"%ss\"}", id, secret);
	answer = answer_of(200, body);
	assert_int_equal(app_verdict(&answer, &problem), MISSKEY_BAD_REPLY);
	snprintf(body, sizeof(body), "{\"id\":\"%s9\",\"secret\":\"%s\"}", id, secret);
	answer = answer_of(200, body);
	assert_int_equal(app_verdict(&answer, &problem), MISSKEY_BAD_REPLY);
}

static void test_consent_pages(void **state)
{
	static const struct {
		const char *token, *url;
		enum misskey_verdict verdict;
		const char *says;
	} cases[] = {
		{TOKEN, "https://misskey.example/auth/" TOKEN, MISSKEY_DONE, ""},
		{TOKEN, "https://MISSKEY.example:443/auth/" TOKEN, MISSKEY_DONE, ""},
		{TOKEN, "https://evil.example/auth/" TOKEN, MISSKEY_ELSEWHERE,
		 "https://evil.example; if that is the server you mean, log in with that name"},
		{TOKEN, "https://misskey.example:8443/auth/" TOKEN, MISSKEY_ELSEWHERE,
		 "https://misskey.example:8443"},
		{TOKEN, "http://misskey.example/auth/" TOKEN, MISSKEY_ELSEWHERE, "cannot be used"},
		{TOKEN, "https://misskey.example.evil.example/auth/" TOKEN, MISSKEY_ELSEWHERE,
		 "https://misskey.example.evil.example"},
		{TOKEN, "https://misskey.example@evil.example/auth/" TOKEN, MISSKEY_BAD_REPLY, ""},
		{TOKEN, "https://misskey.example/auth/" TOKEN "/", MISSKEY_BAD_REPLY, ""},
		{TOKEN, "https://misskey.example/auth/" TOKEN "?x", MISSKEY_BAD_REPLY, ""},
		{TOKEN, "https://misskey.example/auth/" TOKEN "#x", MISSKEY_BAD_REPLY, ""},
		{TOKEN, "https://misskey.example/auth/", MISSKEY_BAD_REPLY, ""},
		{TOKEN, "https://misskey.example", MISSKEY_BAD_REPLY, ""},
		{TOKEN, "https://misskey.example/Auth/" TOKEN, MISSKEY_BAD_REPLY, ""},
		{TOKEN, "https://misskey.example/x/auth/" TOKEN, MISSKEY_BAD_REPLY, ""},
		{TOKEN, "https://misskey.example/auth/8ea47f67-4929-4a7c-b204-54b73bafbf4f",
		 MISSKEY_BAD_REPLY, ""},
		{TOKEN, "javascript:alert(1)", MISSKEY_BAD_REPLY, ""},
		{TOKEN, "file:///etc/passwd", MISSKEY_BAD_REPLY, ""},
		{TOKEN, "", MISSKEY_BAD_REPLY, ""},
		{"not-a-uuid", "https://misskey.example/auth/not-a-uuid", MISSKEY_BAD_REPLY, ""},
		{"", "https://misskey.example/auth/", MISSKEY_BAD_REPLY, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct misskey_problem problem;
		struct http_answer answer;
		enum misskey_verdict verdict;
		char body[512];

		snprintf(body, sizeof(body), "{\"token\":\"%s\",\"url\":\"%s\"}", cases[i].token,
			 cases[i].url);
		answer = answer_of(200, body);
		verdict = session_verdict(&answer, "misskey.example", &problem);
		if (verdict != cases[i].verdict)
			fail_msg("%s: %d", cases[i].url, (int)verdict);
		assert_non_null(strstr(problem.text, cases[i].says));
		/* The session's token is a secret. */
		assert_null(strstr(problem.text, TOKEN));
	}
}

static void test_consent_pages_of_the_wrong_type(void **state)
{
	static const char *const bodies[] = {
		"{\"token\":\"" TOKEN "\"}",
		"{\"token\":\"" TOKEN "\",\"url\":null}",
		"{\"token\":\"" TOKEN "\",\"url\":[\"https://misskey.example/auth/" TOKEN "\"]}",
		"{\"url\":\"https://misskey.example/auth/" TOKEN "\"}",
		"{\"token\":12,\"url\":\"https://misskey.example/auth/" TOKEN "\"}",
	};
	_cleanup_(freep) char *host = repeated("a.", 120);
	struct misskey_problem problem;
	struct http_answer answer;
	char body[512];

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		answer = answer_of(200, bodies[i]);
		assert_int_equal(session_verdict(&answer, "misskey.example", &problem),
				 MISSKEY_BAD_REPLY);
		assert_told(&problem);
	}
	snprintf(body, sizeof(body), "{\"token\":\"%s\",\"url\":\"https://%sexample/auth/%s\"}",
		 TOKEN, host, TOKEN);
	answer = answer_of(200, body);
	assert_int_equal(session_verdict(&answer, "misskey.example", &problem), MISSKEY_ELSEWHERE);
	assert_non_null(strstr(problem.text, "log in with that name"));
}

static void test_users_that_lie(void **state)
{
	static const struct {
		const char *user;
		enum misskey_verdict verdict;
	} cases[] = {
		{"{\"id\":\"9abc_-\",\"username\":\"alice\"}", MISSKEY_DONE},
		{"{\"id\":\"9abc\",\"username\":\"\xe3\x81\x82\"}", MISSKEY_DONE},
		{"{\"id\":\"9abc\"}", MISSKEY_BAD_REPLY},
		{"{\"username\":\"alice\"}", MISSKEY_BAD_REPLY},
		{"{\"id\":\"9abc\",\"username\":\"\"}", MISSKEY_BAD_REPLY},
		{"{\"id\":\"9abc\",\"username\":7}", MISSKEY_BAD_REPLY},
		{"{\"id\":\"9abc\",\"username\":\"a\\u001b[2J\"}", MISSKEY_BAD_REPLY},
		{"{\"id\":\"9abc\",\"username\":\"a\\nMISSKEY_TOKEN=x\"}", MISSKEY_BAD_REPLY},
		{"{\"id\":\"9 abc\",\"username\":\"alice\"}", MISSKEY_BAD_REPLY},
		{"{\"id\":{\"$ne\":1},\"username\":\"alice\"}", MISSKEY_BAD_REPLY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_answer verify = answer_of(200, cases[i].user), userkey;
		struct misskey_problem problem;
		char body[512];

		snprintf(body, sizeof(body), "{\"accessToken\":\"%s\",\"user\":%s}", SECRET,
			 cases[i].user);
		userkey = answer_of(200, body);
		assert_int_equal(verify_verdict(&verify, &problem), cases[i].verdict);
		assert_int_equal(userkey_verdict(&userkey, &problem), cases[i].verdict);
		assert_null(strstr(problem.text, SECRET));
	}
}

static void test_user_names_have_a_limit(void **state)
{
	_cleanup_(freep) char *name = repeated("n", MISSKEY_USERNAME_BYTES - 1);
	struct misskey_problem problem;
	struct http_answer answer;
	char body[512];

	(void)state;
	snprintf(body, sizeof(body), "{\"id\":\"9\",\"username\":\"%s\"}", name);
	answer = answer_of(200, body);
	assert_int_equal(verify_verdict(&answer, &problem), MISSKEY_DONE);
	snprintf(body, sizeof(body), "{\"id\":\"9\",\"username\":\"%sn\"}", name);
	answer = answer_of(200, body);
	assert_int_equal(verify_verdict(&answer, &problem), MISSKEY_BAD_REPLY);
}

static void test_access_tokens_that_lie(void **state)
{
	static const char *const tokens[] = {"\"\"", "null", "12",	"true",
					     "[]",   "{}",   "\"a b\"", "\"a\\r\\nX: y\""};

	(void)state;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		struct misskey_problem problem;
		struct http_answer answer;
		char body[512];

		snprintf(body, sizeof(body),
			 "{\"accessToken\":%s,\"user\":{\"id\":\"9\",\"username\":\"alice\"}}",
			 tokens[i]);
		answer = answer_of(200, body);
		assert_int_equal(userkey_verdict(&answer, &problem), MISSKEY_BAD_REPLY);
		assert_told(&problem);
	}
}

static int group_setup(void **state)
{
	(void)state;
	json_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recordings_are_understood),
		cmocka_unit_test(test_no_recording_is_left_out),
		cmocka_unit_test(test_recorded_results),
		cmocka_unit_test(test_app_create_request),
		cmocka_unit_test(test_app_create_request_limits),
		cmocka_unit_test(test_secret_requests),
		cmocka_unit_test(test_i_is_what_real_servers_accepted),
		cmocka_unit_test(test_unanswered),
		cmocka_unit_test(test_each_distrust_has_its_remedy),
		cmocka_unit_test(test_reasons_are_made_printable_and_cut),
		cmocka_unit_test(test_statuses_and_codes),
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_codes_have_a_limit),
		cmocka_unit_test(test_when_to_try_again),
		cmocka_unit_test(test_apps_that_lie),
		cmocka_unit_test(test_secrets_and_ids_have_limits),
		cmocka_unit_test(test_consent_pages),
		cmocka_unit_test(test_consent_pages_of_the_wrong_type),
		cmocka_unit_test(test_users_that_lie),
		cmocka_unit_test(test_user_names_have_a_limit),
		cmocka_unit_test(test_access_tokens_that_lie),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
