/* SPDX-License-Identifier: MIT */
/* Proves what --format puts into a text, and that what cannot be understood or does not fit is
 * said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "support/sample_env.h"
#include "token_format.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int format(const char *env, const char *text, struct buf *output, struct err_detail *detail)
{
	struct env_file file;

	assert_true(sample_env(env, &file));
	return token_format(text, &file, output, detail);
}

static void every_field_and_every_filter(void **state)
{
	static const char *const pairs[][2] = {
		{"", ""},
		{"no field: 100 %, é\n\t\"$x\"", "no field: 100 %, é\n\t\"$x\""},
		{"{server}", "https://misskey.example:8443"},
		{"{url}", "https://misskey.example:8443"},
		{"{host}", "misskey.example:8443"},
		{"{account}", "bot@misskey.example"},
		{"{user}", "alice"},
		{"{user_id}", "9abc"},
		{"{permission}", "read:account,write:notes"},
		{"{state}", "verified"},
		{"{token|json}", "\"" SAMPLE_TOKEN "\""},
		{"{token|sh}", "'" SAMPLE_TOKEN "'"},
		{"{token|url}", "aB%2B%2F%3D9"},
		{"misskeys://{token|url}@{host}", "misskeys://aB%2B%2F%3D9@misskey.example:8443"},
		{"{server|url}", "https%3A%2F%2Fmisskey.example%3A8443"},
		{"{account|url}", "bot%40misskey.example"},
		{"{permission|url}", "read%3Aaccount%2Cwrite%3Anotes"},
		{"{user}{user}", "alicealice"},
		{"{{}}", "{}"},
		{"{{user}}", "{user}"},
		{"{{{user}}}", "{alice}"},
		{"{{\"i\":{token|json}}}", "{\"i\":\"" SAMPLE_TOKEN "\"}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		_cleanup_(buf_done) struct buf output = {0};

		assert_int_equal(token_format_check(pairs[i][0], NULL), 0);
		assert_int_equal(format(SAMPLE_ENV, pairs[i][0], &output, NULL), 0);
		assert_string_equal(buf_text(&output), pairs[i][1]);
	}
}

static void what_cannot_be_understood_is_said_with_what_there_is(void **state)
{
	static const char *const pairs[][2] = {
		{"{tokn}",
		 "`tokn`: There is no such field; did you mean token? There are: token, server"},
		{"{}",
		 "There is no such field. There are: token, server, url, host, account, user, "
		 "user_id, permission, state"},
		{"{ token}", "no such field"},
		{"{TOKEN}", "no such field"},
		{"{|json}", "no such field"},
		{"{token|}", "{token|}: There is no such filter. There are: json, sh, url"},
		{"{token|jsn}", "{token|jsn}: There is no such filter"},
		{"{token|json|url}", "no such filter"},
		{"{token|json }", "no such filter"},
		{"{token", "A { has no } after it"},
		{"{", "A { has no } after it"},
		{"{{{", "A { has no } after it"},
		{"{tok{en}", "A { has no } after it"},
		{"}", "A } has no { before it"},
		{"{token|json}}", "A } has no { before it"},
		{"a}b", "A } has no { before it"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		_cleanup_(buf_done) struct buf output = {0};
		struct err_detail detail = {0};

		assert_int_equal(format(SAMPLE_ENV, pairs[i][0], &output, &detail), ERR_SYNTAX);
		assert_non_null(strstr(detail.text, pairs[i][1]));
		memset(&detail, 0, sizeof(detail));
		assert_int_equal(token_format_check(pairs[i][0], &detail), ERR_SYNTAX);
		assert_non_null(strstr(detail.text, pairs[i][1]));
	}
}

static void a_token_that_does_not_fit_everywhere_needs_a_filter(void **state)
{
	_cleanup_(buf_done) struct buf output = {0};
	struct err_detail detail = {0};

	(void)state;
	assert_int_equal(format(SAMPLE_ENV, "misskeys://{token}@{host}", &output, &detail),
			 ERR_INVALID);
	assert_non_null(strstr(detail.text, "{token|json}, {token|sh} or {token|url}"));
	assert_null(strstr(detail.text, SAMPLE_TOKEN));
	assert_null(strstr(buf_text(&output), SAMPLE_TOKEN));
}

static void a_field_that_the_account_has_not_is_said(void **state)
{
	static const char env[] = "MISSKEY_STATE=verified\nMISSKEY_SERVER=https://misskey.example\n"
				  "MISSKEY_ACCOUNT=bot@misskey.example\nMISSKEY_USER=\n"
				  "MISSKEY_PERMISSION=\nMISSKEY_TOKEN=abc\n";
	_cleanup_(buf_done) struct buf output = {0};
	struct err_detail detail = {0};

	(void)state;
	assert_int_equal(format(env, "{user_id}", &output, &detail), ERR_NOT_FOUND);
	assert_string_equal(detail.text, "The account bot@misskey.example has no user_id.");
	assert_int_equal(format(env, "{user|json}", &output, NULL), ERR_NOT_FOUND);
	/* To have no permission is something that can be said. */
	assert_int_equal(format(env, "{permission|json} {token}", &output, NULL), 0);
	assert_string_equal(buf_text(&output), "\"\" abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_and_every_filter),
		cmocka_unit_test(what_cannot_be_understood_is_said_with_what_there_is),
		cmocka_unit_test(a_token_that_does_not_fit_everywhere_needs_a_filter),
		cmocka_unit_test(a_field_that_the_account_has_not_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
