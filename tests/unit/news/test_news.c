/* SPDX-License-Identifier: MIT */
/* Proves what is read out of the daemon's words, and that a daemon that lies can have no address
 * opened but those that may be. */
#include "support/state_directory.h"

#include "news/news.h"

#define SERVER "https://misskey.example"
#define CALLBACK "http://127.0.0.1:41987/callback"
#define START "http://127.0.0.1:41987/start/0123456789abcdef0123456789abcdef"
#define DIGEST "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define LOGIN                                                                                   \
	"\"login\":{\"state\":\"consent\",\"browser\":true,\"page_given\":false,\"start_url\":" \
	"\"" START "\","                                                                        \
	"\"consent_url\":null,\"expires_at\":\"2026-11-22T12:30:00Z\",\"problem\":null,"        \
	"\"outcome\":null}"
#define ACCOUNT                                                                       \
	"{\"account\":\"me\",\"server\":\"" SERVER "\",\"state\":\"verified\","       \
	"\"user\":{\"id\":\"1\",\"username\":\"bob\"},\"credential\":\"" DIGEST "\"," \
	"\"expected_user\":\"bob\"," LOGIN "}"

static struct json *parsed;
static struct news news;

/* ACCOUNT with the first OLD in it replaced by NEW. */
static int read_with(const char *old, const char *new)
{
	char *text = replaced(ACCOUNT, old, new);
	int r;

	json_free(TAKE_PTR(parsed));
	assert_int_equal(json_parse(text, strlen(text), 4096, &parsed, &detail), 0);
	free(text);
	r = news_read(parsed, CALLBACK, &news, &detail);
	assert_true(r == 0 || r == ERR_INVALID);
	return r;
}

static int free_parsed(void **state)
{
	(void)state;
	json_free(TAKE_PTR(parsed));
	return 0;
}

static void test_a_login_that_waits(void **state)
{
	char first[SHA256_HEX_BYTES];

	(void)state;
	assert_int_equal(read_with("me", "me"), 0);
	assert_string_equal(news.account, "me");
	assert_string_equal(news.server, SERVER);
	assert_string_equal(news.credential, "verified " DIGEST);
	assert_string_equal(news.username, "bob");
	assert_string_equal(news.expected_user, "bob");
	assert_string_equal(news.url, START);
	assert_true(news.page[0] && news.is_active && news.browser && !news.page_given);
	assert_true(!news.is_lost && !news.is_signed_in && !news.error[0]);
	memcpy(first, news.page, sizeof(first));
	assert_int_equal(read_with("abcdef\"", "abcde0\""), 0);
	assert_string_not_equal(news.page, first);
}

static void test_how_a_login_ends(void **state)
{
	(void)state;
	assert_int_equal(read_with(LOGIN, "\"login\":{\"state\":\"finished\",\"outcome\":\"WRONG_"
					  "USER\",\"message\":\"Not you.\"}"),
			 0);
	assert_string_equal(news.error, "WRONG_USER");
	assert_string_equal(news.message, "Not you.");
	assert_false(news.is_active || news.is_signed_in);
	assert_int_equal(read_with(LOGIN, "\"login\":{\"state\":\"finished\",\"outcome\":"
					  "\"AUTHORIZED\",\"user\":{\"username\":\"eve\"}}"),
			 0);
	assert_true(news.is_signed_in && !news.error[0]);
	assert_string_equal(news.signed_in, "eve");
	assert_int_equal(
		read_with(LOGIN, "\"login\":{\"state\":\"finished\",\"outcome\":\"CANCELLED\"}"),
		0);
	assert_true(!news.is_signed_in && !news.error[0]);
	assert_int_equal(read_with("\"problem\":null",
				   "\"problem\":{\"code\":\"NOT_STORED\",\"message\":\"Full.\"}"),
			 0);
	assert_string_equal(news.error, "NOT_STORED");
	assert_int_equal(read_with("\"problem\":null",
				   "\"problem\":{\"code\":\"SERVER\",\"message\":\"Later.\"}"),
			 0);
	assert_string_equal(news.error, "");
	assert_int_equal(read_with(LOGIN, "\"login\":null"), 0);
	assert_false(news.is_active || news.page[0]);
}

static void test_what_is_no_account_is_refused(void **state)
{
	static const char *const lies[][2] = {
		{"\"me\"", "\"../me\""},
		{"\"me\"", "\"-rf\""},
		{"\"me\"", "7"},
		{SERVER, "http://misskey.example"},
		{SERVER, "https://misskey.example/"},
		{SERVER, "https://Misskey.example"},
		{SERVER, "https://misskey.example\\nA=b"},
		{"verified", "good"},
		{"verified", "verified\\nA=b"},
		{DIGEST, "0"},
		{"9f86", "$(x)"},
	};

	(void)state;
	for (size_t n = 0; n < sizeof(lies) / sizeof(lies[0]); n++)
		assert_int_equal(read_with(lies[n][0], lies[n][1]), ERR_INVALID);
}

static void test_no_address_but_those_that_may_be_is_opened(void **state)
{
	static const char *const bad[] = {
		"http://127.0.0.1:41987/callback",
		"http://127.0.0.1:41987/start/",
		"http://127.0.0.1:41987/start/0123456789abcdef0123456789abcdef0",
		"http://127.0.0.1:41987/start/../../0123456789abcdef01234567",
		"http://127.0.0.1:4198/start/0123456789abcdef0123456789abcdef",
		"http://127.0.0.1:41987@evil.example/start/0123456789abcdef0123456789abcdef",
		"http://127.0.0.2:41987/start/0123456789abcdef0123456789abcdef",
		"http://misskey.example/auth/x",
		"https://misskey.example.evil.example/auth/x",
		"https://misskey.example@evil.example/",
		"https://misskey.example:8443/auth/x",
		"file:///etc/passwd",
		"javascript:alert(1)",
		"--help",
		"",
	};

	(void)state;
	assert_true(news_url_allowed(START, CALLBACK, SERVER));
	assert_true(news_url_allowed(SERVER "/auth/x", CALLBACK, SERVER));
	assert_true(news_url_allowed(SERVER "/auth/x", "", SERVER));
	assert_false(news_url_allowed(START, "", SERVER));
	/* A callback is of this machine, whatever the daemon says. */
	assert_false(
		news_url_allowed("http://evil.example:80/start/0123456789abcdef0123456789abcdef",
				 "http://evil.example:80/callback", SERVER));
	assert_false(news_url_allowed(
		"http://127.0.0.1:80@evil.example/start/0123456789abcdef0123456789abcdef",
		"http://127.0.0.1:80@evil.example/callback", SERVER));
	for (size_t n = 0; n < sizeof(bad) / sizeof(bad[0]); n++)
		assert_false(news_url_allowed(bad[n], CALLBACK, SERVER));
	assert_int_equal(read_with(START, "file:///etc/passwd"), 0);
	assert_null(news.url);
	assert_true(news.page[0]);
}

static void test_codes_are_words(void **state)
{
	(void)state;
	assert_true(news_code_valid("REGISTRY_SET_ASIDE"));
	assert_false(news_code_valid(""));
	assert_false(news_code_valid("a"));
	assert_false(news_code_valid("A=B"));
	assert_false(news_code_valid("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_a_login_that_waits, free_parsed),
		cmocka_unit_test_teardown(test_how_a_login_ends, free_parsed),
		cmocka_unit_test_teardown(test_what_is_no_account_is_refused, free_parsed),
		cmocka_unit_test_teardown(test_no_address_but_those_that_may_be_is_opened,
					  free_parsed),
		cmocka_unit_test(test_codes_are_words),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
