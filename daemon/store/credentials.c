/* SPDX-License-Identifier: MIT */
#include "store/credentials.h"

#include <string.h>

#include "common/permission.h"
#include "credentials_rows.h"
#include "state_file.h"
#include "store/credentials_file.h"

static const struct state_file file = {
	.name = CREDENTIALS_FILE,
	.max_bytes = CREDENTIALS_MAX_BYTES,
	.version = CREDENTIALS_VERSION,
	.damaged_advice =
		"It was left as it is, and so were the files made from it; logins are refused "
		"until you restore it from a backup or move it away",
	.version_advice =
		"It was left as it is, and so were the files made from it; logins are refused "
		"until you update misskey-authd, or move it away",
};

static int read_truth(int dirfd, struct name_table *ret_accounts, bool *ret_is_missing,
		      struct err_detail *detail)
{
	_cleanup_(json_freep) struct json *root = NULL;
	struct err_detail where = {0};
	int r = state_file_read(&file, dirfd, &root, detail);

	*ret_is_missing = r == 0 && !root;
	if (r < 0 || !root)
		return r;
	r = credentials_from_json(root, ret_accounts, &where);
	if (r == ERR_DAMAGED)
		return state_file_damaged(&file, dirfd, where.text, detail);
	return r < 0 ? err_set(detail, r, "Cannot read %s: %s", file.name, where.text) : 0;
}

static int open_directories(struct credentials *credentials, struct err_detail *detail)
{
	int r = fsx_open_subdirectory(credentials->dirfd, CREDENTIALS_ENV_DIRECTORY,
				      &credentials->env_fd, detail);

	if (r == 0)
		r = fsx_open_subdirectory(credentials->dirfd, CREDENTIALS_TOKENS_DIRECTORY,
					  &credentials->tokens_fd, detail);
	if (r == 0)
		r = fsx_remove_orphans(credentials->dirfd, detail);
	if (r == 0)
		r = fsx_remove_orphans(credentials->env_fd, detail);
	if (r == 0)
		r = fsx_remove_orphans(credentials->tokens_fd, detail);
	return r;
}

