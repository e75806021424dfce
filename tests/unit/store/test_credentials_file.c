/* SPDX-License-Identifier: MIT */

/* Proves: every field of a credential comes back from credentials.json as it was; whatever is cut
 * off, changed or missing is refused with the file, the place and the next step, without quoting
 * anything, and with nothing touched; a newer version is not damage; unsafe files are refused or
 * tightened. */

#include "support/sample_credential.h"

static const char document[] = "{\n"
			       "  \"version\": 1,\n"
			       "  \"accounts\": {\n"
			       "    \"alice@misskey.example\": {\n"
			       "      \"server\": \"https://misskey.example\",\n"
			       "      \"user\": {\n"
			       "        \"id\": \"9abc\",\n"
			       "        \"username\": \"alice\"\n"
			       "      },\n"
			       "      \"i\": \"" I_ALICE "\",\n"
			       "      \"method\": \"app\",\n"
			       "      \"permission\": [\n"
			       "        \"read:account\",\n"
			       "        \"write:notes\"\n"
			       "      ],\n"
			       "      \"app\": {\n"
			       "        \"id\": \"9app\",\n"
			       "        \"name\": \"misskey-authd\"\n"
			       "      },\n"
			       "      \"software\": \"misskey 2025.3.1\",\n"
			       "      \"state\": \"verified\",\n"
			       "      \"obtained_at\": \"2026-11-22T12:00:00Z\",\n"
			       "      \"verified_at\": \"2026-11-22T12:00:01Z\",\n"
			       "      \"expires_at\": null,\n"
			       "      \"session_sha256\": \"" DIGEST "\"\n"
			       "    }\n"
			       "  }\n"
			       "}\n";

static void assert_refused(const char *text, size_t size, int code)
{
	struct credentials *credentials = NULL;
	char *after;

	put_bytes("credentials.json", text, size, 0600);
	assert_int_equal(credentials_open(root_fd, &credentials, &detail), code);
	assert_null(credentials);
	assert_detail(path_in_root("credentials.json"));
	assert_detail("It was left as it is");
	assert_detail("logins are refused");
	assert_detail(": mv '");
	assert_null(strstr(detail.text, "a11ce"));
	after = content_of("credentials.json");
	assert_memory_equal(after, text, size);
	free(after);
	assert_false(exists("accounts"));
}

static void test_the_format_is_the_documented_one(void **state)
{
	struct credentials *credentials = open_store();
	struct credential alice = sample("alice@misskey.example", I_ALICE);

	(void)state;
	store(credentials, &alice, NULL);
	assert_content("credentials.json", document);
	credentials_free(credentials);
	assert_on_disk(&alice);
	credential_done(&alice);
}

static void test_unusual_values_come_back(void **state)
{
	static const char *const names[] = {
		"a\"b\\c/d",  "名前",	      "\xf0\x9f\x90\xb1 and blanks",
		"$(id)`'&<>", "\xe2\x80\xae", "_.-"};
	struct credential credential = sample("A.b_c-d:e@f", I_BOB);
	struct credentials *credentials = open_store();

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		free(credential.username);
		free(credential.app_name);
		credential.username = copy_of(names[i]);
		credential.app_name = copy_of(names[i]);
		credential.state = i % 2 ? CREDENTIAL_VERIFIED : CREDENTIAL_UNVERIFIED;
		credential.verified_at = i % 2 ? INT64_C(253402300799) : 0;
		credential.expires_at = i % 3 ? 0 : INT64_C(1827230400);
		store(credentials, &credential, NULL);
		assert_on_disk(&credential);
	}
	secret_done(&credential.i);
	credential.state = CREDENTIAL_REVOKED;
	free(credential.permission);
	credential.permission = copy_of("");
	free(credential.server);
	credential.server = copy_of("http://127.0.0.1:3000");
	store(credentials, &credential, NULL);
	assert_on_disk(&credential);
	credentials_free(credentials);
	credential_done(&credential);
}

