/* SPDX-License-Identifier: MIT */

/* Proves: what is stored is on disk and found, sorted, at once and after a restart; the derived
 * files follow it, are set right again, say "absent", and go away only for accounts that nobody
 * knows; left-overs of a killed process are removed; what could not be read again is not written;
 * 10,000 accounts are no trouble. */

#include <time.h>

#include "support/sample_credential.h"

#define MANY 10000
#define SERVER_LINES                               \
	"MISSKEY_SERVER=https://misskey.example\n" \
	"MISSKEY_URL=https://misskey.example\n"    \
	"MISSKEY_HOST=misskey.example\n"
#define CREDENTIAL_LINES         \
	"MISSKEY_USER_ID=9abc\n" \
	"MISSKEY_PERMISSION=read:account,write:notes\n"

static void test_no_file_is_an_empty_store(void **state)
{
	struct credentials *credentials = open_store();

	(void)state;
	assert_int_equal(credentials_count(credentials), 0);
	assert_null(credentials_find(credentials, "alice"));
	assert_false(exists("credentials.json"));
	assert_int_equal(mode_of("accounts"), 0700);
	credentials_free(credentials);
}

static void test_accounts_are_found_and_sorted(void **state)
{
	static const char *const names[] = {"m", "b", "z", "a", "B2", "a.b", "9", "n"};
	static const char *const sorted[] = {"9", "B2", "a", "a.b", "b", "m", "n", "z"};
	struct credentials *credentials = open_store();

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		struct credential c = sample(names[i], I_ALICE);

		store(credentials, &c, NULL);
		credential_done(&c);
	}
	for (unsigned round = 0; round < 2; round++) {
		assert_int_equal(credentials_count(credentials), 8);
		for (size_t i = 0; i < 8; i++) {
			assert_string_equal(credentials_at(credentials, i)->account, sorted[i]);
			assert_ptr_equal(credentials_find(credentials, sorted[i]),
					 credentials_at(credentials, i));
		}
		assert_null(credentials_find(credentials, "c"));
		assert_null(credentials_find(credentials, ""));
		credentials_free(credentials);
		credentials = open_store();
	}
	credentials_free(credentials);
}

static void test_files_are_private_and_say_what_is_documented(void **state)
{
	struct credentials *credentials = open_store();
	struct credential alice = sample("alice", I_ALICE);

	(void)state;
	store(credentials, &alice, NULL);
	assert_content("accounts/alice/env",
		       "MISSKEY_STATE=verified\n" SERVER_LINES "MISSKEY_ACCOUNT=alice\n"
		       "MISSKEY_USER=alice\n" CREDENTIAL_LINES "MISSKEY_TOKEN=" I_ALICE "\n");
	assert_content("accounts/alice/token", I_ALICE "\n");
	assert_int_equal(mode_of("credentials.json"), 0600);
	assert_int_equal(mode_of("accounts/alice/env"), 0600);
	assert_int_equal(mode_of("accounts/alice/token"), 0600);
	assert_int_equal(count_temps(), 0);

	alice.state = CREDENTIAL_UNVERIFIED;
	free(alice.username);
	alice.username = copy_of("al ice");
	store(credentials, &alice, NULL);
	assert_content("accounts/alice/env",
		       "MISSKEY_STATE=unverified\n" SERVER_LINES
		       "MISSKEY_ACCOUNT=alice\n" CREDENTIAL_LINES "MISSKEY_TOKEN=" I_ALICE "\n");
	credentials_free(credentials);
	credential_done(&alice);
}

static void test_revoked_takes_the_token_away(void **state)
{
	struct credentials *credentials = open_store();
	struct credential alice = sample("alice", I_ALICE);
	char *json;

	(void)state;
	store(credentials, &alice, NULL);
	alice.state = CREDENTIAL_REVOKED; /* i is still there: it is dropped */
	store(credentials, &alice, NULL);
	assert_content("accounts/alice/env",
		       "MISSKEY_STATE=revoked\n" SERVER_LINES "MISSKEY_ACCOUNT=alice\n"
		       "MISSKEY_USER=alice\n" CREDENTIAL_LINES);
	assert_false(exists("accounts/alice/token"));
	assert_false(secret_is_set(&credentials_find(credentials, "alice")->i));
	json = content_of("credentials.json");
	assert_null(strstr(json, I_ALICE));
	free(json);
	credentials_free(credentials);
	secret_done(&alice.i);
	assert_on_disk(&alice);
	credential_done(&alice);
}