int credentials_open(int dirfd, struct credentials **ret_credentials, struct err_detail *detail)
{
	_cleanup_(credentials_freep) struct credentials *credentials =
		calloc(1, sizeof(*credentials));
	int r;

	if (!credentials)
		return err_set(detail, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	credentials->dirfd = dirfd;
	credentials->env_fd = -1;
	credentials->tokens_fd = -1;
	/* First of all, because nothing may be touched beside a file that cannot be read. */
	r = read_truth(dirfd, &credentials->accounts, &credentials->is_missing, detail);
	if (r == 0)
		r = open_directories(credentials, detail);
	if (r < 0)
		return r;
	*ret_credentials = TAKE_PTR(credentials);
	return 0;
}

void credentials_free(struct credentials *credentials)
{
	if (!credentials)
		return;
	closep(&credentials->env_fd);
	closep(&credentials->tokens_fd);
	credentials_set_free(&credentials->accounts);
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

/* Storing */

/* Appends a credentials.json with nothing but CREDENTIAL in it: a little more than what it
 * adds to the real one. */
static int print_alone(struct credential *credential, struct buf *text)
{
	_cleanup_(name_table_done) struct name_table alone = {0};
	int r = name_table_append(&alone, credential);

	return r < 0 ? r : credentials_to_json(&alone, text);
}

/* A copy of FROM of which it is certain that it can be written, and read again; its text is
 * appended to TEXT. */
static int prepare(const struct credential *from, struct credential **ret_copy, struct buf *text,
		   struct err_detail *detail)
{
	_cleanup_(credential_freep) struct credential *copy = calloc(1, sizeof(*copy));
	char *permission = NULL;
	const char *bad;
	int r = copy ? credential_copy(from, copy) : ERR_NOMEM;

	if (r < 0)
		return err_set(detail, r, "Cannot keep the credential: %s", err_text(r));
	r = permission_parse(from->permission, &permission, detail);
	if (r < 0)
		return r;
	free(copy->permission);
	copy->permission = permission;
	if (!credential_is_kept(copy))
		secret_done(&copy->i);
	bad = credential_bad_member(copy);
	if (bad)
		return err_set(detail, ERR_INVALID,
			       "The credential's \"%s\" cannot be written to %s", bad, file.name);
	r = print_alone(copy, text);
	if (r < 0)
		return err_set(detail, r, "Cannot write the credential: %s", err_text(r));
	if (text->size > CREDENTIALS_ENTRY_MAX_BYTES)
		return err_set(detail, ERR_LIMIT, "The credential needs %zu bytes in %s, of %zu",
			       text->size, file.name, CREDENTIALS_ENTRY_MAX_BYTES);
	*ret_copy = TAKE_PTR(copy);
	return 0;
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
			credential_free(row);
	}
	name_table_done(&old);
	for (struct credentials_reservation *open = credentials->reservations; open;
	     open = open->next) {
		struct credential *row = TAKE_PTR(open->unwritten);

		if (row && name_table_find(&credentials->accounts, row->account) != row)
			credential_free(row);
	}
}

static int cannot_write(int code, struct err_detail *detail)
{
	return err_set(detail, code, "Cannot write %s: %s", file.name, err_text(code));
}

/* Writes MERGED and takes it over. RESERVATION may be NULL. */
static int write_merged(struct credentials *credentials, struct name_table *merged,
			struct credentials_reservation *reservation, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf text = {0};
	struct fsx_temp *none = NULL;
	int r = credentials_to_json(merged, &text);

	if (r == 0 && text.size > CREDENTIALS_MAX_BYTES)
		r = ERR_LIMIT;
	if (r < 0)
		return cannot_write(r, detail);
	/* What a reservation adds has room in all of them; what others add has not yet. */
	if (!reservation || !reservation->file)
		r = credentials_room_secure(credentials, text.size, detail);
	if (r == 0)
		r = credentials_write_file(credentials->dirfd, file.name, &text,
					   reservation ? &reservation->file : &none, detail);
	if (r < 0)
		return r;
	adopt(credentials, merged);
	credentials->text_size = text.size;
	credentials->is_missing = false;
	credentials->is_stale = false;
	return 0;
}

/* Takes FRESH over on success. */
static int write_truth(struct credentials *credentials, struct credential *fresh,
		       struct credentials_reservation *reservation, struct err_detail *detail)
{
	_cleanup_(name_table_done) struct name_table merged = {0};
	int r = merge(credentials, fresh, &merged);

	return r < 0 ? cannot_write(r, detail)
		     : write_merged(credentials, &merged, reservation, detail);
}

int credentials_store(struct credentials *credentials, const struct credential *credential,
		      struct credentials_reservation *reservation, struct err_detail *detail)
{
	_cleanup_(credential_freep) struct credential *fresh = NULL;
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
	/* A second try after a derived file failed: where the disk is full by now, what is
	 * reserved for the derived files still is enough. */
	if (!reservation || !is_stored(credentials, account, &text)) {
		r = write_truth(credentials, fresh, reservation, detail);
		if (r == 0) {
			fresh = NULL; /* is the store's */
		} else if (reservation) {
			credential_free(reservation->unwritten);
			reservation->unwritten = TAKE_PTR(fresh);
		}
	}
	return r < 0 ? r
		     : credentials_derived_write(credentials, account, NULL, reservation, detail);
}

/* Changing and forgetting */

int credentials_set_state(struct credentials *credentials, const char *account,
			  enum credential_state state, int64_t unix_s, bool *ret_changed,
			  struct err_detail *detail)
{
	struct credential *stored = name_table_find(&credentials->accounts, account);
	struct credential changed = {0};
	bool is_another = stored && stored->state != state;
	int r;

	if (!stored)
		return err_set(detail, ERR_NOT_FOUND, "The account has no credential");
	if (!is_another) {
		if (state == CREDENTIAL_VERIFIED) {
			stored->verified_at = unix_s;
			credentials->is_stale = true;
			credentials->text_size = 0;
		}
		*ret_changed = false;
		return 0;
	}
	r = credential_copy(stored, &changed);
	if (r < 0)
		return cannot_write(r, detail);
	changed.state = state;
	if (state == CREDENTIAL_VERIFIED)
		changed.verified_at = unix_s;
	r = credentials_store(credentials, &changed, NULL, detail);
	credential_done(&changed);
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
	return credentials->is_stale ? write_truth(credentials, NULL, NULL, detail) : 0;
}

/* The truth without ACCOUNT. */
static int remove_truth(struct credentials *credentials, const char *account,
			struct err_detail *detail)
{
	_cleanup_(name_table_done) struct name_table merged = {0};
	int r = merge(credentials, NULL, &merged);

	if (r < 0)
		return cannot_write(r, detail);
	if (!name_table_take(&merged, account))
		return 0;
	return write_merged(credentials, &merged, NULL, detail);
}

int credentials_remove(struct credentials *credentials, const char *account, const char *origin,
		       struct err_detail *detail)
{
	int r;

	if (!account_name_valid(account))
		return err_set(detail, ERR_INVALID, "this is not an account's name");
	r = remove_truth(credentials, account, detail);
	if (r < 0)
		return r;
	if (origin)
		return credentials_derived_write(credentials, account, origin, NULL, detail);
	return credentials_derived_remove(credentials, account, detail);
}
