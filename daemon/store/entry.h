/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The entries of state files. Each kind of entry has one table of its members; reading, writing,
 * checking, copying and freeing follow it. An entry that could not be read again is not copied into
 * the store, so it is never written.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/json.h"
#include "common/name_table.h"
#include "common/secret.h"
#include "common/url.h"

/* 9999-12-31T23:59:59Z: the last time that RFC 3339 can write. */
#define ENTRY_TIME_MAX INT64_C(253402300799)

enum entry_type {
	ENTRY_CHARS,  /* char[] */
	ENTRY_TEXT,   /* char *, on the heap */
	ENTRY_SECRET, /* struct secret */
	ENTRY_SERVER, /* struct url_server; in the file it is the origin */
	ENTRY_WORD,   /* an enum; in the file it is a word */
	ENTRY_FLAG,   /* bool */
	ENTRY_NUMBER, /* int64_t */
	ENTRY_OBJECT, /* none: the members "KEY.…" that follow are in an object of their own */
};

enum entry_form {
	ENTRY_ANY,
	ENTRY_NAME,	  /* account_name_valid() */
	ENTRY_ORIGIN,	  /* as url_server_parse() writes it */
	ENTRY_ID,	  /* [A-Za-z0-9_-]+ */
	ENTRY_HEX,	  /* MAX digits, lower-case */
	ENTRY_TOKEN,	  /* [A-Za-z0-9-._+/=]+, at most MAX bytes */
	ENTRY_WORDS,	  /* text_is_plain(), at most MAX bytes, not empty */
	ENTRY_PERMISSION, /* a canonical list; in the file it is an array */
	ENTRY_DATE,	  /* a number of seconds; in the file it is a time of RFC 3339 */
};

struct entry_member {
	const char *key; /* "user.id" is the member id of the object user */
	enum entry_type type;
	size_t offset;
	size_t size;
	enum entry_form form;
	int64_t max;			     /* of a number; of the bytes of a form */
	bool may_be_empty;		     /* "" is allowed */
	bool may_be_null;		     /* null is allowed: NULL, no secret, the date 0 */
	const char *(*word)(unsigned value); /* NULL or "": there is no such value */
};

/* The type, offset and size of a field. */
#define ENTRY_AT(c_struct, field) \
	.type = _Generic(&((c_struct *)0)->field,                   \
			 char **: ENTRY_TEXT,                       \
			 struct secret *: ENTRY_SECRET,             \
			 struct url_server *: ENTRY_SERVER,         \
			 unsigned *: ENTRY_WORD,                    \
			 bool *: ENTRY_FLAG,                        \
			 int64_t *: ENTRY_NUMBER,                   \
			 default: ENTRY_CHARS),                     \
	.offset = offsetof(c_struct, field), .size = sizeof(((c_struct *)0)->field)

/* For a member that is an enum method: "app", "miauth". */
const char *entry_method_word(unsigned value);

struct entry_kind {
	const char *list; /* the key of these entries in the file */
	bool is_map;	  /* the list is an object, whose keys are the first member: names */
	size_t size;
	const struct entry_member *members; /* ends with {0} */
	/* They are sorted by their first member, a name; the sentence if one is there twice. NULL:
	 * they are in the order in which they were put. */
	const char *repeated;
	/* These may be NULL. The member that does not fit the others, or NULL: */
	const char *(*misfit)(const void *entry);
	/* Looks at what was read. ERR_DAMAGED and what is wrong, ERR_NOMEM. */
	int (*arrange)(struct name_table *rows, struct err_detail *where);
};

/* Fills the empty ENTRY. ERR_DAMAGED or ERR_NOMEM: *ret_bad is the key of the member. */
int entry_read(const struct entry_kind *kind, const struct json *object, void *entry,
	       const char **ret_bad) _must_check_;

/* Adds the members to OBJECT. ERR_NOMEM. */
int entry_write(const struct entry_kind *kind, const void *entry, struct json *object) _must_check_;

/* A copy on the heap, as it would be read again: permissions are canonical. ERR_NOMEM; ERR_INVALID:
 * it could not be read again, *ret_bad is the key of the member. RET_BAD may be NULL. */
int entry_copy(const struct entry_kind *kind, const void *from, void **ret_copy,
	       const char **ret_bad) _must_check_;
/* Puts a copy into ROWS. In sorted ones it replaces the entry of the same name. */
int entry_put(const struct entry_kind *kind, struct name_table *rows,
	      const void *from) _must_check_;

/* Frees what ENTRY points to, and erases ENTRY. */
void entry_done(const struct entry_kind *kind, void *entry);
/* Frees ENTRY too, which may be NULL. */
void entry_free(const struct entry_kind *kind, void *entry);
/* Frees COUNT entries of ROWS from INDEX on. */
void entry_drop(const struct entry_kind *kind, struct name_table *rows, size_t index, size_t count);
/* Frees all of ROWS. */
void entry_free_rows(const struct entry_kind *kind, struct name_table *rows);
