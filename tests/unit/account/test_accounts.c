/* SPDX-License-Identifier: MIT */

/* Proves: another set of accounts takes the place of the one before, in place and in order, every
 * difference is told once, and an account that is in both keeps its address. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "account/accounts.h"
#include "common/buf.h"

struct told {
	struct accounts *accounts;
	struct buf changes; /* "+a ~b -c " */
	bool keeps;	    /* what is to be removed */
};

static void tell(enum accounts_change change, struct account *account, void *context)
{
	static const char marks[] = {
		[ACCOUNTS_ADDED] = '+', [ACCOUNTS_CHANGED] = '~', [ACCOUNTS_REMOVED] = '-'};
	struct told *told = context;

	buf_append_format(&told->changes, "%c%s ", marks[change], account->name);
	if (change == ACCOUNTS_REMOVED && !told->keeps)
		accounts_remove(told->accounts, account->name);
}

/* From a config whose accounts are NAMES, separated by blanks, all with PERMISSION. */
static struct accounts *load(const char *names, const char *permission)
{
	_cleanup_(buf_done) struct buf text = {0};
	struct config *config = NULL;
	struct accounts *accounts = NULL;
	char *copy = strdup(names);
	char *rest = NULL;

	assert_non_null(copy);
	for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
		buf_append_format(&text, "[account %s]\nserver = m.example\npermission = %s\n",
				  name, permission);
	free(copy);
	assert_int_equal(config_parse(buf_text(&text), text.size, "c", &config, NULL), 0);
	assert_int_equal(accounts_new(&accounts), 0);
	assert_int_equal(accounts_load(accounts, config, NULL, NULL), 0);
	config_free(config);
	return accounts;
}

static void assert_names(const struct accounts *accounts, const char *expected)
{
	_cleanup_(buf_done) struct buf names = {0};

	for (size_t n = 0; n < accounts_count(accounts); n++)
		buf_append_format(&names, "%s ",
				  accounts_at((struct accounts *)(uintptr_t)accounts, n)->name);
	assert_string_equal(buf_text(&names), expected);
}

static void differences_are_told_once(void **state)
{
	struct accounts *accounts = load("b c d", "read:account");
	struct accounts *wanted = load("a c d e", "read:account");
	struct account *c = accounts_find(accounts, "c");
	struct told told = {.accounts = accounts};

	(void)state;
	assert_int_equal(accounts_replace(accounts, wanted, tell, &told), 0);
	assert_string_equal(buf_text(&told.changes), "-b +a +e ");
	assert_names(accounts, "a c d e ");
	assert_ptr_equal(accounts_find(accounts, "c"), c);
	accounts_free(wanted);
	assert_string_equal(accounts_find(accounts, "a")->permission, "read:account");
	buf_done(&told.changes);
	accounts_free(accounts);
}

static void what_changed_changes_in_place(void **state)
{
	struct accounts *accounts = load("a b", "read:account");
	struct accounts *wanted = load("a b", "write:notes");
	struct account *a = accounts_find(accounts, "a");
	struct told told = {.accounts = accounts};

	(void)state;
	a->page_given_ms = 4711; /* is the login's, not the config's */
	assert_int_equal(accounts_replace(accounts, wanted, tell, &told), 0);
	accounts_free(wanted);
	assert_string_equal(buf_text(&told.changes), "~a ~b ");
	assert_ptr_equal(accounts_find(accounts, "a"), a);
	assert_string_equal(a->permission, "write:notes");
	assert_int_equal(a->page_given_ms, 4711);
	buf_done(&told.changes);
	accounts_free(accounts);
}

static void the_same_is_no_change(void **state)
{
	struct accounts *accounts = load("a b", "read:account");
	struct accounts *wanted = load("b a", "read:account");
	struct told told = {.accounts = accounts};

	(void)state;
	assert_int_equal(accounts_replace(accounts, wanted, tell, &told), 0);
	assert_string_equal(buf_text(&told.changes), "");
	accounts_free(wanted);
	accounts_free(accounts);
}

static void all_can_go_or_stay(void **state)
{
	(void)state;
	for (int keeps = 0; keeps < 2; keeps++) {
		struct accounts *accounts = load("a b c", "read:account");
		struct accounts *wanted = load("", "");
		struct told told = {.accounts = accounts, .keeps = keeps};

		assert_int_equal(accounts_replace(accounts, wanted, tell, &told), 0);
		assert_string_equal(buf_text(&told.changes), "-a -b -c ");
		assert_names(accounts, keeps ? "a b c " : "");
		accounts_remove(accounts, "unknown");
		buf_done(&told.changes);
		accounts_free(wanted);
		accounts_free(accounts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences_are_told_once),
		cmocka_unit_test(what_changed_changes_in_place),
		cmocka_unit_test(the_same_is_no_change),
		cmocka_unit_test(all_can_go_or_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