static void set_state(struct credentials *credentials, enum credential_state to, int64_t unix_s,
		      bool is_another)
{
	bool changed = !is_another;
	int r = credentials_set_state(credentials, "alice", to, unix_s, &changed, &detail);

	assert_int_equal(r, 0);
	assert_int_equal(changed, is_another);
}

static void test_a_suspension_keeps_i_and_gives_it_to_nobody(void **state)
{
	struct credentials *credentials = open_store();
	struct credential alice = sample("alice", I_ALICE);

	(void)state;
	store(credentials, &alice, NULL);
	set_state(credentials, CREDENTIAL_SUSPENDED, 1795348900, true);
	alice.state = CREDENTIAL_SUSPENDED;
	assert_on_disk(&alice); /* with i, without a token file and without its line in env */
	credentials_free(credentials);
	credentials = open_store();
	assert_same(credentials_find(credentials, "alice"), &alice);
	set_state(credentials, CREDENTIAL_VERIFIED, 1795349000, true);
	alice.state = CREDENTIAL_VERIFIED;
	alice.verified_at = 1795349000;
	assert_on_disk(&alice);
	credentials_free(credentials);
	credential_done(&alice);
}

/* A container has the directory mounted. */
static void test_the_directory_stays_while_the_account_is_there(void **state)
{
	struct credentials *credentials = open_store();
	struct credential alice = sample("alice", I_ALICE);
	struct credentials_reservation *reservation = NULL;
	ino_t directory;

	(void)state;
	assert_int_equal(
		credentials_derive(credentials, "alice", "https://misskey.example", &detail), 0);
	directory = inode_of("accounts/alice");
	assert_int_equal(mode_of("accounts/alice"), 0700);
	assert_int_equal(credentials_reserve(credentials, "alice", &reservation, &detail), 0);
	store(credentials, &alice, reservation);
	credentials_reservation_free(reservation);
	set_state(credentials, CREDENTIAL_SUSPENDED, 1, true);
	set_state(credentials, CREDENTIAL_VERIFIED, 2, true);
	set_state(credentials, CREDENTIAL_REVOKED, 3, true);
	assert_false(exists("accounts/alice/token"));
	store(credentials, &alice, NULL);
	assert_int_equal(
		credentials_remove(credentials, "alice", "https://misskey.example", &detail), 0);
	credentials_free(credentials);
	credentials = open_store();
	assert_int_equal(
		credentials_derive(credentials, "alice", "https://misskey.example", &detail), 0);
	assert_int_equal(inode_of("accounts/alice"), directory);
	assert_int_equal(credentials_underive(credentials, "alice", &detail), 0);
	assert_false(exists("accounts/alice"));
	credentials_free(credentials);
	credential_done(&alice);
}

/* No account is seen before its files are. */
static void test_room_alone_makes_no_account(void **state)
{
	struct credentials *credentials = open_store();
	struct credentials_reservation *reservation = NULL;
	struct credential alice = sample("alice", I_ALICE);

	(void)state;
	assert_int_equal(credentials_reserve(credentials, "alice", &reservation, &detail), 0);
	assert_false(exists("accounts/alice/env") || exists("accounts/alice/token"));
	credentials_reservation_free(reservation);
	assert_false(exists("accounts/alice"));
	/* An account that is removed while a login has room there can be stored again. */
	store(credentials, &alice, NULL);
	assert_int_equal(credentials_reserve(credentials, "alice", &reservation, &detail), 0);
	assert_int_equal(credentials_remove(credentials, "alice", NULL, &detail), 0);
	assert_int_equal(count_temps(), 3);
	store(credentials, &alice, reservation);
	assert_on_disk(&alice);
	assert_int_equal(credentials_remove(credentials, "alice", NULL, &detail), 0);
	assert_false(exists("accounts/alice"));
	store(credentials, &alice, reservation);
	assert_on_disk(&alice);
	credentials_reservation_free(reservation);
	assert_on_disk(&alice);
	credentials_free(credentials);
	credential_done(&alice);
}

