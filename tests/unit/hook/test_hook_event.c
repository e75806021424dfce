/* SPDX-License-Identifier: MIT */
/* Proves what hooks are told, and that what is not the daemon's to say is not handed on. */
#include "support/state_directory.h"

#include "hook/hook_event.h"

#define SERVER "https://misskey.example"
#define MEMBERS                                                                             \
	"\"account\":\"me\",\"server\":\"" SERVER "\",\"user\":{\"id\":\"1\",\"username\":" \
	"\"bob\"},\"i\":\"secret\",\"state\":\"verified\",\"more\":[1,null]}"
#define CREDENTIAL "{" MEMBERS

static struct json *parse(const char *text)
{
	struct json *value = NULL;

	assert_int_equal(json_parse(text, strlen(text), 4096, &value, &detail), 0);
	return value;
}

/* FACTS joined by blanks. */
static void assert_event(struct hook_event *event, const char *json, const char *facts)
{
	for (size_t n = 0; n < event->facts.size; n++)
		if (event->facts.bytes[n] == '\0')
			event->facts.bytes[n] = ' ';
	assert_string_equal(buf_text(&event->json), json);
	assert_string_equal(buf_text(&event->facts), facts);
	hook_event_done(event);
}

static void test_an_account_that_is_gone_is_absent(void **state)
{
	struct hook_event event;

	(void)state;
	assert_int_equal(hook_event_credential_absent("gone", SERVER, &event), 0);
	assert_string_equal(event.account, "gone");
	assert_event(&event,
		     "{\"event\":\"credential_changed\",\"account\":\"gone\","
		     "\"server\":\"" SERVER "\",\"i\":null,\"state\":\"absent\"}\n",
		     "MISSKEY_EVENT=credential_changed MISSKEY_ACCOUNT=gone "
		     "MISSKEY_SERVER=" SERVER " MISSKEY_STATE=absent ");
}

static void test_a_credential_is_handed_on_as_it_is(void **state)
{
	_cleanup_(json_freep) struct json *answer = parse(CREDENTIAL);
	struct hook_event event;

	(void)state;
	assert_int_equal(hook_event_credential_changed("me", answer, &event), 0);
	assert_event(&event, "{\"event\":\"credential_changed\"," MEMBERS "\n",
		     "MISSKEY_EVENT=credential_changed MISSKEY_ACCOUNT=me "
		     "MISSKEY_SERVER=" SERVER " MISSKEY_USER=bob MISSKEY_STATE=verified ");
}

static void assert_refused(const char *old, const char *new)
{
	char *text = replaced(CREDENTIAL, old, new);
	_cleanup_(json_freep) struct json *answer = parse(text);
	struct hook_event event;

	assert_int_equal(hook_event_credential_changed("me", answer, &event), ERR_INVALID);
	free(text);
}

static void test_a_credential_that_is_none_is_not(void **state)
{
	(void)state;
	assert_refused("\"me\"", "\"other\"");
	assert_refused("\"me\"", "\"../me\"");
	assert_refused(SERVER, "https://misskey.example/\\nLD_PRELOAD=x");
	assert_refused("verified", "verified\\nPATH=/x");
	assert_refused("\"more\"", "\"event\"");
}

static void test_a_name_that_is_not_harmless_is_in_no_environment(void **state)
{
	char *text = replaced(CREDENTIAL, "\"bob\"", "\"bob$(x)\"");
	_cleanup_(json_freep) struct json *answer = parse(text);
	struct hook_event event;

	(void)state;
	assert_int_equal(hook_event_credential_changed("me", answer, &event), 0);
	assert_null(memmem(event.facts.bytes, event.facts.size, "USER", 4));
	assert_non_null(strstr(buf_text(&event.json), "\"bob$(x)\""));
	hook_event_done(&event);
	free(text);
}

static void test_a_page_that_was_given_is_not_given_again(void **state)
{
	struct news news = {.account = "me",
			    .server = SERVER,
			    .browser = true,
			    .url = "http://127.0.0.1:1/start/x",
			    .expires_at = "2026-11-22T12:30:00Z"};
	struct hook_event event;

	(void)state;
	assert_int_equal(hook_event_consent_needed(&news, &event), 0);
	assert_event(&event,
		     "{\"event\":\"consent_needed\",\"account\":\"me\",\"server\":\"" SERVER "\","
		     "\"url\":\"http://127.0.0.1:1/start/x\",\"browser\":true,"
		     "\"expires_at\":\"2026-11-22T12:30:00Z\",\"expected_user\":null}\n",
		     "MISSKEY_EVENT=consent_needed MISSKEY_ACCOUNT=me MISSKEY_SERVER=" SERVER " ");
	news.page_given = true;
	assert_int_equal(hook_event_consent_needed(&news, &event), 0);
	assert_non_null(strstr(buf_text(&event.json), "\"url\":null"));
	hook_event_done(&event);
}

static void test_an_error_may_be_no_account_s(void **state)
{
	struct hook_event event;

	(void)state;
	assert_int_equal(hook_event_error(NULL, "PORT_TAKEN", "x \"y\"\n\xff", &event), 0);
	assert_string_equal(event.account, "");
	assert_event(&event,
		     "{\"event\":\"error\",\"account\":null,\"server\":null,"
		     "\"code\":\"PORT_TAKEN\",\"message\":\"x \\\"y\\\"\\\\x0a\\\\xff\"}\n",
		     "MISSKEY_EVENT=error MISSKEY_CODE=PORT_TAKEN ");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_account_that_is_gone_is_absent),
		cmocka_unit_test(test_a_credential_is_handed_on_as_it_is),
		cmocka_unit_test(test_a_credential_that_is_none_is_not),
		cmocka_unit_test(test_a_name_that_is_not_harmless_is_in_no_environment),
		cmocka_unit_test(test_a_page_that_was_given_is_not_given_again),
		cmocka_unit_test(test_an_error_may_be_no_account_s),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