static void test_names_that_differ_in_case_alone_are_damage(void **state)
{
	char *entry = strstr(document, "\"alice@");
	char *end = strstr(document, "    }\n  }\n}\n");
	struct buf text = {0};

	(void)state;
	buf_append(&text, document, (size_t)(end - document));
	buf_append_text(&text, "    },\n");
	buf_append_text(&text, entry);
	entry = strrchr(buf_text(&text), '@') - strlen("alice");
	*entry = 'A';
	assert_refused(buf_text(&text), text.size, ERR_DAMAGED);
	assert_detail("the accounts Alice@misskey.example and alice@misskey.example differ only");
	buf_done(&text);
}

static void test_a_token_of_miauth_comes_back(void **state)
{
	struct credentials *credentials = open_store();
	struct credential alice = sample("alice", "Abc0-._+/=");

	(void)state;
	alice.method = METHOD_MIAUTH;
	assert_int_equal(credentials_store(credentials, &alice, NULL, &detail), ERR_INVALID);
	free(alice.app_id);
	alice.app_id = NULL;
	store(credentials, &alice, NULL);
	credentials_free(credentials);
	assert_on_disk(&alice);
	credentials = open_store();
	assert_int_equal(secret_set_text(&alice.i, "~root"), 0);
	assert_int_equal(credentials_store(credentials, &alice, NULL, &detail), ERR_INVALID);
	assert_detail("\"i\"");
	credentials_free(credentials);
	credential_done(&alice);
}

static void test_every_truncation_is_damage(void **state)
{
	(void)state;
	/* Without its last line break the file still is complete. */
	for (size_t size = 0; size < sizeof(document) - 2; size++)
		assert_refused(document, size, ERR_DAMAGED);
}

static void test_every_changed_byte_is_damage_or_harmless(void **state)
{
	char changed[sizeof(document)];

	(void)state;
	for (size_t at = 0; at < sizeof(document) - 1; at++) {
		static const char other[] = {'\0', '"', 'x', '\xff', '{', ','};

		for (size_t i = 0; i < sizeof(other); i++) {
			struct credentials *credentials = NULL;

			memcpy(changed, document, sizeof(document));
			changed[at] = other[i];
			put_bytes("credentials.json", changed, sizeof(document) - 1, 0600);
			if (credentials_open(root_fd, &credentials, &detail) == 0)
				assert_in_range(credentials_count(credentials), 0, 1);
			credentials_free(credentials);
		}
	}
}

struct change {
	const char *old;
	const char *new;
	const char *where; /* what the message must say */
};

