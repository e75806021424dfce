/* SPDX-License-Identifier: MIT */
#include "told.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/fsx.h"
#include "common/log.h"

#define VERSION 1

static const struct member {
	const char *key;
	size_t at;
	size_t bytes;
} members[] = {
	{"server", offsetof(struct told_row, server), URL_ORIGIN_BYTES},
	{"consent", offsetof(struct told_row, told[CONFIG_ON_CONSENT_NEEDED]), TOLD_BYTES},
	{"credential", offsetof(struct told_row, told[CONFIG_ON_CREDENTIAL_CHANGED]), TOLD_BYTES},
	{"error", offsetof(struct told_row, told[CONFIG_ON_ERROR]), TOLD_BYTES},
	{"shown", offsetof(struct told_row, shown), TOLD_BYTES},
};
#define MEMBER_COUNT (sizeof(members) / sizeof(members[0]))

/* ---- Rows ---- */

struct told_row *told_of(struct told *told, const char *name)
{
	struct told_row *row = name_table_find(&told->rows, name);
	void *old;

	if (row)
		return row;
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	(void)snprintf(row->name, sizeof(row->name), "%s", name);
	if (name_table_put(&told->rows, row, &old)) {
		free(row);
		return NULL;
	}
	return row;
}

static void row_free(struct told_row *row)
{
	hook_event_done(&row->error);
	free(row);
}

void told_forget(struct told *told, const char *name)
{
	row_free(name_table_take(&told->rows, name));
}

static void forget_all(struct told *told)
{
	for (size_t n = 0; n < told->rows.count; n++)
		row_free(told->rows.rows[n]);
	name_table_done(&told->rows);
}

/* ---- Reading ---- */

static bool is_name(const char *name)
{
	return name[0] == TOLD_PROBLEM ? news_code_valid(name + 1) : account_name_valid(name);
}

/* The daemon can write the file too: what is handed on of it is checked as its words are. */
static int take_row(struct told *told, const struct json *entry)
{
	struct told_row *row;

	if (!is_name(json_key(entry)))
		return ERR_DAMAGED;
	row = told_of(told, json_key(entry));
	if (!row)
		return ERR_NOMEM;
	for (size_t n = 0; n < MEMBER_COUNT; n++) {
		const char *text = json_get_string(entry, members[n].key);

		if (text ? strlen(text) >= members[n].bytes
			 : json_get(entry, members[n].key) != NULL)
			return ERR_DAMAGED;
		if (text)
			strcpy((char *)row + members[n].at, text);
	}
	return row->server[0] && !news_server_valid(row->server) ? ERR_DAMAGED : 0;
}

static int take_file(struct told *told, const struct buf *text)
{
	_cleanup_(json_freep) struct json *file = NULL;
	const struct json *entries;
	int64_t version;
	int r = json_parse(buf_text(text), text->size, BUF_MAX_BYTES, &file, NULL);

	if (r)
		return r == ERR_NOMEM ? r : ERR_DAMAGED;
	entries = json_get(file, "told");
	if (!json_get_integer(file, "version", &version) || version != VERSION ||
	    !json_is_object(entries))
		return ERR_DAMAGED;
	for (const struct json *one = json_first(entries); one && !r; one = json_next(one))
		r = take_row(told, one);
	return r;
}

static int read_file(struct told *told, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf text = {0};
	char aside[256];
	int r = fsx_read(told->dirfd, TOLD_FILE, BUF_MAX_BYTES, true, &text, detail);

	if (r)
		return r == ERR_NOT_FOUND ? 0 : r;
	r = take_file(told, &text);
	if (r != ERR_DAMAGED)
		return r ? err_set(detail, r, "no memory for %s", TOLD_FILE) : 0;
	forget_all(told);
	r = fsx_set_aside(told->dirfd, TOLD_FILE, time(NULL), aside, detail);
	if (!r)
		log_warning("%s was damaged and is kept as %s; the hooks are told everything again",
			    TOLD_FILE, aside);
	return r;
}

int told_open(int dirfd, struct told **ret_told, struct err_detail *detail)
{
	_cleanup_(told_freep) struct told *told = calloc(1, sizeof(*told));
	int r;

	if (!told)
		return err_set(detail, ERR_NOMEM, "no memory for %s", TOLD_FILE);
	told->dirfd = dirfd;
	r = read_file(told, detail);
	if (!r)
		*ret_told = TAKE_PTR(told);
	return r;
}

void told_free(struct told *told)
{
	if (!told)
		return;
	forget_all(told);
	free(told);
}

/* ---- Writing ---- */

/* Where nothing was told there is nothing to keep. */
static int add_row(struct json *entries, const struct told_row *row)
{
	_cleanup_(json_freep) struct json *entry = json_new_object();
	bool is_told = false;

	for (size_t n = 0; n < MEMBER_COUNT; n++) {
		const char *text = (const char *)row + members[n].at;

		if (text[0] && json_add_string(entry, members[n].key, text))
			return ERR_NOMEM;
		is_told = is_told || (n > 0 && text[0]);
	}
	return is_told ? json_add(entries, row->name, TAKE_PTR(entry)) : 0;
}

int told_save(const struct told *told, struct err_detail *detail)
{
	_cleanup_(json_freep) struct json *file = json_new_object();
	_cleanup_(json_freep) struct json *entries = json_new_object();
	_cleanup_(buf_done) struct buf text = {0};
	int r = 0;

	for (size_t n = 0; n < told->rows.count && !r; n++)
		r = add_row(entries, told->rows.rows[n]);
	if (r || json_add_integer(file, "version", VERSION) ||
	    json_add(file, "told", TAKE_PTR(entries)) || json_print(file, true, &text))
		return err_set(detail, ERR_NOMEM, "no memory for %s", TOLD_FILE);
	buf_append_char(&text, '\n');
	return fsx_write(told->dirfd, TOLD_FILE, buf_text(&text), text.size, detail);
}