/* Also on a file system that does not tell the case of letters. */
static void test_a_name_changes_its_case_alone(void **state)
{
	struct credentials *credentials = open_store();
	struct credential alice = sample("alice", I_ALICE);

	(void)state;
	store(credentials, &alice, NULL);
	assert_int_equal(credentials_rename(credentials, "alice", "Alice", &detail), 0);
	strcpy(alice.account, "Alice");
	assert_on_disk(&alice);
	assert_false(exists("accounts/alice"));
	credentials_free(credentials);
	credential_done(&alice);
}

static void test_what_is_no_directory_of_ours_is_not_used(void **state)
{
	struct credentials *credentials = open_store();
	struct credential alice = sample("alice", I_ALICE);

	(void)state;
	assert_int_equal(mkdirat(root_fd, "elsewhere", 0700), 0);
	assert_int_equal(symlinkat("../elsewhere", root_fd, "accounts/alice"), 0);
	assert_int_equal(credentials_store(credentials, &alice, NULL, &detail), ERR_UNSAFE);
	assert_detail("accounts/alice");
	assert_int_equal(unlinkat(root_fd, "accounts/alice", 0), 0);
	put("accounts/alice", "a file");
	assert_int_equal(credentials_store(credentials, &alice, NULL, &detail), ERR_UNSAFE);
	assert_content("accounts/alice", "a file");
	assert_int_equal(unlinkat(root_fd, "accounts/alice", 0), 0);
	assert_int_equal(mkdirat(root_fd, "accounts/alice", 0755), 0);
	store(credentials, &alice, NULL);
	assert_int_equal(mode_of("accounts/alice"), 0700);
	assert_on_disk(&alice);
	assert_int_equal(count_files(path_in_root("elsewhere"), ""), 2); /* . and .. */
	credentials_free(credentials);
	credential_done(&alice);
}

static void test_a_mere_time_waits_for_the_next_write(void **state)
{
	struct credentials *credentials = open_store();
	struct credential alice = sample("alice", I_ALICE);
	struct credential bob = sample("bob", I_BOB);

	(void)state;
	store(credentials, &alice, NULL);
	store(credentials, &bob, NULL);
	assert_false(credentials_is_stale(credentials));
	set_state(credentials, CREDENTIAL_VERIFIED, 1795349000, false);
	assert_true(credentials_is_stale(credentials));
	assert_on_disk(&alice);
	alice.verified_at = 1795349000;
	assert_same(credentials_find(credentials, "alice"), &alice);
	/* Another write takes it along, */
	bob.verified_at = 1795349001;
	store(credentials, &bob, NULL);
	assert_false(credentials_is_stale(credentials));
	assert_on_disk(&alice);
	/* and so does the flush. */
	set_state(credentials, CREDENTIAL_VERIFIED, 1795349002, false);
	assert_int_equal(credentials_flush(credentials, &detail), 0);
	alice.verified_at = 1795349002;
	assert_on_disk(&alice);
	assert_on_disk(&bob);
	credentials_free(credentials);
	credential_done(&alice);
	credential_done(&bob);
}

static void test_a_state_is_of_a_credential(void **state)
{
	struct credentials *credentials = open_store();
	bool changed;

	(void)state;
	assert_int_equal(credentials_set_state(credentials, "alice", CREDENTIAL_VERIFIED, 1,
					       &changed, &detail),
			 ERR_NOT_FOUND);
	credentials_free(credentials);
}

static void test_what_is_removed_is_gone_from_all_files(void **state)
{
	struct credentials *credentials = open_store();
	struct credential alice = sample("alice", I_ALICE);
	struct credential bob = sample("bob", I_BOB);
	char *json;

	(void)state;
	store(credentials, &alice, NULL);
	store(credentials, &bob, NULL);
	assert_int_equal(credentials_remove(credentials, "alice", NULL, &detail), 0);
	assert_null(credentials_find(credentials, "alice"));
	assert_false(exists("accounts/alice"));
	json = content_of("credentials.json");
	assert_null(strstr(json, "alice\": {"));
	free(json);
	assert_on_disk(&bob);
	/* One that is still known says so, and a second time is no error. */
	for (unsigned n = 0; n < 2; n++)
		assert_int_equal(
			credentials_remove(credentials, "bob", "https://misskey.example", &detail),
			0);
	assert_content("accounts/bob/env",
		       "MISSKEY_STATE=absent\n" SERVER_LINES "MISSKEY_ACCOUNT=bob\n");
	assert_false(exists("accounts/bob/token"));
	assert_int_equal(credentials_remove(credentials, "../x", NULL, &detail), ERR_INVALID);
	credentials_free(credentials);
	credential_done(&alice);
	credential_done(&bob);
}

