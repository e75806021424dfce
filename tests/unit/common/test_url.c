/* SPDX-License-Identifier: MIT */
/* Proves that exactly the servers and URLs that url.h promises are taken, in their normal form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/url.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void servers_are_normalized(void **state)
{
	static const struct {
		const char *text, *origin, *host, *user;
		bool loopback;
	} cases[] = {
		{"misskey.example", "https://misskey.example", "misskey.example", "", false},
		{"MISSKEY.Example", "https://misskey.example", "misskey.example", "", false},
		{"misskey.example/", "https://misskey.example", "misskey.example", "", false},
		{"misskey.example:443", "https://misskey.example", "misskey.example", "", false},
		{"misskey.example:80", "https://misskey.example:80", "misskey.example:80", "",
		 false},
		{"misskey.example:8443", "https://misskey.example:8443", "misskey.example:8443", "",
		 false},
		{"HTTPS://misskey.example/", "https://misskey.example", "misskey.example", "",
		 false},
		{"@alice@misskey.example", "https://misskey.example", "misskey.example", "alice",
		 false},
		{"@a_b.c-d@misskey.example:8443", "https://misskey.example:8443",
		 "misskey.example:8443", "a_b.c-d", false},
		{"alice@misskey.example", "https://misskey.example", "misskey.example", "alice",
		 false},
		{"https://misskey.example/@alice", "https://misskey.example", "misskey.example",
		 "alice", false},
		{"https://misskey.example:8443/@a_b.c-d/", "https://misskey.example:8443",
		 "misskey.example:8443", "a_b.c-d", false},
		{"misskey.example/@alice", "https://misskey.example", "misskey.example", "alice",
		 false},
		{"http://127.0.0.1:3000/@alice", "http://127.0.0.1:3000", "127.0.0.1:3000", "alice",
		 true},
		{"ミスキー.example", "https://xn--nckxa7i0e.example", "xn--nckxa7i0e.example", "",
		 false},
		{"@alice@Bücher.example:8443", "https://xn--bcher-kva.example:8443",
		 "xn--bcher-kva.example:8443", "alice", false},
		{"https://faß.example/@alice", "https://xn--fa-hia.example", "xn--fa-hia.example",
		 "alice", false},
		/* fullwidth, as a Japanese input method writes it */
		{"ｍｉｓｓｋｅｙ．example", "https://misskey.example", "misskey.example", "",
		 false},
		{"ミスキー。example", "https://xn--nckxa7i0e.example", "xn--nckxa7i0e.example", "",
		 false},
		{"xn--zckzah.example", "https://xn--zckzah.example", "xn--zckzah.example", "",
		 false},
		{"192.0.2.1", "https://192.0.2.1", "192.0.2.1", "", false},
		{"[2001:DB8:0:0::1]:8443", "https://[2001:db8::1]:8443", "[2001:db8::1]:8443", "",
		 false},
		{"127.0.0.1", "http://127.0.0.1", "127.0.0.1", "", true},
		{"127.9.8.7:3000", "http://127.9.8.7:3000", "127.9.8.7:3000", "", true},
		{"http://127.0.0.1:80", "http://127.0.0.1", "127.0.0.1", "", true},
		{"https://127.0.0.1:443", "https://127.0.0.1", "127.0.0.1", "", true},
		{"http://127.0.0.1:443", "http://127.0.0.1:443", "127.0.0.1:443", "", true},
		{"localhost:3000", "http://localhost:3000", "localhost:3000", "", true},
		{"a.localhost", "http://a.localhost", "a.localhost", "", true},
		{"[::1]:3000", "http://[::1]:3000", "[::1]:3000", "", true},
		{"[0:0:0:0:0:0:0:1]", "http://[::1]", "[::1]", "", true},
		{"localhost.example", "https://localhost.example", "localhost.example", "", false},
		{"notlocalhost", "https://notlocalhost", "notlocalhost", "", false},
		{"misskey.example:65535", "https://misskey.example:65535", "misskey.example:65535",
		 "", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err_detail detail = {0};
		struct url_server server;

		if (url_server_parse(cases[i].text, &server, &detail) != 0)
			fail_msg("%s: %s", cases[i].text, detail.text);
		assert_string_equal(server.origin, cases[i].origin);
		assert_string_equal(server.host, cases[i].host);
		assert_string_equal(server.user, cases[i].user);
		assert_int_equal(server.loopback, cases[i].loopback);
		assert_int_equal(server.tls, strncmp(cases[i].origin, "https", 5) == 0);
	}
}

