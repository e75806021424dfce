/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What was found out about the machine, each finding with what to do about it, and how a person or
 * a script is shown it. Texts are made printable when they are added. The first failure for want of
 * memory is remembered and reported at the end.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/* The most findings of a check that are shown; the rest are counted. */
#define FINDINGS_OF_A_CHECK_MAX 100

enum finding_status {
	FINDING_OK,
	FINDING_NOTE,	 /* nothing is wrong, but it is good to know */
	FINDING_WARNING, /* it works, but not as it should */
	FINDING_ERROR,
	FINDING_UNSAFE, /* an error that is about an unsafe or damaged file */
	FINDING_STATUS_COUNT,
};

struct finding {
	const char *check; /* "config", "files", … */
	enum finding_status status;
	char *message;
	char *remedy; /* NULL: nothing needs to be done */
};

struct findings {
	struct finding *items;
	size_t count;
	size_t counts[FINDING_STATUS_COUNT]; /* those that were left out included */
	const char *check;		     /* the one that runs */
	size_t of_check;		     /* how many findings it has */
	bool is_left_out;		     /* the last one was only counted */
	int error;			     /* 0 or ERR_NOMEM */
};

/* What is added from now on belongs to CHECK, a constant. */
void findings_begin(struct findings *findings, const char *check);

/* Adds a finding with a sentence as its message. */
void findings_add(struct findings *findings, enum finding_status status, const char *format, ...)
	_printf_(3, 4);

/* Says what to do about what was added last. */
void findings_remedy(struct findings *findings, const char *format, ...) _printf_(2, 3);

/* How many warnings and errors there are. */
size_t findings_bad(const struct findings *findings);

/* Writes them to standard output, for a script if JSON, and how many there are to standard error.
 * Returns the exit status. */
int findings_report(const struct findings *findings, bool json) _must_check_;

void findings_done(struct findings *findings);
