/* SPDX-License-Identifier: MIT */
#include "common/name_table.h"

#include <stdlib.h>
#include <string.h>

/* The first index whose account is not before ACCOUNT. */
static size_t lower_bound(const struct name_table *set, const char *account)
{
	size_t begin = 0;
	size_t end = set->count;

	/* Rows mostly come in order: from a file that was written sorted. */
	if (end > 0 && strcmp(set->rows[end - 1], account) < 0)
		return end;
	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;

		if (strcmp(set->rows[middle], account) < 0)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}

static bool is_at(const struct name_table *set, size_t index, const char *account)
{
	return index < set->count && strcmp(set->rows[index], account) == 0;
}

void *name_table_find(const struct name_table *set, const char *account)
{
	size_t index = lower_bound(set, account);

	return is_at(set, index, account) ? set->rows[index] : NULL;
}

int name_table_append(struct name_table *set, void *row)
{
	if (set->count == set->capacity) {
		size_t capacity = set->capacity ? set->capacity * 2 : 16;
		void **rows = reallocarray(set->rows, capacity, sizeof(*rows));

		if (!rows)
			return ERR_NOMEM;
		set->rows = rows;
		set->capacity = capacity;
	}
	set->rows[set->count++] = row;
	return 0;
}

int name_table_put(struct name_table *set, void *row, void **ret_old)
{
	size_t index = lower_bound(set, row);
	int r;

	if (is_at(set, index, row)) {
		*ret_old = set->rows[index];
		set->rows[index] = row;
		return 0;
	}
	r = name_table_append(set, row);
	if (r < 0)
		return r;
	memmove(set->rows + index + 1, set->rows + index,
		(set->count - 1 - index) * sizeof(*set->rows));
	set->rows[index] = row;
	*ret_old = NULL;
	return 0;
}

void *name_table_take(struct name_table *set, const char *account)
{
	size_t index = lower_bound(set, account);
	void *row;

	if (!is_at(set, index, account))
		return NULL;
	row = set->rows[index];
	set->count--;
	memmove(set->rows + index, set->rows + index + 1,
		(set->count - index) * sizeof(*set->rows));
	return row;
}

static int compare_rows(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *name_table_sort(struct name_table *set)
{
	if (set->count > 1)
		qsort(set->rows, set->count, sizeof(*set->rows), compare_rows);
	for (size_t i = 1; i < set->count; i++) {
		if (strcmp(set->rows[i - 1], set->rows[i]) == 0)
			return set->rows[i];
	}
	return NULL;
}

int name_table_clone(const struct name_table *set, struct name_table *ret_clone)
{
	struct name_table clone = {.count = set->count, .capacity = set->count};

	if (set->count > 0) {
		clone.rows = reallocarray(NULL, set->count, sizeof(*clone.rows));
		if (!clone.rows)
			return ERR_NOMEM;
		memcpy(clone.rows, set->rows, set->count * sizeof(*clone.rows));
	}
	*ret_clone = clone;
	return 0;
}

void name_table_done(struct name_table *set)
{
	free(set->rows);
	*set = (struct name_table){0};
}