static void other_servers_are_refused(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{"", "such as misskey.example"},
		{"https://", "host name"},
		{"http://misskey.example", "https://"},
		{"http://[::ffff:127.0.0.1]", "https://"},
		{"http://128.0.0.1", "https://"},
		{"http://localhost.evil.example", "https://"},
		{"ftp://misskey.example", "https://"},
		{"javascript://misskey.example", "https://"},
		{"https:misskey.example", "port"},
		{"https://misskey.example@evil.example/", "no user"},
		{"https://alice:pw@misskey.example", "no user"},
		{"@alice", "@alice@"},
		{"alice:pw@misskey.example", "@alice@"},
		{"misskey.example/@", "@alice@"},
		{"misskey.example/@alice@bob.example", "@alice@"},
		{"misskey.example/@alice/notes", "@alice@"},
		{"misskey.example/@alice//", "no path"},
		{"misskey.example/@alice?page", "@alice@"},
		{"@alice@misskey.example/@bob", "no path"},
		{"https://alice@misskey.example/@alice", "no user"},
		{"@@misskey.example", "@alice@"},
		{"@al ice@misskey.example", "blanks"},
		{"@alice@bob@misskey.example", "no user"},
		{"@alice@https://misskey.example", "https://"},
		{"misskey.example/path", "no path"},
		{"https://misskey.example//", "no path"},
		{"https://misskey.example/?q", "no path"},
		{"misskey.example?q", "no path"},
		{"misskey.example#f", "no path"},
		{"misskey.example\\evil.example", "backslashes"},
		{"misskey.\texample", "control"},
		{"misskey.example\n", "control"},
		{" misskey.example", "blanks"},
		{"misskey.example\x7f", "control"},
		{"misskey\"example", "quotes"},
		{"misskey%2eexample", "host name"},
		{"misskey.example.", "final dot"},
		{".misskey.example", "host name"},
		{"misskey..example", "host name"},
		{"-misskey.example", "host name"},
		{"misskey-.example", "host name"},
		{"misskey_x.example", "host name"},
		{"*.example", "host name"},
		{"misskey／path.example", "host name"},
		{"ミスキー．", "host name"},
		{"ミス\xff.example", "host name"},
		{"ミス\xe3\x80\x80キー.example", "host name"},
		{"ミスキー_x.example", "host name"},
		{"１２７.1", "IP address"},
		{"127.1", "IP address"},
		{"2130706433", "IP address"},
		{"0x7f000001", "IP address"},
		{"127.0.0.0x1", "IP address"},
		{"127.0.0.01", "IP address"},
		{"256.0.0.1", "IP address"},
		{"::1", "host name"},
		{"[::1", "host name"},
		{"[::1]x", "host name"},
		{"[fe80::1%25eth0]", "host name"},
		{"[fe80::1%eth0]", "host name"},
		{"[127.0.0.1]", "host name"},
		{"[]", "host name"},
		{"misskey.example:", "port"},
		{"misskey.example:0", "port"},
		{"misskey.example:0443", "port"},
		{"misskey.example:65536", "port"},
		{"misskey.example:4294967739", "port"},
		{"misskey.example:+443", "port"},
		{"misskey.example:44 3", "blanks"},
		{"misskey.example:443:443", "port"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err_detail detail = {0};
		struct url_server server;

		if (url_server_parse(cases[i].text, &server, &detail) == 0)
			fail_msg("%s was taken for %s", cases[i].text, server.origin);
		if (!strstr(detail.text, cases[i].said) || !strstr(detail.text, "expected"))
			fail_msg("%s: %s", cases[i].text, detail.text);
	}
}

