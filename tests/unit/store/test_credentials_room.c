/* SPDX-License-Identifier: MIT */

/* Proves: a reservation holds its promise on a full disk, whatever other reservations and other
 * writes come first, in every order; one that cannot be made leaves nothing behind; whichever
 * fsync, rename or allocation fails, a second try with the same arguments makes everything right,
 * and in between nothing that was on disk is undone. Linked with alloc_fault.h's --wrap options and
 * -Wl,--wrap=fsync,--wrap=renameat,--wrap=strdup. */

#include "support/alloc_fault.h"
#include "support/sample_credential.h"

static unsigned call_fail_at; /* the n-th fsync or renameat from now on; 0: none */

static bool call_fails(void)
{
	errno = EIO;
	return call_fail_at > 0 && --call_fail_at == 0;
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	return call_fails() ? -1 : __real_fsync(fd);
}

int __real_renameat(int from, const char *name, int to, const char *new_name);
int __wrap_renameat(int from, const char *name, int to, const char *new_name);
int __wrap_renameat(int from, const char *name, int to, const char *new_name)
{
	return call_fails() ? -1 : __real_renameat(from, name, to, new_name);
}

char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
	char *copy = __wrap_malloc(strlen(text) + 1);

	return copy ? strcpy(copy, text) : NULL;
}

static struct credentials_reservation *reserve(struct credentials *credentials, const char *account)
{
	struct credentials_reservation *reservation = NULL;
	int r = credentials_reserve(credentials, account, &reservation, &detail);

	if (r < 0)
		print_error("%s\n", detail.text);
	assert_int_equal(r, 0);
	return reservation;
}

static void test_a_reservation_is_used_or_given_back(void **state)
{
	struct credentials *credentials = open_store();
	struct credential alice = sample("alice", I_ALICE);
	struct credentials_reservation *reservation = reserve(credentials, "alice");

	(void)state;
	assert_int_equal(count_temps(), 3);
	credentials_reservation_free(reservation);
	assert_int_equal(count_temps(), 0);
	assert_false(exists("credentials.json"));

	reservation = reserve(credentials, "alice");
	store(credentials, &alice, reservation);
	assert_int_equal(count_temps(), 0);
	assert_on_disk(&alice);
	/* First stored as unverified, then as verified, is the usual course of a login. */
	alice.state = CREDENTIAL_UNVERIFIED;
	store(credentials, &alice, reservation);
	credentials_reservation_free(reservation);
	assert_on_disk(&alice);
	credentials_free(credentials);
	credential_done(&alice);
}

static void test_a_reservation_is_one_accounts(void **state)
{
	struct credentials *credentials = open_store();
	struct credential bob = sample("bob", I_BOB);
	struct credentials_reservation *reservation = reserve(credentials, "alice");
	struct credentials_reservation *none = NULL;

	(void)state;
	assert_int_equal(credentials_store(credentials, &bob, reservation, &detail), ERR_INVALID);
	assert_int_equal(credentials_reserve(credentials, "../x", &none, &detail), ERR_INVALID);
	assert_null(none);
	credentials_reservation_free(reservation);
	credentials_free(credentials);
	credential_done(&bob);
}

