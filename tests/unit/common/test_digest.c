/* SPDX-License-Identifier: MIT */

/* Proves: digests are those of FIPS 180-4 and of real Misskey servers, random numbers differ,
 * texts are compared to their ends, and OpenSSL erases what it frees. */

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "common/cleanup.h"
#include "common/digest.h"
#include "common/json.h"
#include "common/url.h"
#include "support/alloc_fault.h"

#define VECTOR_MAX_BYTES 4096

static void assert_sha256(const char *a, const char *b, const char *expected)
{
	char hex[SHA256_HEX_BYTES];

	assert_int_equal(digest_sha256_hex(a, strlen(a), b, strlen(b), hex), 0);
	assert_string_equal(hex, expected);
}

static void test_sha256(void **state)
{
	static const char abc[] =
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	static const char none[] =
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	char hex[SHA256_HEX_BYTES];

	(void)state;
	assert_sha256("abc", "", abc);
	assert_sha256("", "abc", abc);
	assert_sha256("a", "bc", abc);
	assert_sha256("", "", none);
	assert_int_equal(digest_sha256_hex(NULL, 0, NULL, 0, hex), 0);
	assert_string_equal(hex, none);
}

static void test_sha256_base64(void **state)
{
	char base64[SHA256_BASE64_BYTES];

	(void)state;
	assert_int_equal(digest_sha256_base64("abc", 3, base64), 0);
	assert_string_equal(base64, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
}

static void check_vector(int dirfd)
{
	_cleanup_(json_freep) struct json *vector = NULL;
	_cleanup_(closep) int fd = openat(dirfd, "vector.json", O_RDONLY | O_CLOEXEC);
	const char *token, *app_secret;
	char text[VECTOR_MAX_BYTES];
	struct err_detail detail;
	ssize_t size;

	assert_true(fd >= 0);
	size = read(fd, text, sizeof(text));
	assert_true(size > 0);
	assert_int_equal(json_parse(text, (size_t)size, sizeof(text), &vector, &detail), 0);
	token = json_get_string(vector, "accessToken");
	app_secret = json_get_string(vector, "appSecret");
	assert_non_null(token);
	assert_non_null(app_secret);
	assert_sha256(token, app_secret, json_get_string(vector, "i"));
}

static void test_what_real_servers_accepted_as_i(void **state)
{
	DIR *servers = opendir(TEST_WIRE_DIR);
	const struct dirent *server;
	int count = 0;

	(void)state;
	assert_non_null(servers);
	while ((server = readdir(servers))) {
		_cleanup_(closep) int fd = -1;

		if (server->d_name[0] == '.')
			continue;
		fd = openat(dirfd(servers), server->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0) /* a README */
			continue;
		check_vector(fd);
		count++;
	}
	closedir(servers);
	assert_true(count >= 2);
}

static void test_random(void **state)
{
	unsigned char bytes[256] = {0};
	unsigned char more[257];
	char ids[100][RANDOM_ID_BYTES];
	int zeros = 0;

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(random_id(ids[i]), 0);
		assert_int_equal(strlen(ids[i]), RANDOM_ID_BYTES - 1);
		assert_int_equal(strspn(ids[i], "0123456789abcdef"), RANDOM_ID_BYTES - 1);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(ids[i], ids[j]);
	}
	assert_int_equal(random_bytes(bytes, sizeof(bytes)), 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		zeros += bytes[i] == 0;
	assert_true(zeros < 20); /* 1 is expected */
	assert_int_equal(random_bytes(more, sizeof(more)), ERR_CRYPTO);
}

static void test_random_uuids_are_of_version_4(void **state)
{
	char uuids[32][RANDOM_UUID_BYTES];

	(void)state;
	for (size_t i = 0; i < 32; i++) {
		assert_int_equal(random_uuid(uuids[i]), 0);
		assert_true(url_is_uuid(uuids[i]));
		assert_int_equal(uuids[i][14], '4');
		assert_non_null(strchr("89ab", uuids[i][19]));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(uuids[i], uuids[j]);
	}
}

static void test_text_equal(void **state)
{
	(void)state;
	assert_true(digest_text_equal("", ""));
	assert_true(digest_text_equal("abc", "abc"));
	assert_false(digest_text_equal("abc", "abd"));
	assert_false(digest_text_equal("Abc", "abc"));
	assert_false(digest_text_equal("abc", "ab"));
	assert_false(digest_text_equal("ab", "abc"));
	assert_false(digest_text_equal("", "a"));
}

/* As libcurl's TLS does: what it frees and what it moves had secrets in it. */
static void test_what_openssl_frees_is_erased(void **state)
{
	char *memory = OPENSSL_malloc(sizeof(ALLOC_MARKER));

	(void)state;
	assert_non_null(memory);
	memcpy(memory, ALLOC_MARKER, sizeof(ALLOC_MARKER));
	memory = OPENSSL_realloc(memory, 100 * sizeof(ALLOC_MARKER));
	assert_non_null(memory);
	assert_string_equal(memory, ALLOC_MARKER);
	assert_int_equal(alloc_unerased, 0);
	OPENSSL_free(memory);
	assert_int_equal(alloc_unerased, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_sha256_base64),
		cmocka_unit_test(test_what_real_servers_accepted_as_i),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_random_uuids_are_of_version_4),
		cmocka_unit_test(test_text_equal),
		cmocka_unit_test(test_what_openssl_frees_is_erased),
	};

	json_init();
	if (digest_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
