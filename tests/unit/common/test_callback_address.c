/* SPDX-License-Identifier: MIT */
/*
 * A callback's one well-formed token is found beside other parameters, within limits. What a person
 * pastes for `misskey-authctl callback` is that address, or the token in it, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/callback_address.h"

#define UUID "8ea47f67-4929-4a7c-b204-54b73bafbf4e"

static int find(const char *query, const char *name)
{
	char uuid[CALLBACK_TOKEN_BYTES] = "untouched";
	int r = callback_parameter(query, strlen(query), name, uuid);

	assert_string_equal(uuid, r ? "untouched" : UUID);
	return r;
}

static void one_parameter_is_taken_and_others_are_let_be(void **state)
{
	static const char *const good[] = {
		"token=" UUID,
		"token=" UUID "&code=" UUID "&state=",
		"state=&code=" UUID "&token=" UUID,
		"&&token=" UUID "&",
		"token=" UUID "&x=?token=1&/callback?token=" UUID
		"&Token=1&%74oken=1&tokens&=token",
		"token=" UUID "&state=%E3%81%82+!$()*,-./:;=@[\\]^_`{|}~",
	};
	static const char *const bad[] = {
		"",
		"token",
		"token=",
		"&",
		"code=" UUID,
		"Token=" UUID,
		"tokens=" UUID,
		"token==" UUID,
		"token=" UUID "=",
		"token=" UUID "0",
		"token=8ea47f67-4929-4a7c-b204-54b73bafbf4",
		"token=%38ea47f67-4929-4a7c-b204-54b73bafbf4e",
		"token=" UUID "%00",
		"token=" UUID ";code=1",
		"token=" UUID "&token=" UUID,
		"token=" UUID "&token=",
		"token=" UUID "&token",
		"token&token=" UUID,
		"token=" UUID "&x= ",
		"token=" UUID "&x=\x1f",
		"token=" UUID "&x=\x7f",
		"token=" UUID "&x=\xe3\x81\x82",
		"token=" UUID "&x=\"",
		"token=" UUID "&x=#",
		"token=" UUID "&x=<",
		"token=" UUID "&x='",
	};

	(void)state;
	for (size_t n = 0; n < sizeof(good) / sizeof(good[0]); n++)
		if (find(good[n], CALLBACK_TOKEN))
			fail_msg("not taken: %s", good[n]);
	for (size_t n = 0; n < sizeof(bad) / sizeof(bad[0]); n++)
		if (find(bad[n], CALLBACK_TOKEN) != ERR_SYNTAX)
			fail_msg("taken: %s", bad[n]);
	assert_int_equal(find("token=1&session=" UUID, "session"), 0);
}

static void what_is_let_be_has_limits(void **state)
{
	char query[CALLBACK_QUERY_BYTES + 2] = "token=" UUID;

	(void)state;
	for (unsigned n = 1; n < CALLBACK_PARAMETERS; n++)
		strcat(query, "&");
	memset(query + strlen(query), 'x', CALLBACK_QUERY_BYTES - strlen(query));
	assert_int_equal(strlen(query), CALLBACK_QUERY_BYTES);
	assert_int_equal(find(query, CALLBACK_TOKEN), 0);
	strcat(query, "x");
	assert_int_equal(find(query, CALLBACK_TOKEN), ERR_SYNTAX);
	query[CALLBACK_QUERY_BYTES - 1] = '&';
	query[CALLBACK_QUERY_BYTES] = '\0';
	assert_int_equal(find(query, CALLBACK_TOKEN), ERR_SYNTAX);
}

static void pasted_texts_give_the_token(void **state)
{
	static const char *const good[] = {
		UUID,
		"  " UUID "\n",
		"http://127.0.0.1:41987/callback?token=" UUID,
		" http://127.0.0.1/callback?token=" UUID "\r\n",
		"https://127.0.0.1:41987/callback?token=" UUID,
		"127.0.0.1:41987/callback?token=" UUID,
		"http://127.1.2.3:41987/callback?token=" UUID,
		"http://localhost:41987/callback?token=" UUID,
		"LOCALHOST:41987/callback?token=" UUID,
		"http://[::1]:41987/callback?token=" UUID,
		"'http://127.0.0.1:41987/callback?token=" UUID "'",
		" \"http://127.0.0.1:41987/callback?token=" UUID "\" ",
		"<http://127.0.0.1:41987/callback?token=" UUID ">",
		"`" UUID "`",
		"http://127.0.0.1:41987/callback?token=" UUID "&code=" UUID "&state=",
		"http://127.0.0.1:41987/callback?session=" UUID,
		"http://127.0.0.1:41987/callback?x=1&session=" UUID,
		"http://127.0.0.1:41987/callback?token=1&session=" UUID,
		"'http://127.0.0.1:41987/callback?token=" UUID "&code=" UUID "&state='\n",
	};
	static const char *const bad[] = {
		"",
		"8ea47f67",
		UUID UUID,
		UUID " " UUID,
		"https://misskey.example/auth/" UUID,
		"https://evil.example/callback?token=" UUID,
		"evil.example/callback?token=" UUID,
		"http://127.0.0.1.evil.example/callback?token=" UUID,
		"http://127.0.0.1@evil.example/callback?token=" UUID,
		"http://evil.example/127.0.0.1/callback?token=" UUID,
		"@127.0.0.1/callback?token=" UUID,
		"alice@127.0.0.1/callback?token=" UUID,
		"http://127.0.0.1/@alice/callback?token=" UUID,
		"http://127.1/callback?token=" UUID,
		"ftp://127.0.0.1/callback?token=" UUID,
		"/callback?token=" UUID,
		"'" UUID "'x",
		"http://127.0.0.1:41987/callback?code=" UUID "&state=",
		"http://127.0.0.1:41987/callback?token=" UUID "&token=" UUID,
		"http://127.0.0.1:41987/callback?token=" UUID "&state= http://127.0.0.1:41987/",
		"http://127.0.0.1:41987/callback?token=" UUID "#",
		"http://127.0.0.1:41987/callback?token=x",
	};
	char token[CALLBACK_TOKEN_BYTES];

	(void)state;
	for (size_t n = 0; n < sizeof(good) / sizeof(good[0]); n++) {
		assert_int_equal(callback_pasted_token(good[n], token), 0);
		assert_string_equal(token, UUID);
	}
	for (size_t n = 0; n < sizeof(bad) / sizeof(bad[0]); n++)
		if (callback_pasted_token(bad[n], token) != ERR_SYNTAX)
			fail_msg("taken: %s", bad[n]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_parameter_is_taken_and_others_are_let_be),
		cmocka_unit_test(what_is_let_be_has_limits),
		cmocka_unit_test(pasted_texts_give_the_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