static void commit_in_order(const unsigned order[3], bool same_account)
{
	static const char *const names[] = {"a", "b", "c"};
	struct credentials *credentials = open_store();
	struct credentials_reservation *reservations[3];
	struct credential stored[3];
	struct credential first = sample("first", I_BOB);

	store(credentials, &first, NULL);
	for (unsigned i = 0; i < 3; i++) {
		stored[i] = largest(names[same_account ? 0 : i]);
		reservations[i] = reserve(credentials, stored[i].account);
	}
	fill_disk();
	for (unsigned i = 0; i < 3; i++) {
		store(credentials, &stored[order[i]], reservations[order[i]]);
		assert_on_disk(&stored[order[i]]);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_on_disk(&stored[same_account ? order[2] : i]);
	for (unsigned i = 0; i < 3; i++) {
		credentials_reservation_free(reservations[i]);
		credential_done(&stored[i]);
	}
	assert_on_disk(&first);
	credential_done(&first);
	credentials_free(credentials);
}

static void test_full_disk_every_order_of_commits(void **state)
{
	static const unsigned orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
					     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		small_disk_or_skip("size=512k");
		commit_in_order(orders[i % 6], i >= 6);
		close(root_fd);
		assert_int_equal(umount2(root, MNT_DETACH), 0);
		root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
}

static void test_full_disk_a_reservation_fails_cleanly(void **state)
{
	struct credentials *credentials;
	struct credential alice;
	size_t needed = 0;

	(void)state;
	small_disk_or_skip("size=128k");
	alice = sample("alice", I_ALICE);
	credentials = open_store();
	store(credentials, &alice, NULL);
	fill_disk();
	for (int r = ERR_NOSPACE; r < 0; needed++) {
		struct credentials_reservation *reservation = NULL;

		r = credentials_reserve(credentials, "bob", &reservation, &detail);
		if (r < 0) {
			assert_int_equal(r, ERR_NOSPACE);
			assert_detail(root);
			assert_null(reservation);
		}
		credentials_reservation_free(reservation);
		assert_int_equal(count_temps(), 0);
		if (r < 0)
			free_pages(1);
	}
	/* 17 KiB for credentials.json, three pages for env, one for the token: it was tried with
	 * each too few. */
	assert_in_range(needed, 8, 11);
	assert_on_disk(&alice);
	credentials_free(credentials);
	credential_done(&alice);
}

static void test_full_disk_a_second_reservation_tops_up_the_first(void **state)
{
	struct credentials_reservation *first, *second = NULL;
	struct credential alice;
	struct credentials *credentials;
	int r = ERR_NOSPACE;

	(void)state;
	small_disk_or_skip("size=256k");
	alice = largest("alice");
	credentials = open_store();
	first = reserve(credentials, "alice");
	fill_disk();
	/* With just enough for the second alone, the first would be too small: refused. */
	for (unsigned pages = 0; r < 0; pages++) {
		r = credentials_reserve(credentials, "bob", &second, &detail);
		if (r == 0)
			assert_in_range(pages, 9 + 4 + 4, 9 + 5 + 5);
		else
			assert_int_equal(count_temps(), 3);
		if (r < 0)
			free_pages(1);
	}
	fill_disk();
	store(credentials, &alice, first);
	assert_on_disk(&alice);
	credentials_reservation_free(first);
	credentials_reservation_free(second);
	credentials_free(credentials);
	credential_done(&alice);
}

static void test_full_disk_what_others_store_is_made_room_for(void **state)
{
	struct credentials_reservation *reservation;
	struct credential alice;
	struct credentials *credentials;

	(void)state;
	small_disk_or_skip("size=512k");
	alice = largest("alice");
	credentials = open_store();
	reservation = reserve(credentials, "alice");
	for (char name[] = "b"; name[0] <= 'g'; name[0]++) {
		struct credential other = largest(name);

		store(credentials, &other, NULL);
		credential_done(&other);
	}
	fill_disk();
	store(credentials, &alice, reservation);
	assert_on_disk(&alice);
	credentials_reservation_free(reservation);
	credentials_free(credentials);
	credential_done(&alice);
}

static void test_full_disk_refuses_what_would_take_a_reservations_room(void **state)
{
	struct credentials_reservation *reservation, *more;
	struct credential alice;
	struct credential bob;
	struct credentials *credentials;

	(void)state;
	small_disk_or_skip("size=256k");
	alice = largest("alice");
	bob = largest("bob");
	credentials = open_store();
	reservation = reserve(credentials, "alice");
	more = reserve(credentials, "carol");
	fill_disk();
	free_pages(3 + 2); /* enough for bob's entry, but both reservations need more */
	assert_int_equal(credentials_store(credentials, &bob, NULL, &detail), ERR_NOSPACE);
	assert_null(credentials_find(credentials, "bob"));
	fill_disk();
	store(credentials, &alice, reservation);
	assert_on_disk(&alice);
	credentials_reservation_free(reservation);
	credentials_reservation_free(more);
	credentials_free(credentials);
	credential_done(&alice);
	credential_done(&bob);
}

/* A hundred polls one after the other take the room of one. */
static void test_what_is_given_back_is_room_for_the_next(void **state)
{
	struct credentials *credentials;
	struct credential alice;

	(void)state;
	small_disk_or_skip("size=128k");
	alice = largest("alice");
	credentials = open_store();
	for (unsigned i = 0; i < 100; i++)
		credentials_reservation_free(reserve(credentials, "bob"));
	assert_int_equal(count_temps(), 0);
	store(credentials, &alice, NULL);
	assert_on_disk(&alice);
	credentials_free(credentials);
	credential_done(&alice);
}

#define VERIFIED 700

static const char *numbered(unsigned n)
{
	static char name[8];

	snprintf(name, sizeof(name), "b%u", n);
	return name;
}

static void write_never_verified(void)
{
	_cleanup_(buf_done) struct buf text = {0};
	struct name_table accounts = {0};

	for (unsigned n = 0; n < VERIFIED; n++) {
		struct credential *row = calloc(1, sizeof(*row));

		assert_non_null(row);
		*row = sample(numbered(n), I_BOB);
		row->verified_at = 0;
		assert_int_equal(name_table_append(&accounts, row), 0);
	}
	assert_int_equal(state_file_print(&credentials_file, &accounts, &text), 0);
	assert_int_equal(
		fsx_write(root_fd, "credentials.json", buf_text(&text), text.size, &detail), 0);
	entry_free_rows(&credential_kind, &accounts);
}

/* A time that is kept in memory makes credentials.json larger than it was: "null" before. */
static void test_full_disk_what_is_new_in_memory_has_room(void **state)
{
	struct credentials_reservation *reservation;
	struct credential alice;
	struct credentials *credentials;
	bool changed;

	(void)state;
	small_disk_or_skip("size=2m");
	alice = largest("alice");
	write_never_verified();
	credentials = open_store();
	for (unsigned n = 0; n < VERIFIED; n++)
		assert_int_equal(credentials_set_state(credentials, numbered(n),
						       CREDENTIAL_VERIFIED, 1, &changed, &detail),
				 0);
	reservation = reserve(credentials, "alice");
	fill_disk();
	store(credentials, &alice, reservation);
	assert_on_disk(&alice);
	credentials_reservation_free(reservation);
	credentials_free(credentials);
	credential_done(&alice);
}

static void test_full_disk_a_derived_file_is_tried_again(void **state)
{
	struct credentials_reservation *reservation;
	struct credential alice;
	struct credentials *credentials;

	(void)state;
	small_disk_or_skip("size=128k");
	alice = largest("alice");
	credentials = open_store();
	reservation = reserve(credentials, "alice");
	fill_disk();
	/* fsync, rename, fsync of credentials.json; then the fsync of env. */
	call_fail_at = 4;
	assert_int_equal(credentials_store(credentials, &alice, reservation, &detail), ERR_IO);
	assert_same(credentials_find(credentials, "alice"), &alice);
	assert_false(exists("accounts/alice/env"));
	store(credentials, &alice, reservation);
	assert_on_disk(&alice);
	credentials_reservation_free(reservation);
	credentials_free(credentials);
	credential_done(&alice);
}

/* Old is on disk; new is tried with the n-th call failing, another account is stored, new is tried
 * again. */
static bool store_with_failing_call(unsigned nth, bool reserved, enum credential_state to)
{
	struct credentials *credentials = open_store();
	struct credentials_reservation *reservation = NULL;
	struct credential old = sample("alice", I_BOB);
	struct credential new = sample("alice", I_ALICE);
	struct credential other = sample("bob", I_BOB);
	struct name_table again;
	int r;

	store(credentials, &old, NULL);
	new.state = to;
	if (to == CREDENTIAL_REVOKED)
		secret_done(&new.i);
	if (reserved)
		reservation = reserve(credentials, "alice");
	call_fail_at = nth;
	r = credentials_store(credentials, &new, reservation, &detail);
	call_fail_at = 0;
	if (r < 0) {
		assert_int_equal(r, ERR_IO);
		assert_detail(root);
		/* Until credentials.json is durable, the old one is all that is seen. */
		assert_same(credentials_find(credentials, "alice"), nth <= 3 ? &old : &new);
	}
	store(credentials, &other, NULL);
	again = read_accounts_on_disk();
	if (reserved)
		assert_same(name_table_find(&again, "alice"), &new);
	entry_free_rows(&credential_kind, &again);
	store(credentials, &new, reservation);
	assert_same(credentials_find(credentials, "alice"), &new);
	assert_on_disk(&new);
	assert_on_disk(&other);
	credentials_reservation_free(reservation);
	assert_int_equal(count_temps(), 0);
	credentials_free(credentials);
	credential_done(&old);
	credential_done(&new);
	credential_done(&other);
	assert_int_equal(unlinkat(root_fd, "credentials.json", 0), 0);
	return r < 0;
}

static void test_whichever_call_fails_a_second_try_succeeds(void **state)
{
	static const enum credential_state states[] = {CREDENTIAL_VERIFIED, CREDENTIAL_REVOKED};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		unsigned nth = 1;

		while (store_with_failing_call(nth, i % 2 == 0, states[i / 2]))
			nth++;
		/* Three for credentials.json, two for each file, one for the account's directory.
		 */
		assert_int_equal(nth, i < 2 ? 9 : 7);
	}
}