static const struct change damages[] = {
	{"\"version\": 1", "\"version\": \"1\"", "version"},
	{"\"version\": 1", "\"version\": 0", "version"},
	{"\"version\": 1", "\"version\": 1.5", "version"},
	{"\"version\": 1,", "", "version"},
	{"\"accounts\": {", "\"accounts\": null, \"x\": {", "accounts"},
	{"\"accounts\": {", "\"Accounts\": {", "accounts"},
	{"\"alice@misskey.example\": {", "\"../alice\": {", "number 1"},
	{"\"alice@misskey.example\": {", "\"\": {", "number 1"},
	{"\"alice@misskey.example\": {", "\"bob\": 1, \"alice@misskey.example\": {", "account bob"},
	{"\"alice@misskey.example\": {", "\"bob\": {}, \"alice@misskey.example\": {",
	 "account bob"},
	{"\"server\": \"https://misskey.example\",", "", "\"server\""},
	{"https://misskey.example", "http://misskey.example", "\"server\""},
	{"https://misskey.example", "https://misskey.example/", "\"server\""},
	{"https://misskey.example", "misskey.example", "\"server\""},
	{"https://misskey.example", "https://MISSKEY.example", "\"server\""},
	{"\"server\": \"https://misskey.example\"", "\"server\": [\"https://misskey.example\"]",
	 "\"server\""},
	{"\"user\": {", "\"user\": 1, \"x\": {", "\"user\""},
	{"\"id\": \"9abc\"", "\"id\": 9", "\"user.id\""},
	{"\"id\": \"9abc\"", "\"id\": \"9 abc\"", "\"user.id\""},
	{"\"id\": \"9abc\"", "\"id\": \"\"", "\"user.id\""},
	{"\"alice\"", "\"\"", "\"user.username\""},
	{"\"alice\"", "\"al\\nice\"", "\"user.username\""},
	{"\"alice\"", "null", "\"user.username\""},
	{"\"i\": \"" I_ALICE "\"", "\"i\": null", "\"i\""},
	{"\"i\": \"" I_ALICE "\",", "", "\"i\""},
	{"\"i\": \"a11ce", "\"i\": \"A11CE", "\"i\""},
	{"\"i\": \"a11ce", "\"i\": \"a11c", "\"i\""},
	{"\"i\": \"a11ce", "\"i\": \"a11cea", "\"i\""},
	{"\"i\": \"a11ce", "\"i\": \"a11cg", "\"i\""},
	{"\"read:account\"", "\"read account\"", "\"permission\""},
	{"\"read:account\"", "\"\"", "\"permission\""},
	{"\"read:account\"", "1", "\"permission\""},
	{"\"read:account\"", "\"read:account,read:drive\"", "\"permission\""},
	{"\"permission\": [", "\"permission\": \"read:account\", \"x\": [", "\"permission\""},
	{"\"9app\"", "false", "\"app.id\""},
	{"\"9app\"", "null", "\"app.id\""},
	{"\"method\": \"app\"", "\"method\": \"miauth\"", "\"app.id\""},
	{"\"method\": \"app\"", "\"method\": \"auto\"", "\"method\""},
	{"\"method\": \"app\"", "\"method\": \"\"", "\"method\""},
	{"\"method\": \"app\",", "", "\"method\""},
	{"\"name\": \"misskey-authd\"", "\"nam\": \"misskey-authd\"", "\"app.name\""},
	{"\"verified\"", "\"Verified\"", "\"state\""},
	{"\"verified\"", "\"revoked\"", "\"i\""},
	{"\"verified\"", "0", "\"state\""},
	{"12:00:00Z", "12:00:00+00:00", "\"obtained_at\""},
	{"\"2026-11-22T12:00:00Z\"", "null", "\"obtained_at\""},
	{"\"2026-11-22T12:00:01Z\"", "1795348801", "\"verified_at\""},
	{"\"verified_at\"", "\"verified\"", "\"verified_at\""},
	{"\"expires_at\": null", "\"expires_at\": 0", "\"expires_at\""},
	{"\"expires_at\": null", "\"expires_at\": \"soon\"", "\"expires_at\""},
	{"\"expires_at\": null,", "", "\"expires_at\""},
	{DIGEST, "d16e57", "\"session_sha256\""},
	{DIGEST, "D16E570000000000000000000000000000000000000000000000000000000003",
	 "\"session_sha256\""},
	{DIGEST, DIGEST "0", "\"session_sha256\""},
	{"\"state\": \"verified\"", "\"state\": \"verified\", \"state\": \"verified\"", "byte"},
	{"}\n}\n", "}\n} {}\n", "byte"},
	{"\"alice@misskey.example\": {", "\"bob\": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "byte"},
};

static void test_wrong_members_are_damage(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		char *text = replaced(document, damages[i].old, damages[i].new);

		assert_refused(text, strlen(text), ERR_DAMAGED);
		assert_detail(damages[i].where);
		assert_detail("restore it from a backup");
		free(text);
	}
	assert_refused("[]", 2, ERR_DAMAGED);
	assert_refused("null", 4, ERR_DAMAGED);
}

static void test_the_same_account_twice_is_damage(void **state)
{
	char *text = replaced(document, "\"alice@misskey.example\": {",
			      "\"alice@misskey.example\": {}, \"alice@misskey.example\": {");

	(void)state;
	assert_refused(text, strlen(text), ERR_DAMAGED);
	free(text);
}

static void test_a_newer_version_is_not_damage(void **state)
{
	char *text = replaced(document, "\"version\": 1", "\"version\": 2");

	(void)state;
	assert_refused(text, strlen(text), ERR_VERSION);
	assert_detail("version 2");
	assert_detail("update misskey-authd");
	free(text);
	/* Whatever else is in there. */
	assert_refused("{\"version\": 9007199254740991}", 29, ERR_VERSION);
}