static void long_hosts_have_limits(void **state)
{
	char label[300];
	char host[400];
	struct url_server server;

	(void)state;
	memset(label, 'a', sizeof(label));
	label[63] = '\0';
	(void)snprintf(host, sizeof(host), "%.63s.%.63s.%.63s.%.61s", label, label, label, label);
	assert_int_equal(strlen(host), 253);
	assert_int_equal(url_server_parse(host, &server, NULL), 0);
	(void)snprintf(host, sizeof(host), "%.63s.%.63s.%.63s.%.62s", label, label, label, label);
	assert_int_not_equal(url_server_parse(host, &server, NULL), 0);
	label[63] = 'a';
	label[64] = '\0';
	assert_int_not_equal(url_server_parse(label, &server, NULL), 0);
}

static void user_names_have_limits(void **state)
{
	char text[200] = "@";
	struct url_server server;

	(void)state;
	memset(text + 1, 'u', 128);
	memcpy(text + 129, "@h.example", sizeof("@h.example"));
	assert_int_equal(url_server_parse(text, &server, NULL), 0);
	assert_int_equal(strlen(server.user), 128);
	memset(text + 1, 'u', 129);
	memcpy(text + 130, "@h.example", sizeof("@h.example"));
	assert_int_equal(url_server_parse(text, &server, NULL), ERR_LIMIT);
}

static void urls_are_split(void **state)
{
	static const struct {
		const char *url, *origin, *path;
	} cases[] = {
		{"https://Misskey.Example/auth/T", "https://misskey.example", "/auth/T"},
		{"https://misskey.example:443/auth/T", "https://misskey.example", "/auth/T"},
		{"http://misskey.example:80", "http://misskey.example", ""},
		{"http://misskey.example:443/", "http://misskey.example:443", "/"},
		{"http://127.0.0.1:41987/callback?token=x@y#z", "http://127.0.0.1:41987",
		 "/callback?token=x@y#z"},
		{"https://[::1]/x", "https://[::1]", "/x"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char origin[URL_ORIGIN_BYTES];
		const char *path = NULL;

		assert_int_equal(url_split(cases[i].url, origin, &path, NULL), 0);
		assert_string_equal(origin, cases[i].origin);
		assert_string_equal(path, cases[i].path);
		assert_true(path >= cases[i].url && path <= cases[i].url + strlen(cases[i].url));
	}
}

static void bad_urls_are_not_split(void **state)
{
	static const char *const cases[] = {
		"",
		"misskey.example/auth",
		"//misskey.example/",
		"https:/misskey.example/",
		"javascript:alert(1)",
		"file:///etc/passwd",
		"https://",
		"https:///x",
		"https://misskey.example@evil.example/",
		"https://@evil.example/",
		"https://misskey.example\\@evil.example/",
		"https://misskey.example/a b",
		"https://misskey.example/a\tb",
		"https://misskey.example/a\nb",
		"https://misskey.example/\"",
		"https://misskey.example/'",
		"https://misskey.example/`",
		"https://misskey.example/\xc3\xa9",
		"https://misskey.example?x",
		"https://misskey.example#x",
		"https://misskey.example./",
		"https://misskey.example:/",
		"https://misskey.example:0/",
		"https://misskey.example:99999/",
		"https://misskey%2eexample/",
	};
	char origin[URL_ORIGIN_BYTES];
	const char *path;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err_detail detail = {0};

		if (url_split(cases[i], origin, &path, &detail) != ERR_SYNTAX)
			fail_msg("%s was taken", cases[i]);
		assert_non_null(strstr(detail.text, "expected"));
	}
}

static void long_urls_are_refused(void **state)
{
	char url[URL_MAX_BYTES + 1] = "https://h.example/";
	char origin[URL_ORIGIN_BYTES];
	const char *path;

	(void)state;
	memset(url + 18, 'a', URL_MAX_BYTES - 19);
	url[URL_MAX_BYTES - 1] = '\0';
	assert_int_equal(url_split(url, origin, &path, NULL), 0);
	url[URL_MAX_BYTES - 1] = 'a';
	url[URL_MAX_BYTES] = '\0';
	assert_int_equal(url_split(url, origin, &path, NULL), ERR_LIMIT);
}

