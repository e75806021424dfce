/* SPDX-License-Identifier: MIT */
/* Proves that equal permissions become equal texts, and that lists are read item by item. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/permission.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void permissions_become_canonical(void **state)
{
	static const struct {
		const char *text, *list;
	} cases[] = {
		{"", ""},
		{" , ,\t", ""},
		{"write:notes,read:account", "read:account,write:notes"},
		{"write:notes read:account\twrite:notes", "read:account,write:notes"},
		{" read:account ,, write:notes, ", "read:account,write:notes"},
		{"account-read, account/write", "read:account,write:account"},
		{"account-read, read:account", "read:account"},
		{"read:admin:abuse-user-reports", "read:admin:abuse-user-reports"},
		{"a-read-write", "read:write:a"},
		{"thread", "thread"},
		{PERMISSION_DEFAULT, PERMISSION_DEFAULT},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		_cleanup_(freep) char *list = NULL;
		_cleanup_(freep) char *again = NULL;

		assert_int_equal(permission_parse(cases[i].text, &list, NULL), 0);
		assert_string_equal(list, cases[i].list);
		assert_int_equal(permission_parse(list, &again, NULL), 0);
		assert_string_equal(again, list);
	}
}

static void other_permissions_are_refused(void **state)
{
	static const char *const bad[] = {"read:account;write:notes",
					  "read:\"x\"",
					  "réad:account",
					  "read:account\nwrite:notes",
					  "-read",
					  "write:notes,-read",
					  "+write:notes"};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err_detail detail = {0};
		char *list = NULL;

		assert_int_equal(permission_parse(bad[i], &list, &detail), ERR_INVALID);
		assert_null(list);
		assert_non_null(strstr(detail.text, "expected permissions"));
	}
}

static void permissions_have_limits(void **state)
{
	_cleanup_(freep) char *list = NULL;
	_cleanup_(buf_done) struct buf text = {0};
	char *none = NULL;
	char one[66];

	(void)state;
	memset(one, 'p', sizeof(one));
	one[65] = '\0';
	assert_int_equal(permission_parse(one, &none, NULL), ERR_LIMIT);
	one[64] = '\0';
	assert_int_equal(permission_parse(one, &list, NULL), 0);
	free(TAKE_PTR(list));

	for (int i = 0; i < PERMISSION_MAX_COUNT; i++)
		buf_append_format(&text, "read:p%d,", i);
	assert_int_equal(permission_parse(buf_text(&text), &list, NULL), 0);
	buf_append_text(&text, "one:more");
	assert_int_equal(permission_parse(buf_text(&text), &none, NULL), ERR_LIMIT);
	assert_null(none);
}

static void changes_are_applied(void **state)
{
	static const struct {
		const char *base, *change, *list;
	} cases[] = {
		/* not relative: the complete list */
		{"read:account", "write:notes", "write:notes"},
		{"read:account", "", ""},
		{"read:account", "account-read", "read:account"},
		/* relative */
		{"read:account,read:drive", "+write:drive,-read:drive", "read:account,write:drive"},
		{"read:account", "+read:account", "read:account"},
		{"read:account", "-write:drive", "read:account"},
		{"read:account", "-read:account", ""},
		{"", " +write:notes  -read:drive,, +account-read ", "read:account,write:notes"},
		{"read:account,write:account", "-account/write", "read:account"},
		/* in their order */
		{"", "+read:drive,-read:drive", ""},
		{"read:drive", "-read:drive,+read:drive", "read:drive"},
		/* the beginning of another one is not the same */
		{"read:drive,read:drives", "-read:drive", "read:drives"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		_cleanup_(freep) char *list = NULL;

		assert_int_equal(permission_apply(cases[i].base, cases[i].change, &list, NULL), 0);
		assert_string_equal(list, cases[i].list);
	}
}

static void mixed_changes_are_refused(void **state)
{
	static const char *const bad[] = {"+write:drive,read:drive",
					  "write:drive,+read:drive",
					  "write:drive,-read:drive",
					  "+",
					  "-",
					  "+ write:drive",
					  "++write:drive",
					  "+write:dri;ve"};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err_detail detail = {0};
		char *list = NULL;

		assert_int_equal(permission_apply("read:account", bad[i], &list, &detail),
				 ERR_INVALID);
		assert_null(list);
		assert_non_null(strstr(detail.text, "expected"));
	}
}