static void test_what_version_1_does_not_know_is_ignored(void **state)
{
	struct credential alice = sample("alice@misskey.example", I_ALICE);
	char *more = replaced(document, "\"user\": {", "\"color\": [1], \"user\": {\"age\": 7,");
	char *text = replaced(more, "\"version\": 1,", "\"version\": 1, \"comment\": {},");

	(void)state;
	put("credentials.json", text);
	free(more);
	free(text);
	/* Old spellings of a permission, in any order, are no damage either. */
	text = replaced(document, "\"read:account\"", "\"write:notes\", \"account-read\"");
	put("credentials.json", text);
	free(text);
	assert_int_equal(mkdirat(root_fd, "accounts", 0700), 0);
	struct credentials *credentials = open_store();
	assert_same(credentials_find(credentials, "alice@misskey.example"), &alice);
	credentials_free(credentials);
	credential_done(&alice);
}

static void test_a_quote_in_the_path_is_quoted_for_the_shell(void **state)
{
	struct credentials *credentials = NULL;
	int fd;

	(void)state;
	assert_int_equal(mkdirat(root_fd, "it's", 0700), 0);
	put("it's/credentials.json", "{");
	fd = openat(root_fd, "it's", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(credentials_open(fd, &credentials, &detail), ERR_DAMAGED);
	assert_detail("/it's/credentials.json is damaged");
	assert_detail("/it'\\''s/credentials.json'");
	close(fd);
}

static void test_modes_are_tightened(void **state)
{
	struct credentials *credentials;

	(void)state;
	put_bytes("credentials.json", document, sizeof(document) - 1, 0644);
	assert_int_equal(mkdirat(root_fd, "accounts", 0755), 0);
	credentials = open_store();
	assert_int_equal(mode_of("credentials.json"), 0600);
	assert_int_equal(mode_of("accounts"), 0700);
	credentials_free(credentials);
}

static void test_unsafe_files_are_refused(void **state)
{
	struct credentials *credentials = NULL;

	(void)state;
	put("elsewhere", document);
	assert_int_equal(linkat(root_fd, "elsewhere", root_fd, "credentials.json", 0), 0);
	assert_int_equal(credentials_open(root_fd, &credentials, &detail), ERR_UNSAFE);
	assert_detail(path_in_root("credentials.json"));
	assert_int_equal(unlinkat(root_fd, "credentials.json", 0), 0);
	assert_int_equal(symlinkat("elsewhere", root_fd, "credentials.json"), 0);
	assert_int_equal(credentials_open(root_fd, &credentials, &detail), ERR_UNSAFE);
	assert_detail(path_in_root("credentials.json"));
	assert_int_equal(unlinkat(root_fd, "credentials.json", 0), 0);
	assert_false(exists("accounts"));
	if (geteuid() != 0) {
		print_message("SKIPPED: only root can make files of another user\n");
		skip();
	}
	put("credentials.json", document);
	assert_int_equal(fchownat(root_fd, "credentials.json", 65534, 65534, 0), 0);
	assert_int_equal(credentials_open(root_fd, &credentials, &detail), ERR_UNSAFE);
	assert_false(exists("accounts"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_format_is_the_documented_one),
		TEST(test_unusual_values_come_back),
		TEST(test_a_token_of_miauth_comes_back),
		TEST(test_names_that_differ_in_case_alone_are_damage),
		TEST(test_every_truncation_is_damage),
		TEST(test_every_changed_byte_is_damage_or_harmless),
		TEST(test_wrong_members_are_damage),
		TEST(test_the_same_account_twice_is_damage),
		TEST(test_a_newer_version_is_not_damage),
		TEST(test_what_version_1_does_not_know_is_ignored),
		TEST(test_a_quote_in_the_path_is_quoted_for_the_shell),
		TEST(test_modes_are_tightened),
		TEST(test_unsafe_files_are_refused),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
