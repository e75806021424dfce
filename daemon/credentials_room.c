/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "daemon/credentials_file.h"
#include "daemon/credentials_internal.h"

/*
 * Room. Whatever is committed first, a reservation must be able to write the accounts as they are
 * then: those without a reservation as they are now (whoever changes them without one asks for more
 * room first), and for each reservation that is awake the largest entry that there can be.
 */

static bool is_awake(const struct credentials_reservation *reservation)
{
	return reservation->file != NULL;
}

/* The rows of ACCOUNTS that no reservation may change as long as nobody wakes. */
static int leave_out_reserved(const struct credentials *credentials,
			      const struct account_set *accounts, struct account_set *rest)
{
	_cleanup_(account_set_done) struct account_set reserved = {0};
	int r = 0;

	for (struct credentials_reservation *open = credentials->reservations; r == 0 && open;
	     open = open->next) {
		if (is_awake(open))
			r = account_set_append(&reserved, open);
	}
	account_set_sort(&reserved); /* two for one account are fine */
	for (size_t i = 0; r == 0 && i < accounts->count; i++) {
		const struct credential *row = accounts->rows[i];

		if (!account_set_find(&reserved, row->account))
			r = account_set_append(rest, accounts->rows[i]);
	}
	return r;
}

static int room_needed(const struct credentials *credentials, const struct account_set *accounts,
		       size_t *ret_size, struct err_detail *detail)
{
	_cleanup_(account_set_done) struct account_set rest = {0};
	_cleanup_(buf_done) struct buf text = {0};
	size_t size;
	int r = leave_out_reserved(credentials, accounts, &rest);

	if (r == 0)
		r = credentials_to_json(&rest, &text);
	if (r < 0)
		return err_set(detail, r, "Cannot reserve room: %s", err_text(r));
	size = text.size;
	for (const struct credentials_reservation *open = credentials->reservations; open;
	     open = open->next)
		size += is_awake(open) ? CREDENTIALS_ENTRY_MAX_BYTES : 0;
	if (size > CREDENTIALS_MAX_BYTES)
		return err_set(
			detail, ERR_LIMIT,
			"%s could become larger than %zu bytes; fewer accounts are needed, or "
			"fewer logins at once",
			CREDENTIALS_FILE, CREDENTIALS_MAX_BYTES);
	*ret_size = size;
	return 0;
}

int credentials_room_secure(struct credentials *credentials, const struct account_set *accounts,
			    struct err_detail *detail)
{
	size_t size = 0;
	int r;

	if (!credentials->reservations)
		return 0;
	r = room_needed(credentials, accounts, &size, detail);
	for (struct credentials_reservation *open = credentials->reservations; r == 0 && open;
	     open = open->next) {
		if (is_awake(open))
			r = fsx_temp_reserve(open->file, size, detail);
	}
	return r;
}

/* A file to become credentials.json, without room yet unless it is a spare. */
static int take_spare(struct credentials *credentials, struct fsx_temp **ret_temp,
		      struct err_detail *detail)
{
	if (credentials->spare_count == 0)
		return fsx_temp_new(credentials->dirfd, CREDENTIALS_FILE, ret_temp, detail);
	*ret_temp = credentials->spares[--credentials->spare_count];
	return 0;
}

void credentials_reservation_rest(struct credentials_reservation *reservation)
{
	struct credentials *credentials = reservation->credentials;

	if (reservation->file && credentials->spare_count < CREDENTIALS_SPARES)
		credentials->spares[credentials->spare_count++] = TAKE_PTR(reservation->file);
	fsx_temp_free(reservation->file);
	reservation->file = NULL;
}

int credentials_reservation_wake(struct credentials_reservation *reservation,
				 struct err_detail *detail)
{
	struct credentials *credentials = reservation->credentials;
	int r;

	if (is_awake(reservation))
		return 0;
	r = take_spare(credentials, &reservation->file, detail);
	if (r == 0)
		r = credentials_room_secure(credentials, &credentials->accounts, detail);
	if (r < 0)
		credentials_reservation_rest(reservation);
	return r;
}

void credentials_room_done(struct credentials *credentials)
{
	while (credentials->spare_count > 0)
		fsx_temp_free(credentials->spares[--credentials->spare_count]);
}

static int make_derived_temp(int dirfd, const char *account, struct fsx_temp **ret_temp,
			     struct err_detail *detail)
{
	int r = fsx_temp_new(dirfd, account, ret_temp, detail);

	return r < 0 ? r : fsx_temp_reserve(*ret_temp, CREDENTIALS_DERIVED_MAX_BYTES, detail);
}

int credentials_reserve(struct credentials *credentials, const char *account,
			struct credentials_reservation **ret_reservation, struct err_detail *detail)
{
	_cleanup_(credentials_reservation_freep) struct credentials_reservation *reservation = NULL;
	int r;

	if (!account_name_valid(account))
		return err_set(detail, ERR_INVALID, "this is not an account's name");
	reservation = calloc(1, sizeof(*reservation));
	if (!reservation)
		return err_set(detail, ERR_NOMEM, "Cannot reserve room: %s", err_text(ERR_NOMEM));
	strcpy(reservation->account, account);
	/* In the list at once, so that it counts; when it is freed it leaves the list. */
	reservation->credentials = credentials;
	reservation->next = credentials->reservations;
	credentials->reservations = reservation;

	r = take_spare(credentials, &reservation->file, detail);
	if (r == 0)
		r = make_derived_temp(credentials->env_fd, account, &reservation->env, detail);
	if (r == 0)
		r = make_derived_temp(credentials->tokens_fd, account, &reservation->token, detail);
	if (r == 0)
		r = credentials_room_secure(credentials, &credentials->accounts, detail);
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
	if (!reservation->credentials->reservations)
		credentials_room_done(reservation->credentials);
	fsx_temp_free(reservation->file);
	fsx_temp_free(reservation->env);
	fsx_temp_free(reservation->token);
	credential_free(reservation->unwritten);
	free(reservation);
}
