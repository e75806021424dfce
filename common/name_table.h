/* SPDX-License-Identifier: MIT */
#ifndef COMMON_NAME_TABLE_H
#define COMMON_NAME_TABLE_H

/*
 * Rows sorted by the account's name, which is what every row begins with: a row is a pointer to a
 * struct whose first member is `char NAME[ACCOUNT_NAME_BYTES]`. A set holds pointers and owns none
 * of the rows. Declare it as `_cleanup_(account_set_done) struct account_set set = {0};`.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct account_set {
	void **rows;
	size_t count;
	size_t capacity;
};

/* NULL if there is none. */
void *account_set_find(const struct account_set *set, const char *account);

/* Adds ROW; *ret_old is the row that it takes the place of, or NULL. ERR_NOMEM. */
int account_set_put(struct account_set *set, void *row, void **ret_old) _must_check_;

/* Takes the row out and returns it, or NULL. */
void *account_set_take(struct account_set *set, const char *account);

/* For many rows in any order: appends without looking, and sorts later. ERR_NOMEM. */
int account_set_append(struct account_set *set, void *row) _must_check_;

/* Returns an account that has two rows, or NULL. */
const char *account_set_sort(struct account_set *set);

/* The same rows in a second set. ERR_NOMEM. */
int account_set_clone(const struct account_set *set, struct account_set *ret_clone) _must_check_;

/* Frees the set, not its rows. */
void account_set_done(struct account_set *set);

#endif