static void test_a_row_of_the_store_can_be_stored_again(void **state)
{
	struct credentials *credentials = open_store();
	struct credential alice = sample("alice", I_ALICE);
	struct credential changed;

	(void)state;
	store(credentials, &alice, NULL);
	changed = *credentials_find(credentials, "alice");
	changed.state = CREDENTIAL_UNVERIFIED;
	store(credentials, &changed, NULL);
	store(credentials, credentials_find(credentials, "alice"), NULL);
	alice.state = CREDENTIAL_UNVERIFIED;
	assert_same(credentials_find(credentials, "alice"), &alice);
	credentials_free(credentials);
	credential_done(&alice);
}

static void spoil_account(struct credential *c)
{
	strcpy(c->account, "../a");
}

static void spoil_server(struct credential *c)
{
	c->server[4] = 'x';
}

static void spoil_username(struct credential *c)
{
	c->username[0] = '\xff';
}

static void spoil_i(struct credential *c)
{
	assert_int_equal(secret_set_text(&c->i, "short"), 0);
}

static void spoil_permission(struct credential *c)
{
	c->permission[0] = '"';
}

static void spoil_app_name(struct credential *c)
{
	c->app_name[0] = '\n';
}

static void spoil_obtained_at(struct credential *c)
{
	c->obtained_at = INT64_MAX;
}

static void spoil_verified_at(struct credential *c)
{
	c->verified_at = -1;
}

static void spoil_digest(struct credential *c)
{
	c->session_digest[0] = '\0';
}

static void test_what_could_not_be_read_is_not_written(void **state)
{
	static void (*const spoils[])(struct credential *) = {
		spoil_account,	   spoil_server,      spoil_username,
		spoil_i,	   spoil_permission,  spoil_app_name,
		spoil_obtained_at, spoil_verified_at, spoil_digest,
	};
	struct credentials *credentials = open_store();

	(void)state;
	for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
		struct credential c = sample("alice", I_ALICE);

		spoils[i](&c);
		assert_int_equal(credentials_store(credentials, &c, NULL, &detail), ERR_INVALID);
		credential_done(&c);
		assert_int_equal(credentials_count(credentials), 0);
		assert_false(exists("credentials.json"));
	}
	credentials_free(credentials);
}

static void test_too_large_an_entry_is_refused(void **state)
{
	struct credentials *credentials = open_store();
	struct credential c = largest("alice");
	char *text;

	(void)state;
	store(credentials, &c, NULL);
	assert_on_disk(&c);
	text = content_of("credentials.json");
	print_message("the largest entry: %zu bytes of %zu\n", strlen(text),
		      CREDENTIALS_ENTRY_MAX_BYTES);
	free(text);
	free(c.username);
	c.username = calloc(1, 130);
	memset(c.username, 'x', 129);
	assert_int_equal(credentials_store(credentials, &c, NULL, &detail), ERR_INVALID);
	credentials_free(credentials);
	credential_done(&c);
}

static bool nobody_is_known(const char *account, void *context)
{
	(void)account;
	(void)context;
	return false;
}

/* Somebody lost credentials.json: what was made from it may be all that is left. */
static void test_without_the_truth_tokens_stay(void **state)
{
	struct credentials *credentials = open_store();
	struct credential alice = sample("alice", I_ALICE);
	struct credential bob = sample("bob", I_BOB);

	(void)state;
	store(credentials, &alice, NULL);
	credentials_free(credentials);
	assert_int_equal(unlinkat(root_fd, CREDENTIALS_FILE, 0), 0);

	credentials = open_store();
	assert_int_equal(credentials_derive(credentials, "alice", "https://x.example", &detail),
			 ERR_DAMAGED);
	assert_non_null(strstr(detail.text, "accounts/alice/token"));
	assert_int_equal(credentials_prune(credentials, nobody_is_known, NULL, &detail), 0);
	assert_true(exists("accounts/alice/token") && exists("accounts/alice/env"));
	/* The next login makes a new truth. */
	store(credentials, &bob, NULL);
	assert_int_equal(credentials_derive(credentials, "alice", "https://x.example", &detail), 0);
	assert_false(exists("accounts/alice/token"));
	credentials_free(credentials);
	credential_done(&alice);
	credential_done(&bob);
}