static void escapes_are_decoded(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *decoded;
	} cases[] = {
		{"", 0, ""},
		{"a+b", 0, "a+b"},
		{"a%20b%2Fc%2f", 0, "a b/c/"},
		{"%", ERR_SYNTAX, NULL},
		{"%4", ERR_SYNTAX, NULL},
		{"%4g", ERR_SYNTAX, NULL},
		{"%g4", ERR_SYNTAX, NULL},
		{"a%00b", ERR_SYNTAX, NULL},
		{"1234567", 0, "1234567"},
		{"123456%37", 0, "1234567"},
		{"12345678", ERR_LIMIT, NULL},
	};
	char decoded[8];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(
			url_decode(cases[i].text, strlen(cases[i].text), decoded, sizeof(decoded)),
			cases[i].code);
		if (cases[i].decoded)
			assert_string_equal(decoded, cases[i].decoded);
	}
	/* What stands behind SIZE is not looked at. */
	assert_int_equal(url_decode("a%41", 3, decoded, sizeof(decoded)), ERR_SYNTAX);
	assert_int_equal(url_decode("a%41", 2, decoded, sizeof(decoded)), ERR_SYNTAX);
	assert_int_equal(url_decode("a\0b", 3, decoded, sizeof(decoded)), ERR_SYNTAX);
	assert_int_equal(url_decode("", 0, decoded, 0), ERR_LIMIT);
}

static void uuids_are_recognized(void **state)
{
	(void)state;
	assert_true(url_is_uuid("01234567-89ab-4cde-8f01-23456789abcd"));
	assert_true(url_is_uuid("01234567-89AB-4CDE-8F01-23456789ABCD"));
	assert_false(url_is_uuid(""));
	assert_false(url_is_uuid("01234567-89ab-4cde-8f01-23456789abc"));
	assert_false(url_is_uuid("01234567-89ab-4cde-8f01-23456789abcde"));
	assert_false(url_is_uuid("01234567-89ab-4cde-8f01-23456789abcg"));
	assert_false(url_is_uuid("0123456789-ab-4cde-8f01-23456789abcd"));
	assert_false(url_is_uuid("01234567089ab-4cde-8f01-23456789abcd"));
}

static void only_loopback_is_listened_on(void **state)
{
	static const char *const bad[] = {
		"",	  "127.0.0.1",	     "127.0.0.1:",	"0.0.0.0:41987", "localhost:41987",
		"::1",	  "[::1]:41987",     "127.0.0.2:41987", "127.1:41987",	 "*:41987",
		":41987", "127.0.0.1:65536", "65536",		"041987",	 "127.0.0.1:080",
		"-1",	  "41987 ",	     "127.0.0.1:x",	"0.0.0.0",	 "localhost",
	};
	unsigned port = 1;

	(void)state;
	assert_int_equal(url_listen_parse("127.0.0.1:41987", &port, NULL), 0);
	assert_int_equal(port, 41987);
	assert_int_equal(url_listen_parse("0", &port, NULL), 0);
	assert_int_equal(port, 0);
	assert_int_equal(url_listen_parse("65535", &port, NULL), 0);
	assert_int_equal(port, 65535);
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err_detail detail = {0};

		if (url_listen_parse(bad[i], &port, &detail) == 0)
			fail_msg("%s was taken", bad[i]);
		assert_non_null(strstr(detail.text, "expected 127.0.0.1:PORT"));
	}
	assert_int_equal(port, 65535);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_normalized),
		cmocka_unit_test(other_servers_are_refused),
		cmocka_unit_test(long_hosts_have_limits),
		cmocka_unit_test(user_names_have_limits),
		cmocka_unit_test(urls_are_split),
		cmocka_unit_test(bad_urls_are_not_split),
		cmocka_unit_test(long_urls_are_refused),
		cmocka_unit_test(escapes_are_decoded),
		cmocka_unit_test(uuids_are_recognized),
		cmocka_unit_test(only_loopback_is_listened_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
