/* SPDX-License-Identifier: MIT */
#include "common/name_table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The index of the first row that is not before NAME. */
static size_t lower_bound(const struct name_table *table, const char *name)
{
	size_t begin = 0;
	size_t end = table->count;

	/* Rows mostly come in order, because files are written sorted. */
	if (end > 0 && strcmp(table->rows[end - 1], name) < 0)
		return end;
	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;

		if (strcmp(table->rows[middle], name) < 0)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}

static bool is_at(const struct name_table *table, size_t index, const char *name)
{
	return index < table->count && strcmp(table->rows[index], name) == 0;
}

void *name_table_find(const struct name_table *table, const char *name)
{
	size_t index = lower_bound(table, name);

	return is_at(table, index, name) ? table->rows[index] : NULL;
}

int name_table_reserve(struct name_table *table, size_t more)
{
	size_t capacity = table->capacity ? table->capacity : 16;
	void **rows;

	if (more <= table->capacity - table->count)
		return 0;
	while (capacity < table->count + more)
		capacity *= 2;
	rows = reallocarray(table->rows, capacity, sizeof(*rows));
	if (!rows)
		return ERR_NOMEM;
	table->rows = rows;
	table->capacity = capacity;
	return 0;
}

int name_table_append(struct name_table *table, void *row)
{
	int r = name_table_reserve(table, 1);

	if (r == 0)
		table->rows[table->count++] = row;
	return r;
}

int name_table_put(struct name_table *table, void *row, void **ret_old)
{
	size_t index = lower_bound(table, row);
	int r;

	if (is_at(table, index, row)) {
		*ret_old = table->rows[index];
		table->rows[index] = row;
		return 0;
	}
	r = name_table_append(table, row);
	if (r < 0)
		return r;
	memmove(table->rows + index + 1, table->rows + index,
		(table->count - 1 - index) * sizeof(*table->rows));
	table->rows[index] = row;
	*ret_old = NULL;
	return 0;
}

void *name_table_take(struct name_table *table, const char *name)
{
	size_t index = lower_bound(table, name);
	void *row;

	if (!is_at(table, index, name))
		return NULL;
	row = table->rows[index];
	table->count--;
	memmove(table->rows + index, table->rows + index + 1,
		(table->count - index) * sizeof(*table->rows));
	return row;
}

static int compare_rows(const void *a, const void *b)
{
	const char *x = *(const char *const *)a;
	const char *y = *(const char *const *)b;
	int order = strcmp(x, y);

	return order != 0 ? order : (x > y) - (x < y);
}

const char *name_table_sort(struct name_table *table)
{
	if (table->count > 1)
		qsort(table->rows, table->count, sizeof(*table->rows), compare_rows);
	for (size_t i = 1; i < table->count; i++) {
		if (strcmp(table->rows[i - 1], table->rows[i]) == 0)
			return table->rows[i];
	}
	return NULL;
}

static int compare_alike(const void *a, const void *b)
{
	int order = strcasecmp(*(const char *const *)a, *(const char *const *)b);

	return order != 0 ? order : compare_rows(a, b);
}

void name_table_sort_alike(struct name_table *table)
{
	if (table->count > 1)
		qsort(table->rows, table->count, sizeof(*table->rows), compare_alike);
}

int name_table_clone(const struct name_table *table, struct name_table *ret_clone)
{
	struct name_table clone = {.count = table->count, .capacity = table->count};

	if (table->count > 0) {
		clone.rows = reallocarray(NULL, table->count, sizeof(*clone.rows));
		if (!clone.rows)
			return ERR_NOMEM;
		memcpy(clone.rows, table->rows, table->count * sizeof(*clone.rows));
	}
	*ret_clone = clone;
	return 0;
}

void name_table_done(struct name_table *table)
{
	free(table->rows);
	*table = (struct name_table){0};
}
