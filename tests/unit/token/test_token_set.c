/* SPDX-License-Identifier: MIT */
/* Proves which VARIABLE=FIELD are taken, and what is said of the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "token/token_set.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void variables_and_fields_are_taken(void **state)
{
	static const char *const texts[] = {"MISSKEY_API_TOKEN=token", "_=host", "a1=user_id"};
	struct token_sets sets = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct token_set *set = &sets.rows[i];

		assert_int_equal(token_sets_add(&sets, texts[i], NULL), 0);
		assert_ptr_equal(set->variable, texts[i]);
		assert_int_equal(set->variable[set->size], '=');
		assert_string_equal(set->field->name, set->variable + set->size + 1);
	}
	assert_int_equal(sets.count, COUNT(texts));
}

static void others_are_refused(void **state)
{
	static const char *const pairs[][2] = {
		{"", "Expected VARIABLE=FIELD"},
		{"A", "`A`: Expected VARIABLE=FIELD"},
		{"=token", "Expected VARIABLE=FIELD"},
		{"1A=token", "begins with no digit"},
		{"A-B=token", "Expected VARIABLE=FIELD"},
		{"A B=token", "Expected VARIABLE=FIELD"},
		{"\xC3\xA9=token", "Expected VARIABLE=FIELD"},
		{"A=", "There is no such field. There are: token, server"},
		{"A=tokn", "did you mean token?"},
		{"A=token=", "no such field"},
		{"GIVEN=host", "`GIVEN=host`: A variable can be set only once."},
	};
	struct token_sets sets = {0};

	(void)state;
	assert_int_equal(token_sets_add(&sets, "GIVEN=token", NULL), 0);
	/* The beginning of a name is another name. */
	assert_int_equal(token_sets_add(&sets, "GIVE=token", NULL), 0);
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct err_detail detail = {0};

		assert_int_equal(token_sets_add(&sets, pairs[i][0], &detail), ERR_SYNTAX);
		assert_non_null(strstr(detail.text, pairs[i][1]));
	}
	assert_int_equal(sets.count, 2);
}

static void there_is_an_end_to_them(void **state)
{
	char texts[TOKEN_SETS_MAX][16];
	struct token_sets sets = {0};

	(void)state;
	for (int i = 0; i < TOKEN_SETS_MAX; i++) {
		snprintf(texts[i], sizeof(texts[i]), "A%d=token", i);
		assert_int_equal(token_sets_add(&sets, texts[i], NULL), 0);
	}
	assert_int_equal(token_sets_add(&sets, "B=token", NULL), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_and_fields_are_taken),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(there_is_an_end_to_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