static void test_derived_files_are_set_right(void **state)
{
	struct credentials *credentials = open_store();
	struct credential alice = sample("alice", I_ALICE);
	ino_t env, token;

	(void)state;
	store(credentials, &alice, NULL);
	env = inode_of("accounts/alice/env");
	token = inode_of("accounts/alice/token");
	assert_int_equal(credentials_derive(credentials, "alice", "https://x.example", &detail), 0);
	assert_int_equal(inode_of("accounts/alice/env"), env); /* what is right is not written */
	assert_int_equal(inode_of("accounts/alice/token"), token);

	assert_int_equal(fchmodat(root_fd, "accounts/alice/env", 0644, 0), 0);
	put("accounts/alice/token", I_BOB "\n");
	assert_int_equal(credentials_derive(credentials, "alice", "https://x.example", &detail), 0);
	assert_int_equal(mode_of("accounts/alice/env"), 0600);
	assert_on_disk(&alice);

	assert_int_equal(unlinkat(root_fd, "accounts/alice/env", 0), 0);
	assert_int_equal(unlinkat(root_fd, "accounts/alice/token", 0), 0);
	put("elsewhere", "untouched");
	assert_int_equal(symlinkat("../../elsewhere", root_fd, "accounts/alice/token"), 0);
	assert_int_equal(credentials_derive(credentials, "alice", NULL, &detail), 0);
	assert_on_disk(&alice);
	assert_content("elsewhere", "untouched");
	credentials_free(credentials);
	credential_done(&alice);
}

static void test_an_account_without_credential_is_absent(void **state)
{
	struct credentials *credentials = open_store();
	struct credential bob = sample("bob", I_BOB);

	(void)state;
	store(credentials, &bob, NULL);
	assert_int_equal(mkdirat(root_fd, "accounts/alice", 0700), 0);
	put("accounts/alice/token", I_ALICE "\n");
	assert_int_equal(
		credentials_derive(credentials, "alice", "https://misskey.example", &detail), 0);
	assert_content("accounts/alice/env",
		       "MISSKEY_STATE=absent\n" SERVER_LINES "MISSKEY_ACCOUNT=alice\n");
	assert_false(exists("accounts/alice/token"));
	assert_int_equal(credentials_derive(credentials, "../x", "https://x.example", &detail),
			 ERR_INVALID);
	credentials_free(credentials);
	credential_done(&bob);
}

static bool is_alice(const char *account, void *context)
{
	(*(size_t *)context)++;
	return strcmp(account, "alice") == 0;
}

static void test_only_unknown_accounts_are_pruned(void **state)
{
	struct credentials *credentials = open_store();
	struct credential alice = sample("alice", I_ALICE);
	size_t asked = 0;

	(void)state;
	store(credentials, &alice, NULL);
	assert_int_equal(mkdirat(root_fd, "accounts/bob", 0700), 0);
	put("accounts/bob/env", "");
	put("accounts/bob/token", "");
	assert_int_equal(mkdirat(root_fd, "accounts/carol", 0700), 0);
	put("accounts/carol/token", "");
	assert_int_equal(mkdirat(root_fd, "accounts/dave", 0700), 0);
	assert_int_equal(mkdirat(root_fd, "accounts/erin", 0700), 0);
	put("accounts/erin/env", "");
	put("accounts/erin/notes", "a person's");
	assert_int_equal(mkdirat(root_fd, "accounts/not an account", 0700), 0);
	put("accounts/not an account/env", "");
	put("accounts/file", "");
	assert_int_equal(symlinkat("not an account", root_fd, "accounts/link"), 0);
	assert_int_equal(credentials_prune(credentials, is_alice, &asked, &detail), 0);
	assert_int_equal(asked, 5);
	assert_false(exists("accounts/bob"));
	assert_false(exists("accounts/carol"));
	assert_false(exists("accounts/dave"));
	assert_false(exists("accounts/erin/env"));
	assert_true(exists("accounts/erin/notes"));
	assert_true(exists("accounts/not an account/env"));
	assert_true(exists("accounts/file") && exists("accounts/link"));
	assert_on_disk(&alice);
	credentials_free(credentials);
	credential_done(&alice);
}

