/* SPDX-License-Identifier: MIT */
/*
 * MiAuth on the wire: the consent page's address, what its answers mean, and which servers have it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/text.h"
#include "misskey/misskey.h"
#include "support/http_answer.h"

#define UUID "8ea47f67-4929-4a7c-b204-54b73bafbf4e"
#define USER "\"user\":{\"id\":\"9abc\",\"username\":\"alice\"}"

static int build(const char *name, const char *permission, const char *callback_url,
		 char ret_url[static URL_MAX_BYTES])
{
	struct url_server server;

	assert_int_equal(url_server_parse("misskey.example", &server, NULL), 0);
	return misskey_miauth_consent_url(&server, UUID, name, permission, callback_url, ret_url);
}

static void test_the_page_has_all_that_an_app_would_have(void **state)
{
	char url[URL_MAX_BYTES];
	char origin[URL_ORIGIN_BYTES];
	const char *path;

	(void)state;
	assert_int_equal(build("misskey-authd: me", "read:account,write:notes",
			       "http://127.0.0.1:41987/callback", url),
			 0);
	assert_string_equal(url, "https://misskey.example/miauth/" UUID "?name=misskey-authd:%20me"
				 "&callback=http:%2F%2F127.0.0.1:41987%2Fcallback"
				 "&permission=read:account,write:notes");
	assert_int_equal(url_split(url, origin, &path, NULL), 0);
	assert_int_equal(build("x", "", NULL, url), 0);
	assert_string_equal(url, "https://misskey.example/miauth/" UUID "?name=x&permission=");
}

static void test_names_are_encoded(void **state)
{
	char url[URL_MAX_BYTES];

	(void)state;
	assert_int_equal(
		build("a&permission=write:all#<\"'>%+?=\xe5\x90\x8d", "read:account", NULL, url),
		0);
	assert_string_equal(url, "https://misskey.example/miauth/" UUID
				 "?name=a%26permission%3Dwrite:all%23%3C%22%27%3E%25%2B%3F%3D%E5%90"
				 "%8D&permission=read:account");
}

static void test_an_address_has_a_limit(void **state)
{
	char url[URL_MAX_BYTES] = "untouched";
	char list[URL_MAX_BYTES];
	size_t fixed = strlen("https://misskey.example/miauth/" UUID "?name=x&permission=");

	(void)state;
	memset(list, 'a', sizeof(list));
	list[URL_MAX_BYTES - fixed] = '\0';
	assert_int_equal(build("x", list, NULL, url), ERR_LIMIT);
	assert_string_equal(url, "untouched");
	list[URL_MAX_BYTES - fixed - 1] = '\0';
	assert_int_equal(build("x", list, NULL, url), 0);
	assert_int_equal(strlen(url), URL_MAX_BYTES - 1);
}

static void test_the_question(void **state)
{
	char path[MISSKEY_PATH_MIAUTH_BYTES];
	struct buf body = {0};

	(void)state;
	misskey_miauth_path(UUID, path);
	assert_string_equal(path, "/api/miauth/" UUID "/check");
	assert_int_equal(misskey_miauth_request(&body), 0);
	assert_string_equal(buf_text(&body), "{}");
	buf_done(&body);
}

static enum misskey_verdict read_body(unsigned status, const char *body, struct secret *ret_i,
				      struct misskey_problem *problem)
{
	struct http_answer answer = answer_of(status, body);
	struct misskey_user user = {0};
	enum misskey_verdict verdict = misskey_miauth_read(&answer, ret_i, &user, problem);

	assert_int_equal(secret_is_set(ret_i), verdict == MISSKEY_DONE);
	assert_string_equal(user.username, verdict == MISSKEY_DONE ? "alice" : "");
	assert_true(verdict == MISSKEY_DONE || problem->text[0]);
	return verdict;
}

static void test_answers(void **state)
{
	static const struct {
		unsigned status;
		const char *body;
		enum misskey_verdict verdict;
	} cases[] = {
		{200, "{\"ok\":false}", MISSKEY_PENDING},
		{200, "{\"ok\":false,\"token\":\"x\"," USER "}", MISSKEY_PENDING},
		{200, "{\"ok\":1,\"token\":\"x\"," USER "}", MISSKEY_BAD_REPLY},
		{200, "{\"token\":\"x\"," USER "}", MISSKEY_BAD_REPLY},
		{200, "{}", MISSKEY_BAD_REPLY},
		{200, "[]", MISSKEY_BAD_REPLY},
		{200, "<html>", MISSKEY_BAD_REPLY},
		{200, "{\"ok\":true,\"token\":\"x\"}", MISSKEY_BAD_REPLY},
		{200, "{\"ok\":true," USER "}", MISSKEY_BAD_REPLY},
		{200, "{\"ok\":true,\"token\":\"\"," USER "}", MISSKEY_BAD_REPLY},
		{200, "{\"ok\":true,\"token\":\"a b\"," USER "}", MISSKEY_BAD_REPLY},
		{200, "{\"ok\":true,\"token\":\"~root\"," USER "}", MISSKEY_BAD_REPLY},
		{200, "{\"ok\":true,\"token\":\"a\\nb\"," USER "}", MISSKEY_BAD_REPLY},
		{502, "{\"ok\":false}", MISSKEY_FOR_NOW},
		{404, "Not Found", MISSKEY_REFUSED},
	};
	struct misskey_problem problem;
	struct secret i = {0};

	(void)state;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
		if (read_body(cases[n].status, cases[n].body, &i, &problem) != cases[n].verdict)
			fail_msg("%s", cases[n].body);
	assert_int_equal(
		read_body(200, "{\"ok\":true,\"token\":\"Ab0-._+/=\"," USER "}", &i, &problem),
		MISSKEY_DONE);
	assert_string_equal(secret_reveal(&i), "Ab0-._+/=");
	secret_done(&i);
}

static enum misskey_verdict probe(unsigned status, const char *body)
{
	struct http_answer answer = answer_of(status, body);
	struct misskey_problem problem;
	enum misskey_verdict verdict = misskey_miauth_probe_read(&answer, &problem);

	assert_int_equal(problem.text[0] == '\0', verdict == MISSKEY_DONE);
	return verdict;
}

static void test_a_server_with_miauth_is_known_before_the_consent(void **state)
{
	(void)state;
	assert_int_equal(probe(200, "{\"ok\":false}"), MISSKEY_DONE);
	assert_int_equal(probe(200, "{\"ok\":true,\"token\":\"x\"," USER "}"), MISSKEY_BAD_REPLY);
	assert_int_equal(probe(200, "{}"), MISSKEY_BAD_REPLY);
	assert_int_equal(probe(404, "Not Found"), MISSKEY_REFUSED);
	assert_int_equal(probe(503, ""), MISSKEY_FOR_NOW);
}

static void test_an_endpoint_that_is_missing(void **state)
{
	static const struct {
		struct misskey_problem problem;
		bool is_missing;
	} cases[] = {
		{{.status = 404}, true},
		{{.status = 410}, true},
		{{.status = 400, .code = "NO_SUCH_ENDPOINT"}, true},
		{{.status = 403, .code = "UNKNOWN_API_ENDPOINT"}, true},
		{{.status = 400, .code = "NO_SUCH_APP"}, false},
		{{.status = 403}, false},
		{{.status = 0}, false},
	};

	(void)state;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
		assert_int_equal(misskey_endpoint_is_missing(&cases[n].problem),
				 cases[n].is_missing);
}

static void assert_missing(enum misskey_missing lacks, const char *body, const char *code,
			   const char *part)
{
	struct http_answer answer = answer_of(200, body);
	struct misskey_problem problem;

	misskey_missing_read(&answer, lacks, &problem);
	assert_string_equal(problem.code, code);
	assert_true(text_is_plain(problem.text));
	if (!strstr(problem.text, part))
		fail_msg("%s: no \"%s\"", problem.text, part);
}

static void test_what_is_missing_is_said(void **state)
{
	static const char meta[] = "{\"version\":\"2099.1.0\"}";

	(void)state;
	assert_missing(MISSKEY_LACKS_APPS, meta, "NO_APP_AUTHORIZATION",
		       "log in with --method miauth");
	assert_missing(MISSKEY_LACKS_MIAUTH, meta, "NO_MIAUTH", "(version 2099.1.0)");
	assert_missing(MISSKEY_LACKS_BOTH, meta, "NO_APP_AUTHORIZATION", "neither");
	assert_missing(MISSKEY_LACKS_BOTH, "{}", "", "app/create (HTTP 404)");
	assert_missing(MISSKEY_LACKS_MIAUTH, "{}", "", "miauth/check (HTTP 404)");
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
		cmocka_unit_test(test_the_page_has_all_that_an_app_would_have),
		cmocka_unit_test(test_names_are_encoded),
		cmocka_unit_test(test_an_address_has_a_limit),
		cmocka_unit_test(test_the_question),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_a_server_with_miauth_is_known_before_the_consent),
		cmocka_unit_test(test_an_endpoint_that_is_missing),
		cmocka_unit_test(test_what_is_missing_is_said),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
