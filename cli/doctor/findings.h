/* SPDX-License-Identifier: MIT */
#ifndef DOCTOR_FINDINGS_H
#define DOCTOR_FINDINGS_H

/*
 * What was found out about the machine, each finding with what to do about it, and how a person or
 * a script is shown it. Texts are made printable when they are added. The first failure for want of
 * memory is remembered and reported at the end.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/* A person has seen enough of one kind by then. More are counted, and said to be left out. */
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
	const char *check; /* a constant: "config", "files", … */
	enum finding_status status;
	char *message;
	char *remedy; /* NULL: nothing needs to be done */
};

struct findings {
	struct finding *items;
	size_t count;
	size_t counts[FINDING_STATUS_COUNT]; /* those that were left out included */
	size_t of_check;		     /* so many belong to the last check */
	bool is_left_out;		     /* the last one was only counted */
	int error;			     /* 0 or ERR_NOMEM */
};

/* Adds a finding of CHECK, with a sentence as its message. The findings of a check follow each
 * other. */
void findings_add(struct findings *findings, enum finding_status status, const char *check,
		  const char *format, ...) _printf_(4, 5);

/* Says what to do about what was added last. */
void findings_remedy(struct findings *findings, const char *format, ...) _printf_(2, 3);

/* How many warnings and errors there are. */
size_t findings_bad(const struct findings *findings);

/* Writes them to standard output, for a script if JSON, and how many there are to standard error.
 * Returns the exit status. */
int findings_report(const struct findings *findings, bool json) _must_check_;

void findings_done(struct findings *findings);

#endif