static void changes_have_limits(void **state)
{
	_cleanup_(freep) char *list = NULL;
	_cleanup_(freep) char *same = NULL;
	_cleanup_(buf_done) struct buf text = {0};
	char *none = NULL;

	(void)state;
	for (int i = 0; i < PERMISSION_MAX_COUNT; i++)
		buf_append_format(&text, "+read:p%d,", i);
	assert_int_equal(permission_apply("", buf_text(&text), &list, NULL), 0);
	assert_int_equal(permission_apply(list, "+read:p1", &same, NULL), 0);
	assert_string_equal(same, list);
	assert_int_equal(permission_apply(list, "+one:more", &none, NULL), ERR_LIMIT);
	assert_null(none);
}

static void unknown_names_are_found(void **state)
{
	static const struct {
		const char *text, *sentence;
	} cases[] = {
		{"write:notee", "Misskey has no permission write:notee; did you mean write:notes?"},
		{"+write:drive,-read:drvie",
		 "Misskey has no permission read:drvie; did you mean read:drive?"},
		{"read:admin:emojis",
		 "Misskey has no permission read:admin:emojis; did you mean read:admin:emoji?"},
		{"account-write drive_read",
		 "Misskey has no permission drive_read. Only a fork of it may."},
		{"x", "Misskey has no permission x. Only a fork of it may."},
	};
	const char *good = " read:account, account/write,+write:admin:user-note,, -write:votes\t";
	struct err_detail detail = {0};

	(void)state;
	assert_false(permission_next_unknown(&good, &detail));
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *text = cases[i].text;

		assert_true(permission_next_unknown(&text, &detail));
		assert_string_equal(detail.text, cases[i].sentence);
		assert_false(permission_next_unknown(&text, &detail));
	}
}

/* As permission_parse() wants a list to be. */
static void known_names_are_a_canonical_list(void **state)
{
	_cleanup_(buf_done) struct buf all = {0};
	_cleanup_(freep) char *list = NULL;

	(void)state;
	for (size_t n = 0; permission_name(n); n++)
		buf_append_format(&all, "%s%s", n > 0 ? "," : "", permission_name(n));
	assert_int_equal(permission_parse(buf_text(&all), &list, NULL), 0);
	assert_string_equal(list, buf_text(&all));
}

static void differences_are_found(void **state)
{
	static const struct {
		const char *list;
		const char *without;
		const char *difference;
	} cases[] = {
		{"", "", ""},
		{"read:account", "", "read:account"},
		{"", "read:account", ""},
		{"read:account,write:notes", "read:account,write:notes", ""},
		{"read:account,read:drive,write:notes", "read:drive", "read:account,write:notes"},
		/* the beginning of another one is not the same */
		{"read:drive,read:drives", "read:drives", "read:drive"},
		{"read:drive", "read:drives", "read:drive"},
	};

	(void)state;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		_cleanup_(buf_done) struct buf difference = {0};

		permission_difference(cases[n].list, cases[n].without, &difference);
		assert_string_equal(buf_text(&difference), cases[n].difference);
		/* What is missing in a list is why it has not all. */
		assert_int_equal(permission_has_all(cases[n].without, cases[n].list),
				 !cases[n].difference[0]);
	}
}

static void lists_become_arrays(void **state)
{
	static const struct {
		const char *list;
		const char *json;
	} cases[] = {
		{"", "{\"p\":[]}"},
		{"read:account", "{\"p\":[\"read:account\"]}"},
		{"read:account,write:notes", "{\"p\":[\"read:account\",\"write:notes\"]}"},
	};
	char too_long[PERMISSION_MAX_BYTES + 2];
	_cleanup_(json_freep) struct json *refused = json_new_object();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		_cleanup_(json_freep) struct json *object = json_new_object();
		_cleanup_(buf_done) struct buf text = {0};

		assert_int_equal(permission_add_json(object, "p", cases[i].list), 0);
		assert_int_equal(json_print(object, false, &text), 0);
		assert_string_equal(buf_text(&text), cases[i].json);
	}
	memset(too_long, 'p', sizeof(too_long));
	too_long[sizeof(too_long) - 1] = '\0';
	assert_int_equal(permission_add_json(refused, "p", too_long), ERR_LIMIT);
	assert_int_equal(permission_add_json(NULL, "p", "read:account"), ERR_NOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(permissions_become_canonical),
		cmocka_unit_test(other_permissions_are_refused),
		cmocka_unit_test(permissions_have_limits),
		cmocka_unit_test(changes_are_applied),
		cmocka_unit_test(mixed_changes_are_refused),
		cmocka_unit_test(changes_have_limits),
		cmocka_unit_test(unknown_names_are_found),
		cmocka_unit_test(known_names_are_a_canonical_list),
		cmocka_unit_test(differences_are_found),
		cmocka_unit_test(lists_become_arrays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
