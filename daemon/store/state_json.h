/* SPDX-License-Identifier: MIT */
#ifndef STORE_STATE_JSON_H
#define STORE_STATE_JSON_H

/*
 * Strict reading of an object's members, and the forms that values in state files have. What would
 * be refused when it is read must not be written: both ways ask the same questions.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/json.h"
#include "common/secret.h"

/* 9999-12-31T23:59:59Z: the last time that RFC 3339 can write. */
#define STATE_TIME_MAX INT64_C(253402300799)
/* Misskey's ids have 10 to 32 characters; misskey.h lets 128 pass. */
#define STATE_ID_MAX_BYTES 128

/* Reads member after member; after the first failure the others do nothing. */
struct state_reader {
	const struct json *object;
	const char *inside; /* what stands before a member's name in messages: "", "user." */
	int error;	    /* 0, ERR_DAMAGED or ERR_NOMEM */
	char member[32];    /* the first one that was refused; all our names are shorter */
};

/* A copy; the caller frees it, also after a failure. */
void state_read_text(struct state_reader *reader, const char *key, char **ret_text);
/* The same, and null is NULL. */
void state_read_text_or_null(struct state_reader *reader, const char *key, char **ret_text);
/* Into CAPACITY bytes of RET_TEXT. */
void state_read_into(struct state_reader *reader, const char *key, char *ret_text, size_t capacity);
void state_read_secret(struct state_reader *reader, const char *key, struct secret *ret_secret);
void state_read_bool(struct state_reader *reader, const char *key, bool *ret_bool);
/* Seconds since 1970, as a number. */
void state_read_seconds(struct state_reader *reader, const char *key, int64_t *ret_unix_s);
/* An array of permissions as a canonical list, permission_parse(). */
void state_read_permission(struct state_reader *reader, const char *key, char **ret_list);
/* Refuses KEY, unless something was refused before. */
void state_refuse(struct state_reader *reader, const char *key);

/* Adds a canonical list as an array. ERR_NOMEM. */
int state_add_permission(struct json *object, const char *key, const char *list) _must_check_;

/* A copy of TEXT, which may be NULL. ERR_NOMEM. */
int state_copy_text(const char *text, char **ret_copy) _must_check_;

/* Forms. NULL has none of them. */
bool state_is_hex(const char *text, size_t digits);	 /* lower-case */
bool state_is_id(const char *text);			 /* [A-Za-z0-9_-]+ */
bool state_is_origin(const char *text);			 /* as url_server_parse() writes it */
bool state_is_words(const char *text, size_t max_bytes); /* text_is_plain(), not empty */
bool state_is_time(int64_t unix_s);

#endif
