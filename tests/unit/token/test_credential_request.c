/* SPDX-License-Identifier: MIT */
/* Proves what is read of what git asks a credential helper, and which server it is about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "credential_request.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int parse(const char *text, char bytes[static 256], struct credential_request *ret_request)
{
	strcpy(bytes, text);
	return credential_request_parse(bytes, strlen(text), ret_request, NULL);
}

static void attributes_are_read_up_to_the_empty_line(void **state)
{
	static const char *const texts[] = {
		"protocol=https\nhost=misskey.example\nusername=alice\n\n",
		/* to the end of the input, and without its last line break */
		"protocol=https\nhost=misskey.example\nusername=alice\n",
		"protocol=https\nhost=misskey.example\nusername=alice",
		/* others are passed over */
		"capability[]=authtype\nprotocol=https\npath=a/b\nhosts=x\nhost=misskey.example\n"
		"wwwauth[]=Basic realm=\"x\"\nusername=alice\npassword=p=q\n\n",
		"host=misskey.example\nusername=alice\nprotocol=https\n\nhost=evil.example\n",
		/* the later one counts */
		"protocol=http\nprotocol=https\nhost=misskey.example\nusername=bob\nusername="
		"alice\n",
	};
	char bytes[256];

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct credential_request request;

		assert_int_equal(parse(texts[i], bytes, &request), 0);
		assert_string_equal(request.protocol, "https");
		assert_string_equal(request.host, "misskey.example");
		assert_string_equal(request.username, "alice");
	}
}

static void what_is_not_there_is_null(void **state)
{
	static const char *const texts[] = {"", "\n", "\nprotocol=https\n", "=x\n",
					    "protocols=x\n"};
	char bytes[256];

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct credential_request request;

		assert_int_equal(parse(texts[i], bytes, &request), 0);
		assert_null(request.protocol);
		assert_null(request.host);
		assert_null(request.username);
	}
}

static void what_is_no_attribute_is_refused(void **state)
{
	char nul[] = "host=a\0b\n";
	struct credential_request request;
	char bytes[256];

	(void)state;
	assert_int_equal(parse("host\n", bytes, &request), ERR_SYNTAX);
	assert_int_equal(parse("protocol=https\nnonsense", bytes, &request), ERR_SYNTAX);
	assert_int_equal(credential_request_parse(nul, sizeof(nul) - 1, &request, NULL),
			 ERR_SYNTAX);
}

static void a_request_is_whole_with_its_empty_line(void **state)
{
	(void)state;
	assert_true(credential_request_is_whole("\n", 1));
	assert_true(credential_request_is_whole("a=b\n\n", 5));
	assert_true(credential_request_is_whole("a=b\n\nc", 6));
	assert_false(credential_request_is_whole("", 0));
	assert_false(credential_request_is_whole("a=b\n", 4));
	assert_false(credential_request_is_whole("a=b\nc=d\n", 8));
}

static void the_origin_has_no_default_port(void **state)
{
	static const struct {
		const char *protocol, *host, *origin; /* NULL: none */
	} cases[] = {
		{"https", "misskey.example", "https://misskey.example"},
		{"https", "misskey.example:443", "https://misskey.example"},
		{"https", "misskey.example:8443", "https://misskey.example:8443"},
		{"https", "misskey.example:80", "https://misskey.example:80"},
		{"http", "127.0.0.1:3000", "http://127.0.0.1:3000"},
		{"http", "localhost:80", "http://localhost"},
		{"http", "localhost:443", "http://localhost:443"},
		{"https", "[::1]:443", "https://[::1]"},
		{"https", ":443", "https://:443"},
		{"https", "", NULL},
		{"https", NULL, NULL},
		{NULL, "misskey.example", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct credential_request request = {.protocol = cases[i].protocol,
							   .host = cases[i].host};
		_cleanup_(buf_done) struct buf origin = {0};

		assert_int_equal(credential_request_origin(&request, &origin),
				 cases[i].origin != NULL);
		assert_string_equal(buf_text(&origin), cases[i].origin ? cases[i].origin : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_are_read_up_to_the_empty_line),
		cmocka_unit_test(what_is_not_there_is_null),
		cmocka_unit_test(what_is_no_attribute_is_refused),
		cmocka_unit_test(a_request_is_whole_with_its_empty_line),
		cmocka_unit_test(the_origin_has_no_default_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
