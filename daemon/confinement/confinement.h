/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The process gives up what it does not need, for good: files by Landlock, system calls by seccomp.
 * It works wherever the process was started, because the kernel asks for no privilege and no user
 * namespace. What the kernel lacks is left out, and told.
 *
 * The whole process is confined, so this room keeps one state for it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

#define CONFINEMENT_FILES_MAX 8
#define CONFINEMENT_SUMMARY_BYTES 256

/* What the process needs from now on; NULL: nothing. Paths are absolute. */
struct confinement_needs {
	const char *home;
	const char *state;   /* a directory; what is in it can be read, made, written and removed */
	const char *runtime; /* a directory; what is in it can be removed */
	/* Can be read, also if they are replaced: the rule is on their directories. Of the home,
	 * of a directory in it whose name begins with a dot, and of one that everybody can write,
	 * it is on the file alone. What resolving names and TLS need can be read in any case. */
	const char *files[CONFINEMENT_FILES_MAX];
	size_t file_count;
};

/* How far it goes. */
struct confinement {
	bool is_declined;
	int landlock_abi; /* 0: the kernel has none, or does not let us */
	bool has_seccomp;
};

/* Confines the process. Call it once, before there is a second thread. After an error the process
 * must end: ERR_NOMEM, ERR_IO, … That the kernel lacks something is no error. */
int confinement_begin(const struct confinement_needs *needs,
		      struct err_detail *detail) _must_check_;

/* The config does not want it. */
void confinement_decline(void);

const struct confinement *confinement_current(void);

/* Whether the kernel has everything that keeps files and system calls from the process. */
bool confinement_is_complete(void);

/* One line: how far it goes, and what is lacking. */
void confinement_summarize(char ret_text[static CONFINEMENT_SUMMARY_BYTES]);

/* Adds to DETAIL, about a file that cannot be read, that the confinement may be why. Does nothing
 * if files are not confined. */
void confinement_explain(struct err_detail *detail);
