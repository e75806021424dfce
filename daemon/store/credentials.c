/* SPDX-License-Identifier: MIT */
#include "store/credentials.h"

#include <string.h>

#include "credentials_file.h"
#include "derived.h"

struct credentials_reservation {
	char account[ACCOUNT_NAME_BYTES];
	struct credentials *credentials;
	struct credentials_reservation *next;
	/* The temporary files; NULL once they have become the files. */
	struct fsx_temp *file;
	struct derived_room derived;
	/* What could not be made durable yet. Every write of credentials.json takes it along: the
	 * failed write may have reached the disk (only the directory's fsync failed), and the next
	 * one must not undo it. */
	struct credential *unwritten;
};

struct credentials {
	int dirfd; /* borrowed */
	struct derived derived;
	struct name_table accounts; /* of struct credential, as they are on disk */
	struct credentials_reservation *reservations; /* those that are open */
	size_t text_size; /* of ACCOUNTS, in bytes; 0: it is not known */
	bool is_stale;	  /* a time of verification in ACCOUNTS is newer than on disk */
	bool is_missing;  /* there was no credentials.json: the derived files may be the last copies
			   */
};

const struct state_file credentials_file = {
	.name = CREDENTIALS_FILE,
	.max_bytes = CREDENTIALS_MAX_BYTES,
	.version = CREDENTIALS_VERSION,
	.damaged_advice =
		"It was left as it is, and so were the files made from it; logins are refused "
		"until you restore it from a backup or move it away",
	.version_advice =
		"It was left as it is, and so were the files made from it; logins are refused "
		"until you update misskey-authd, or move it away",
	.kinds = (const struct entry_kind *const[]){&credential_kind},
	.kind_count = 1,
};

