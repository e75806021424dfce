/* SPDX-License-Identifier: MIT */
#ifndef COMMON_NAME_TABLE_H
#define COMMON_NAME_TABLE_H

/*
 * Rows sorted by the account's name, which is what every row begins with: a row is a pointer to a
 * struct whose first member is `char NAME[ACCOUNT_NAME_BYTES]`. A set holds pointers and owns none
 * of the rows. Declare it as `_cleanup_(name_table_done) struct name_table set = {0};`.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct name_table {
	void **rows;
	size_t count;
	size_t capacity;
};

/* NULL if there is none. */
void *name_table_find(const struct name_table *set, const char *account);

/* Adds ROW; *ret_old is the row that it takes the place of, or NULL. ERR_NOMEM. */
int name_table_put(struct name_table *set, void *row, void **ret_old) _must_check_;

/* Takes the row out and returns it, or NULL. */
void *name_table_take(struct name_table *set, const char *account);

/* For many rows in any order: appends without looking, and sorts later. ERR_NOMEM. */
int name_table_append(struct name_table *set, void *row) _must_check_;

/* Returns an account that has two rows, or NULL. */
const char *name_table_sort(struct name_table *set);

/* The same rows in a second set. ERR_NOMEM. */
int name_table_clone(const struct name_table *set, struct name_table *ret_clone) _must_check_;

/* Frees the set, not its rows. */
void name_table_done(struct name_table *set);

#endif
