/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "credentials_rows.h"
#include "store/credentials_file.h"

/*
 * Room. Whatever is committed first, a reservation must be able to write the accounts as they are
 * then: all that there are (whoever changes them without a reservation asks for more room first),
 * and for each reservation the largest entry that there can be. The turns (daemon/turns.h) bound
 * how many there are.
 */

static unsigned count_open(const struct credentials *credentials)
{
	unsigned count = 0;

	for (const struct credentials_reservation *open = credentials->reservations; open;
	     open = open->next)
		count += open->file != NULL;
	return count;
}

int credentials_room_secure(struct credentials *credentials, size_t size, struct err_detail *detail)
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
		r = credentials_to_json(&credentials->accounts, &text);
		if (r < 0)
			return err_set(detail, r, "Cannot reserve room: %s", err_text(r));
		credentials->text_size = text.size;
	}
	*ret_size = credentials->text_size;
	return 0;
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
	size_t size = 0;
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

	r = fsx_temp_new(credentials->dirfd, CREDENTIALS_FILE, &reservation->file, detail);
	if (r == 0)
		r = make_derived_temp(credentials->env_fd, account, &reservation->env, detail);
	if (r == 0)
		r = make_derived_temp(credentials->tokens_fd, account, &reservation->token, detail);
	if (r == 0)
		r = text_size(credentials, &size, detail);
	if (r == 0)
		r = credentials_room_secure(credentials, size, detail);
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
	fsx_temp_free(reservation->env);
	fsx_temp_free(reservation->token);
	credential_free(reservation->unwritten);
	free(reservation);
}