static void test_whichever_allocation_fails_nothing_is_lost(void **state)
{
	struct credential old = sample("alice", I_BOB);
	struct credential new = sample("alice", I_ALICE);
	int r = ERR_NOMEM;

	(void)state;
	for (unsigned long nth = 1; r < 0; nth++) {
		struct credentials_reservation *reservation = NULL;
		struct credentials *credentials = open_store();

		store(credentials, &old, NULL);
		credentials_free(credentials);
		credentials = NULL;
		alloc_fail_at = nth;
		r = credentials_open(root_fd, &credentials, &detail);
		if (r == 0)
			r = credentials_reserve(credentials, "alice", &reservation, &detail);
		if (r == 0)
			r = credentials_store(credentials, &new, reservation, &detail);
		alloc_fail_at = 0;
		/* Without memory a directory cannot be listed, which libc reports its own way. */
		assert_true(r == 0 || r == ERR_NOMEM);
		if (credentials && !reservation)
			reservation = reserve(credentials, "alice");
		if (credentials) {
			store(credentials, &new, reservation);
			assert_same(credentials_find(credentials, "alice"), &new);
			assert_on_disk(&new);
		} else {
			assert_on_disk(&old);
		}
		credentials_reservation_free(reservation);
		credentials_free(credentials);
		assert_int_equal(count_temps(), 0);
	}
	credential_done(&old);
	credential_done(&new);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_reservation_is_used_or_given_back),
		TEST(test_a_reservation_is_one_accounts),
		TEST(test_full_disk_every_order_of_commits),
		TEST(test_full_disk_a_reservation_fails_cleanly),
		TEST(test_full_disk_a_second_reservation_tops_up_the_first),
		TEST(test_full_disk_what_others_store_is_made_room_for),
		TEST(test_full_disk_refuses_what_would_take_a_reservations_room),
		TEST(test_what_is_given_back_is_room_for_the_next),
		TEST(test_full_disk_what_is_new_in_memory_has_room),
		TEST(test_full_disk_a_derived_file_is_tried_again),
		TEST(test_whichever_call_fails_a_second_try_succeeds),
		TEST(test_whichever_allocation_fails_nothing_is_lost),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
