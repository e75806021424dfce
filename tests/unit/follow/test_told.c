/* SPDX-License-Identifier: MIT */
/* Proves that what was told is known to the next agent, and that a file that says something else
 * leads to everything being told again, and to nothing worse. */
#include "support/state_directory.h"

#include "told.h"

static struct told *open_told(void)
{
	struct told *told = NULL;

	if (told_open(root_fd, &told, &detail))
		fail_msg("%s", detail.text);
	return told;
}

static void test_what_is_written_is_read_again(void **state)
{
	_cleanup_(told_freep) struct told *told = open_told();
	struct told_row *row = told_of(told, "me");

	(void)state;
	strcpy(row->server, "https://misskey.example");
	strcpy(row->told[CONFIG_ON_CREDENTIAL_CHANGED], "verified abc");
	strcpy(row->told[CONFIG_ON_ERROR], "WRONG_USER");
	strcpy(row->now[CONFIG_ON_CREDENTIAL_CHANGED], "verified def");
	strcpy(told_of(told, "nothing.told")->server, "https://misskey.example");
	strcpy(told_of(told, "!PORT_TAKEN")->told[CONFIG_ON_ERROR], "PORT_TAKEN");
	assert_int_equal(told_save(told, &detail), 0);
	assert_int_equal(mode_of(TOLD_FILE), 0600);
	told_free(told);
	told = open_told();
	assert_int_equal(told->rows.count, 2);
	row = name_table_find(&told->rows, "me");
	assert_string_equal(row->server, "https://misskey.example");
	assert_string_equal(row->told[CONFIG_ON_CREDENTIAL_CHANGED], "verified abc");
	assert_string_equal(row->told[CONFIG_ON_ERROR], "WRONG_USER");
	assert_string_equal(row->told[CONFIG_ON_CONSENT_NEEDED], "");
	assert_string_equal(row->now[CONFIG_ON_CREDENTIAL_CHANGED], "");
	assert_non_null(name_table_find(&told->rows, "!PORT_TAKEN"));
	told_forget(told, "me");
	assert_null(name_table_find(&told->rows, "me"));
}

static void test_a_file_that_is_none_is_kept_and_everything_is_told(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{\"version\":2,\"told\":{}}",
		"{\"version\":1,\"told\":[]}",
		"{\"version\":1,\"told\":{\"me\":{},\"../me\":{}}}",
		"{\"version\":1,\"told\":{\"!a b\":{}}}",
		"{\"version\":1,\"told\":{\"me\":{\"credential\":1}}}",
		("{\"version\":1,\"told\":{\"me\":{\"error\":\""
		 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}"
		 "}"),
		/* It would be in a hook's environment. */
		"{\"version\":1,\"told\":{\"me\":{\"server\":\"x\\nA=b\"}}}",
	};

	(void)state;
	for (size_t n = 0; n < sizeof(texts) / sizeof(texts[0]); n++) {
		_cleanup_(told_freep) struct told *told = NULL;

		put(TOLD_FILE, texts[n]);
		told = open_told();
		assert_int_equal(told->rows.count, 0);
		assert_false(exists(TOLD_FILE));
		assert_int_equal(count_files(root, TOLD_FILE ".damaged-"), n + 1);
		assert_int_equal(told_save(told, &detail), 0);
	}
}

int main(void)
{
#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	static const struct CMUnitTest tests[] = {
		WITH_DIRECTORY(test_what_is_written_is_read_again),
		WITH_DIRECTORY(test_a_file_that_is_none_is_kept_and_everything_is_told),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
