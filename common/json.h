/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Strict JSON (RFC 8259), the only user of cJSON. What cJSON lets through is refused before or
 * after it: invalid UTF-8, raw control bytes, NUL raw or as \u0000, lone surrogates, numbers such
 * as 0123 or 1e999, trailing bytes, duplicate keys, more than JSON_MAX_DEPTH levels. Look-ups match
 * the case. Memory is erased when it is freed.
 *
 * LC_NUMERIC must stay "C", as a program starts with: numbers are read and written with a dot.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"

/* A userkey answer is nested 5 deep; 32 leaves room for what servers add. */
#define JSON_MAX_DEPTH 32
/* 2^53 - 1: up to here a double tells whole numbers apart (RFC 7493, section 2.2). 2^53 itself is
 * not within, because 2^53 + 1 is read as the same double. */
#define JSON_INTEGER_MAX ((INT64_C(1) << 53) - 1)

struct json; /* a value: object, array, string, number, true, false or null */

/* Installs erasing allocation in cJSON. Call once, before anything else here. */
void json_init(void);

/* Parses exactly one value from SIZE bytes of TEXT. ERR_LIMIT (more than MAX_BYTES, too deep, or a
 * number of more than 63 characters), ERR_SYNTAX, ERR_NOMEM; DETAIL then says at which byte,
 * counted from 1, and why, and never quotes the text. The caller frees *ret_value. */
int json_parse(const char *text, size_t size, size_t max_bytes, struct json **ret_value,
	       struct err_detail *detail) _must_check_;

void json_free(struct json *value);
DEFINE_CLEANUP(struct json *, json_free);

/* Reading. Every function takes NULL as a value that is of no type. Returned pointers belong to
 * the value. */
bool json_is_object(const struct json *value);
bool json_is_array(const struct json *value);
bool json_is_null(const struct json *value);
const struct json *json_get(const struct json *object, const char *key); /* NULL: none */
const char *json_string(const struct json *value);			 /* NULL: no string */
const char *json_get_string(const struct json *object, const char *key); /* NULL: none */
/* Whole numbers within ±JSON_INTEGER_MAX only. */
bool json_get_integer(const struct json *object, const char *key, int64_t *ret_number);
bool json_get_bool(const struct json *object, const char *key, bool *ret_bool);
/* Members or elements in order: `for (c = json_first(v); c; c = json_next(c))`. */
const struct json *json_first(const struct json *container);
const struct json *json_next(const struct json *child);
const char *json_key(const struct json *member); /* NULL outside an object */

/* Building. Each returns 0 or ERR_NOMEM. json_add() and json_append() take ownership of CHILD in
 * any case, also on failure, and pass a NULL child, object or array on as ERR_NOMEM. KEY is copied,
 * and must not be in the object yet: that is not looked for. A NULL text is written as null. Text
 * must be valid UTF-8. json_add_integer() outside ±JSON_INTEGER_MAX is ERR_INVALID. */
struct json *json_new_object(void);
struct json *json_new_array(void);
struct json *json_new_string(const char *text);
int json_add(struct json *object, const char *key, struct json *child) _must_check_;
int json_append(struct json *array, struct json *child) _must_check_;
int json_add_string(struct json *object, const char *key, const char *text) _must_check_;
int json_add_integer(struct json *object, const char *key, int64_t number) _must_check_;
int json_add_bool(struct json *object, const char *key, bool value) _must_check_;
int json_add_null(struct json *object, const char *key) _must_check_;

/* Appends VALUE as JSON text to BUF: on one line, or indented for people;
 * without a final newline. ERR_NOMEM; ERR_LIMIT, also for more than JSON_MAX_DEPTH levels. */
int json_print(const struct json *value, bool indented, struct buf *buf) _must_check_;
