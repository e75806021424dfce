/* SPDX-License-Identifier: MIT */
#ifndef STORE_REGISTRY_ROWS_H
#define STORE_REGISTRY_ROWS_H

/*
 * What the parts of the registry share: registry.c (accounts, sessions), registry_apps.c,
 * registry_finished.c, and registry_file.c, which reads and writes them all.
 */

#include "common/buf.h"
#include "common/json.h"
#include "common/name_table.h"
#include "registry_entry.h"
#include "store/registry.h"

struct registry {
	int dirfd;		    /* borrowed */
	struct name_table accounts; /* of struct registry_account */
	struct name_table sessions; /* of struct registry_session */
	struct registry_app **apps; /* in the order in which they were put */
	size_t app_count;
	size_t app_capacity;
	struct registry_finished *finished[REGISTRY_FINISHED_MAX]; /* the oldest first */
	size_t finished_count;
};

/* Fills the empty REGISTRY. ERR_NOMEM; ERR_DAMAGED, and WHERE names the list, the entry's number
 * and the member, never a value. */
int registry_from_json(const struct json *root, struct registry *registry,
		       struct err_detail *where) _must_check_;

/* Appends the whole file, without finished sessions that are too old at UNIX_S. ERR_NOMEM,
 * ERR_LIMIT. */
int registry_to_json(const struct registry *registry, int64_t unix_s,
		     struct buf *text) _must_check_;

/* Takes APP over on success, without looking for others. ERR_NOMEM. */
int registry_app_append(struct registry *registry, struct registry_app *app) _must_check_;
/* Whether two apps have the same server and id. ERR_NOMEM. */
int registry_apps_repeat(const struct registry *registry, bool *ret_repeat) _must_check_;
void registry_apps_free(struct registry *registry);

/* Takes FINISHED over. */
void registry_finished_append(struct registry *registry, struct registry_finished *finished);
bool registry_finished_is_old(const struct registry_finished *finished, int64_t unix_s);
void registry_finished_forget_old(struct registry *registry, int64_t unix_s);

#endif
