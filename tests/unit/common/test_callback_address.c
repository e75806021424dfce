/* SPDX-License-Identifier: MIT */
/*
 * What a person pastes for `misskey-authctl callback`: the address that the browser was sent to, or
 * the token in it, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/callback_address.h"

#define UUID "8ea47f67-4929-4a7c-b204-54b73bafbf4e"

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
		"http://127.0.0.1:41987/callback?token=" UUID "&x=1",
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
		cmocka_unit_test(pasted_texts_give_the_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