static void test_orphans_are_removed_at_start(void **state)
{
	static const char *const places[] = {"", "accounts/alice/", "accounts/bob/"};

	(void)state;
	assert_int_equal(mkdirat(root_fd, "accounts", 0700), 0);
	assert_int_equal(mkdirat(root_fd, "accounts/alice", 0700), 0);
	assert_int_equal(mkdirat(root_fd, "accounts/bob", 0755), 0);
	for (size_t i = 0; i < 3; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s.tmp-0123456789abcdef0123456789abcdef", places[i]);
		put(name, I_ALICE);
	}
	put("notes", "stays");
	assert_int_equal(count_temps(), 3);
	credentials_free(open_store());
	assert_int_equal(count_temps(), 0);
	assert_content("notes", "stays");
	/* Beside a file that cannot be read, nothing is touched. */
	put("accounts/bob/.tmp-0123456789abcdef0123456789abcdef", "");
	put("credentials.json", "{");
	struct credentials *credentials = NULL;
	assert_int_equal(credentials_open(root_fd, &credentials, &detail), ERR_DAMAGED);
	assert_int_equal(count_temps(), 1);
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The time of opening and of one store, with COUNT accounts. */
static double time_with(size_t count)
{
	struct name_table set = {0};
	struct buf text = {0};
	struct credentials *credentials;
	struct credential more = sample("a0005000x", I_BOB);
	double begin;

	for (size_t i = 0; i < count; i++) {
		struct credential *c = malloc(sizeof(*c));
		char name[32];

		assert_non_null(c);
		/* In no order of the alphabet. */
		snprintf(name, sizeof(name), "a%07zu", i * 7919 % 1000003);
		*c = sample(name, I_ALICE);
		assert_int_equal(name_table_append(&set, c), 0);
	}
	assert_int_equal(state_file_print(&credentials_file, &set, &text), 0);
	entry_free_rows(&credential_kind, &set);
	put("credentials.json", buf_text(&text));
	buf_done(&text);
	begin = seconds_now();
	credentials = open_store();
	assert_int_equal(credentials_count(credentials), count);
	store(credentials, &more, NULL);
	assert_int_equal(credentials_count(credentials), count + 1);
	credentials_free(credentials);
	credential_done(&more);
	return seconds_now() - begin;
}

static void test_many_accounts_are_not_quadratic(void **state)
{
	double tenth, all;

	(void)state;
	tenth = time_with(MANY / 10);
	all = time_with(MANY);
	print_message("1,000 accounts: %.3f s, 10,000: %.3f s\n", tenth, all);
	/* Quadratic would be 100 times; the rest is for a busy machine. */
	assert_true(all < 40 * tenth + 0.1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_file_is_an_empty_store),
		TEST(test_accounts_are_found_and_sorted),
		TEST(test_files_are_private_and_say_what_is_documented),
		TEST(test_revoked_takes_the_token_away),
		TEST(test_a_suspension_keeps_i_and_gives_it_to_nobody),
		TEST(test_the_directory_stays_while_the_account_is_there),
		TEST(test_room_alone_makes_no_account),
		TEST(test_a_name_changes_its_case_alone),
		TEST(test_what_is_no_directory_of_ours_is_not_used),
		TEST(test_a_mere_time_waits_for_the_next_write),
		TEST(test_a_state_is_of_a_credential),
		TEST(test_what_is_removed_is_gone_from_all_files),
		TEST(test_a_row_of_the_store_can_be_stored_again),
		TEST(test_what_could_not_be_read_is_not_written),
		TEST(test_too_large_an_entry_is_refused),
		TEST(test_without_the_truth_tokens_stay),
		TEST(test_derived_files_are_set_right),
		TEST(test_an_account_without_credential_is_absent),
		TEST(test_only_unknown_accounts_are_pruned),
		TEST(test_orphans_are_removed_at_start),
		TEST(test_many_accounts_are_not_quadratic),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