int credentials_open(int dirfd, struct credentials **ret_credentials, struct err_detail *detail)
{
	_cleanup_(credentials_freep) struct credentials *credentials =
		calloc(1, sizeof(*credentials));
	int r;

	if (!credentials)
		return err_set(detail, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	credentials->dirfd = dirfd;
	credentials->derived = (struct derived){-1};
	/* First of all, because nothing may be touched beside a file that cannot be read. */
	r = state_file_read(&credentials_file, dirfd, &credentials->accounts,
			    &credentials->is_missing, detail);
	if (r == 0)
		r = fsx_remove_orphans(dirfd, detail);
	if (r == 0)
		r = derived_open(&credentials->derived, dirfd, detail);
	if (r < 0)
		return r;
	*ret_credentials = TAKE_PTR(credentials);
	return 0;
}

void credentials_free(struct credentials *credentials)
{
	if (!credentials)
		return;
	derived_close(&credentials->derived);
	entry_free_rows(&credential_kind, &credentials->accounts);
	free(credentials);
}

size_t credentials_count(const struct credentials *credentials)
{
	return credentials->accounts.count;
}

const struct credential *credentials_at(const struct credentials *credentials, size_t index)
{
	return credentials->accounts.rows[index];
}

const struct credential *credentials_find(const struct credentials *credentials,
					  const char *account)
{
	return name_table_find(&credentials->accounts, account);
}

/*
 * Room. Reservations are committed in any order, and each writes all accounts as they are then. So
 * each has room for the accounts that there are, and for the largest entry of each reservation. A
 * change without a reservation asks for more room first. login/turns.h limits the reservations.
 */

static unsigned count_open(const struct credentials *credentials)
{
	unsigned count = 0;

	for (const struct credentials_reservation *open = credentials->reservations; open;
	     open = open->next)
		count += open->file != NULL;
	return count;
}

static int secure_room(struct credentials *credentials, size_t size, struct err_detail *detail)
{
	size_t needed = size + count_open(credentials) * CREDENTIALS_ENTRY_MAX_BYTES;
	int r = 0;

	if (credentials->reservations && needed > CREDENTIALS_MAX_BYTES)
		return err_set(
			detail, ERR_LIMIT,
			"%s could become larger than %zu bytes; fewer accounts are needed, or "
			"fewer logins at once",
			CREDENTIALS_FILE, CREDENTIALS_MAX_BYTES);
	for (struct credentials_reservation *open = credentials->reservations; r == 0 && open;
	     open = open->next) {
		if (open->file)
			r = fsx_temp_reserve(open->file, needed, detail);
	}
	return r;
}

/* The bytes that the accounts have as a text, which is made only if they changed in memory alone.
 */
static int text_size(struct credentials *credentials, size_t *ret_size, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf text = {0};
	int r;

	if (credentials->text_size == 0) {
		r = state_file_print(&credentials_file, &credentials->accounts, &text);
		if (r < 0)
			return err_set(detail, r, "Cannot reserve room: %s", err_text(r));
		credentials->text_size = text.size;
	}
	*ret_size = credentials->text_size;
	return 0;
}

int credentials_reserve(struct credentials *credentials, const char *account,
			struct credentials_reservation **ret_reservation, struct err_detail *detail)
{
	_cleanup_(credentials_reservation_freep) struct credentials_reservation *reservation = NULL;
	size_t size = 0;
	int r;

	if (!account_name_valid(account))
		return err_set(detail, ERR_INVALID, "this is not an account's name");
	reservation = calloc(1, sizeof(*reservation));
	if (!reservation)
		return err_set(detail, ERR_NOMEM, "Cannot reserve room: %s", err_text(ERR_NOMEM));
	strcpy(reservation->account, account);
	reservation->derived.dirfd = -1;
	/* In the list at once, so that it counts; when it is freed it leaves the list. */
	reservation->credentials = credentials;
	reservation->next = credentials->reservations;
	credentials->reservations = reservation;

	r = fsx_temp_new(credentials->dirfd, CREDENTIALS_FILE, &reservation->file, detail);
	if (r == 0)
		r = derived_reserve(&credentials->derived, account, &reservation->derived, detail);
	if (r == 0)
		r = text_size(credentials, &size, detail);
	if (r == 0)
		r = secure_room(credentials, size, detail);
	if (r < 0)
		return r;
	*ret_reservation = TAKE_PTR(reservation);
	return 0;
}

void credentials_reservation_free(struct credentials_reservation *reservation)
{
	struct credentials_reservation **link;

	if (!reservation)
		return;
	link = &reservation->credentials->reservations;
	while (*link && *link != reservation)
		link = &(*link)->next;
	if (*link)
		*link = reservation->next;
	fsx_temp_free(reservation->file);
	derived_room_done(&reservation->credentials->derived, reservation->account,
			  &reservation->derived);
	entry_free(&credential_kind, reservation->unwritten);
	free(reservation);
}

/* Storing */

/* Appends a credentials.json with nothing but CREDENTIAL in it: a little more than what it
 * adds to the real one. */
static int print_alone(struct credential *credential, struct buf *text)
{
	void *row = credential;
	const struct name_table alone = {.rows = &row, .count = 1};

	return state_file_print(&credentials_file, &alone, text);
}

/* A copy of FROM that can be written and read again; its text is appended to TEXT. */
static int prepare(const struct credential *from, struct credential **ret_copy, struct buf *text,
		   struct err_detail *detail)
{
	struct credential kept = *from;
	const char *bad;
	void *copy;
	int r;

	if (!credential_is_kept(from))
		kept.i = (struct secret){0};
	r = entry_copy(&credential_kind, &kept, &copy, &bad);
	if (r == ERR_INVALID)
		return err_set(detail, r, "The credential's \"%s\" cannot be written to %s", bad,
			       CREDENTIALS_FILE);
	if (r < 0)
		return err_set(detail, r, "Cannot keep the credential: %s", err_text(r));
	r = print_alone(copy, text);
	if (r < 0)
		r = err_set(detail, r, "Cannot write the credential: %s", err_text(r));
	else if (text->size > CREDENTIALS_ENTRY_MAX_BYTES)
		r = err_set(detail, ERR_LIMIT, "The credential needs %zu bytes in %s, of %zu",
			    text->size, CREDENTIALS_FILE, CREDENTIALS_ENTRY_MAX_BYTES);
	if (r < 0)
		entry_free(&credential_kind, copy);
	else
		*ret_copy = copy;
	return r;
}

/* Whether the account's credential already is the one whose text is TEXT. */
static bool is_stored(const struct credentials *credentials, const char *account,
		      const struct buf *text)
{
	struct credential *stored = name_table_find(&credentials->accounts, account);
	_cleanup_(buf_done) struct buf stored_text = {0};

	return stored && print_alone(stored, &stored_text) == 0 &&
	       strcmp(buf_text(&stored_text), buf_text(text)) == 0;
}

/* What is on disk, what reservations could not write yet, and FRESH if there is one. Owns no row.
 */
static int merge(const struct credentials *credentials, struct credential *fresh,
		 struct name_table *merged)
{
	void *old;
	int r = name_table_clone(&credentials->accounts, merged);

	for (const struct credentials_reservation *open = credentials->reservations; r == 0 && open;
	     open = open->next) {
		if (open->unwritten)
			r = name_table_put(merged, open->unwritten, &old);
	}
	return r < 0 || !fresh ? r : name_table_put(merged, fresh, &old);
}

/* MERGED is on disk: it becomes what the store says, and what it took the place of is freed. */
static void adopt(struct credentials *credentials, struct name_table *merged)
{
	struct name_table old = credentials->accounts;

	credentials->accounts = *merged;
	*merged = (struct name_table){0};
	for (size_t i = 0; i < old.count; i++) {
		struct credential *row = old.rows[i];

		if (name_table_find(&credentials->accounts, row->account) != row)
			entry_free(&credential_kind, row);
	}
	name_table_done(&old);
	for (struct credentials_reservation *open = credentials->reservations; open;
	     open = open->next) {
		struct credential *row = TAKE_PTR(open->unwritten);

		if (row && name_table_find(&credentials->accounts, row->account) != row)
			entry_free(&credential_kind, row);
	}
}

/* Writes what there is, with FRESH, which is the store's on success, and without the account GONE.
 * FRESH, GONE and RESERVATION may be NULL. */
static int write_truth(struct credentials *credentials, struct credential *fresh, const char *gone,
		       struct credentials_reservation *reservation, struct err_detail *detail)
{
	_cleanup_(name_table_done) struct name_table merged = {0};
	_cleanup_(buf_done) struct buf text = {0};
	struct fsx_temp *none = NULL;
	int r = merge(credentials, fresh, &merged);

	if (r == 0 && gone && !name_table_take(&merged, gone))
		return 0;
	if (r == 0)
		r = state_file_print(&credentials_file, &merged, &text);
	if (r < 0)
		return err_set(detail, r, "Cannot write %s: %s", CREDENTIALS_FILE, err_text(r));
	/* What a reservation adds has room in all of them; what others add has not yet. */
	if (!reservation || !reservation->file)
		r = secure_room(credentials, text.size, detail);
	if (r == 0)
		r = derived_commit(credentials->dirfd, CREDENTIALS_FILE, &text,
				   reservation ? &reservation->file : &none, detail);
	if (r < 0)
		return r;
	adopt(credentials, &merged);
	credentials->text_size = text.size;
	credentials->is_missing = false;
	credentials->is_stale = false;
	return 0;
}

/* Makes the derived files of the account say what the store says. */
static int write_derived(const struct credentials *credentials, const char *account,
			 const char *origin, struct derived_room *room, struct err_detail *detail)
{
	return derived_write(&credentials->derived, account, origin,
			     credentials_find(credentials, account), room, detail);
}

int credentials_store(struct credentials *credentials, const struct credential *credential,
		      struct credentials_reservation *reservation, struct err_detail *detail)
{
	struct credential *fresh = NULL;
	_cleanup_(buf_done) struct buf text = {0};
	char account[ACCOUNT_NAME_BYTES];
	int r;

	if (reservation && strcmp(reservation->account, credential->account) != 0)
		return err_set(detail, ERR_INVALID, "the reservation is account %s's",
			       reservation->account);
	r = prepare(credential, &fresh, &text, detail);
	if (r < 0)
		return r;
	/* CREDENTIAL may be the store's own row, which is gone once it is replaced. */
	memcpy(account, fresh->account, sizeof(account));
	/* In a second try, after a derived file failed, credentials.json is not written again: the
	 * disk may be full, and what is reserved is for the derived files. */
	if (!reservation || !is_stored(credentials, account, &text)) {
		r = write_truth(credentials, fresh, NULL, reservation, detail);
		if (r == 0) {
			fresh = NULL; /* is the store's */
		} else if (reservation) {
			entry_free(&credential_kind, reservation->unwritten);
			reservation->unwritten = TAKE_PTR(fresh);
		}
	}
	entry_free(&credential_kind, fresh);
	return r < 0 ? r
		     : write_derived(credentials, account, NULL,
				     reservation ? &reservation->derived : NULL, detail);
}

/* Changing and forgetting */

int credentials_set_state(struct credentials *credentials, const char *account,
			  enum credential_state state, int64_t unix_s, bool *ret_changed,
			  struct err_detail *detail)
{
	struct credential *stored = name_table_find(&credentials->accounts, account);
	struct credential changed;
	int r;

	if (!stored)
		return err_set(detail, ERR_NOT_FOUND, "The account has no credential");
	if (stored->state == state) {
		if (state == CREDENTIAL_VERIFIED) {
			stored->verified_at = unix_s;
			credentials->is_stale = true;
			credentials->text_size = 0;
		}
		*ret_changed = false;
		return 0;
	}
	changed = *stored;
	changed.state = state;
	if (state == CREDENTIAL_VERIFIED)
		changed.verified_at = unix_s;
	r = credentials_store(credentials, &changed, NULL, detail);
	if (r == 0)
		*ret_changed = true;
	return r;
}

bool credentials_is_stale(const struct credentials *credentials)
{
	return credentials->is_stale;
}

int credentials_flush(struct credentials *credentials, struct err_detail *detail)
{
	return credentials->is_stale ? write_truth(credentials, NULL, NULL, NULL, detail) : 0;
}

int credentials_remove(struct credentials *credentials, const char *account, const char *origin,
		       struct err_detail *detail)
{
	int r;

	if (!account_name_valid(account))
		return err_set(detail, ERR_INVALID, "this is not an account's name");
	r = write_truth(credentials, NULL, account, NULL, detail);
	if (r < 0)
		return r;
	return origin ? write_derived(credentials, account, origin, NULL, detail)
		      : derived_remove(&credentials->derived, account, detail);
}

int credentials_rename(struct credentials *credentials, const char *old_name, const char *new_name,
		       struct err_detail *detail)
{
	struct credential renamed = *credentials_find(credentials, old_name);
	_cleanup_(buf_done) struct buf text = {0};
	struct credential *fresh = NULL;
	int r;

	strcpy(renamed.account, new_name);
	r = prepare(&renamed, &fresh, &text, detail);
	if (r < 0)
		return r;
	r = write_truth(credentials, fresh, old_name, NULL, detail);
	if (r < 0) {
		entry_free(&credential_kind, fresh);
		return r;
	}
	/* Where file systems do not tell the case of letters, both names are one directory: it goes
	 * before it is made anew. */
	if (account_name_is_alike(old_name, new_name)) {
		r = derived_remove(&credentials->derived, old_name, detail);
		return r < 0 ? r : write_derived(credentials, new_name, NULL, NULL, detail);
	}
	r = write_derived(credentials, new_name, NULL, NULL, detail);
	return r < 0 ? r : derived_remove(&credentials->derived, old_name, detail);
}

/* What is derived */

/* While credentials.json is missing, a token may be the last copy. */
static bool is_last_copy(const struct credentials *credentials, const char *account)
{
	return credentials->is_missing && derived_has_token(&credentials->derived, account);
}

int credentials_derive(struct credentials *credentials, const char *account, const char *origin,
		       struct err_detail *detail)
{
	if (!account_name_valid(account))
		return err_set(detail, ERR_INVALID, "this is not an account's name");
	if (is_last_copy(credentials, account))
		return err_set(detail, ERR_DAMAGED,
			       "%s is missing, but %s/%s/%s is there; it was left as it is, until "
			       "you restore %s from a backup or log in again",
			       CREDENTIALS_FILE, ACCOUNTS_DIRECTORY, account, ACCOUNT_TOKEN_FILE,
			       CREDENTIALS_FILE);
	return write_derived(credentials, account, origin, NULL, detail);
}

int credentials_underive(struct credentials *credentials, const char *account,
			 struct err_detail *detail)
{
	return is_last_copy(credentials, account)
		       ? 0
		       : derived_remove(&credentials->derived, account, detail);
}

int credentials_prune(struct credentials *credentials,
		      bool (*is_known)(const char *account, void *context), void *context,
		      struct err_detail *detail)
{
	return credentials->is_missing
		       ? 0
		       : derived_prune(&credentials->derived, is_known, context, detail);
}
