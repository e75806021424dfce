/* SPDX-License-Identifier: MIT */
/* Proves what notifications say, and that nothing a server calls its users gets into them as
 * anything but plain text. */
#include "support/state_directory.h"

#include "desktop/desktop_text.h"

static void assert_text(struct buf *body, const char *expected)
{
	assert_string_equal(buf_text(body), expected);
	buf_done(body);
}

static void test_a_consent_names_whose_it_has_to_be(void **state)
{
	struct news news = {.account = "me", .server = "https://misskey.example"};
	struct buf body = {0};

	(void)state;
	desktop_text_consent(&news, &body);
	assert_text(&body, "The login of me at https://misskey.example waits for your consent.");
	news.expected_user = "alice";
	desktop_text_consent(&news, &body);
	desktop_text_consent_instead("me", &body);
	assert_text(&body, "The login of me at https://misskey.example waits for your consent as "
			   "@alice. To go on, run: misskey-authctl login me");
}

static void test_users_names_are_plain_and_short(void **state)
{
	struct news news = {.account = "me",
			    .server = "https://misskey.example",
			    .signed_in = "a\x1b[31m\n\xe2\x80\xae\xff"};
	char name[301];
	struct buf body = {0};

	(void)state;
	desktop_text_signed_in(&news, &body);
	assert_text(&body, "Scripts can use @a\\x1b[31m\\x0a\\u{202e}\\xff at "
			   "https://misskey.example now, as the account me.");
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	news.signed_in = name;
	desktop_text_signed_in(&news, &body);
	assert_true(body.size < 200);
	buf_done(&body);
}

static void test_what_is_lost_says_the_next_step(void **state)
{
	struct news news = {.account = "me",
			    .server = "https://misskey.example",
			    .username = "alice",
			    .state = "revoked"};
	struct buf body = {0};

	(void)state;
	desktop_text_lost(&news, &body);
	assert_text(&body, "https://misskey.example does not accept the credential any more of "
			   "@alice (account me). To sign in again, run: misskey-authctl login me");
	news.state = "suspended";
	desktop_text_lost(&news, &body);
	assert_text(&body, "https://misskey.example has suspended @alice (account me). When that "
			   "is over, run: misskey-authctl verify me");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_consent_names_whose_it_has_to_be),
		cmocka_unit_test(test_users_names_are_plain_and_short),
		cmocka_unit_test(test_what_is_lost_says_the_next_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
