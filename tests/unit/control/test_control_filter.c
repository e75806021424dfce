/* SPDX-License-Identifier: MIT */
/*
 * Proves that a query for accounts is read as docs/control-api.md says, and that exactly the
 * accounts are chosen that it describes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control_filter.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct control_filter parse(const char *query)
{
	struct control_filter filter = {0};
	struct err_detail detail;

	if (control_filter_parse(query, &filter, &detail))
		fail_msg("%s: %s", query, detail.text);
	return filter;
}

static void queries_are_read(void **state)
{
	static const struct {
		const char *query, *server, *user, *permission;
	} cases[] = {
		{"server=misskey.example", "https://misskey.example", "", NULL},
		{"server=https%3A%2F%2FMisskey.Example%3a8443%2f", "https://misskey.example:8443",
		 "", NULL},
		{"server=localhost:3000", "http://localhost:3000", "", NULL},
		{"server=@alice@misskey.example", "https://misskey.example", "alice", NULL},
		/* As in a login, the user that is given apart counts; in either order. */
		{"server=@alice@misskey.example&user=bob", "https://misskey.example", "bob", NULL},
		{"user=bob&server=@alice@misskey.example", "https://misskey.example", "bob", NULL},
		{"user=%40Alice", "", "Alice", NULL},
		{"permission=write%3Anotes%2Cread%3Aaccount", "", "", "read:account,write:notes"},
		{"permission=account-read,notes/write", "", "", "read:account,write:notes"},
		{"permission=write:notes%20read:account", "", "", "read:account,write:notes"},
		{"permission=", "", "", ""},
	};

	(void)state;
	for (size_t n = 0; n < COUNT(cases); n++) {
		struct control_filter filter = parse(cases[n].query);

		assert_string_equal(filter.server, cases[n].server);
		assert_string_equal(filter.user, cases[n].user);
		assert_int_equal(!filter.permission, !cases[n].permission);
		if (filter.permission)
			assert_string_equal(filter.permission, cases[n].permission);
		control_filter_done(&filter);
	}
}

static void bad_queries_are_refused(void **state)
{
	static const char *const queries[] = {
		"x=1",
		"server",
		"Server=misskey.example",
		"server=",
		"server=http://misskey.example",
		"server=misskey.example&server=misskey.example",
		"server=misskey.example%",
		"server=misskey.example%00",
		"server=misskey.example&&user=a",
		"user=",
		"user=@",
		"user=a%20b",
		"user=a&user=a",
		"permission=+write:notes",
		"permission=write:notes&permission=read:account",
		"permission=%zz",
		"wait=1",
	};
	struct control_filter filter;
	char user[8 + URL_USER_BYTES] = "user=";

	(void)state;
	for (size_t n = 0; n < COUNT(queries); n++) {
		struct err_detail detail = {""};
		int r = control_filter_parse(queries[n], &filter, &detail);

		if (r != ERR_INVALID && r != ERR_SYNTAX && r != ERR_LIMIT)
			fail_msg("taken: %s", queries[n]);
		assert_true(detail.text[0] != '\0');
	}
	memset(user + 5, 'u', URL_USER_BYTES);
	assert_true(control_filter_parse(user, &filter, NULL) != 0);
}

static void accounts_are_chosen(void **state)
{
	static const struct {
		const char *query;
		bool fits, fits_absent, fits_revoked, fits_moved;
	} cases[] = {
		{"server=misskey.example", true, true, true, true},
		{"server=other.example", false, false, false, false},
		{"user=ALICE", true, false, true, false},
		/* The expected user of an account that was never logged in. */
		{"user=bob", false, true, false, true},
		{"permission=", true, false, false, false},
		{"permission=write:notes", true, false, false, false},
		{"permission=notes-write,account-read", true, false, false, false},
		{"permission=write:notes,write:drive", false, false, false, false},
		{"permission=write:note", false, false, false, false},
		{"server=misskey.example&user=alice&permission=read:account", true, false, false,
		 false},
		{"server=misskey.example&user=carol&permission=read:account", false, false, false,
		 false},
	};
	struct account account = {.server = {.origin = "https://misskey.example"}};
	char here[] = "https://misskey.example";
	char elsewhere[] = "https://old.example";
	char alice[] = "alice";
	char permission[] = "read:account,write:notes";
	struct credential good = {
		.server = here,
		.username = alice,
		.permission = permission,
		.state = CREDENTIAL_UNVERIFIED,
	};
	struct credential revoked = good;
	struct credential moved = good;

	(void)state;
	revoked.state = CREDENTIAL_REVOKED;
	moved.server = elsewhere;
	for (size_t n = 0; n < COUNT(cases); n++) {
		struct control_filter filter = parse(cases[n].query);

		if (control_filter_fits(&filter, &account, &good, "bob") != cases[n].fits ||
		    control_filter_fits(&filter, &account, NULL, "bob") != cases[n].fits_absent ||
		    control_filter_fits(&filter, &account, &revoked, "bob") !=
			    cases[n].fits_revoked ||
		    control_filter_fits(&filter, &account, &moved, "bob") != cases[n].fits_moved)
			fail_msg("%s", cases[n].query);
		if (filter.user[0])
			assert_false(control_filter_fits(&filter, &account, NULL, NULL));
		control_filter_done(&filter);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries_are_read),
		cmocka_unit_test(bad_queries_are_refused),
		cmocka_unit_test(accounts_are_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
