/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A table of rows, sorted by name. A row is a pointer to something that begins with its name: a
 * string, or a struct whose first member is a `char name[…]`. The table does not own the rows.
 * Declare it as `_cleanup_(name_table_done) struct name_table table = {0};`.
 */

#include <stddef.h>

#include "common/err.h"

struct name_table {
	void **rows;
	size_t count;
	size_t capacity;
};

/* NULL if there is none. */
void *name_table_find(const struct name_table *table, const char *name);

/* Adds ROW; *ret_old is the row that it takes the place of, or NULL. ERR_NOMEM. */
int name_table_put(struct name_table *table, void *row, void **ret_old) _must_check_;

/* Takes the row out and returns it, or NULL. */
void *name_table_take(struct name_table *table, const char *name);

/* Makes room: the next MORE rows are added without ERR_NOMEM. */
int name_table_reserve(struct name_table *table, size_t more) _must_check_;

/* For many rows in any order: appends without sorting; call name_table_sort() at the end.
 * ERR_NOMEM.
 */
int name_table_append(struct name_table *table, void *row) _must_check_;

/* Returns a name that two rows have, or NULL. Rows of one name are in the order of their addresses:
 * those of an array, in the order of the array. */
const char *name_table_sort(struct name_table *table);

/* Sorts without regard to the case of letters, then as name_table_sort(): names that differ in it
 * alone are side by side. Nothing is found in the table until it is sorted the other way. */
void name_table_sort_alike(struct name_table *table);

/* The same rows in a second table. ERR_NOMEM. */
int name_table_clone(const struct name_table *table, struct name_table *ret_clone) _must_check_;

/* Frees the table, not its rows. */
void name_table_done(struct name_table *table);
