/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What registry.c, registry_session.c, registry_app.c and registry_finished.c share.
 */

#include "state_file.h"
#include "store/registry.h"

/* APP_DESCRIPTION_CHARS of 4 bytes each: the longest of an app's texts. */
#define APP_TEXT_MAX_BYTES 2048

/* The lists, in the file's order. Sessions and apps are sorted by account, the apps of one as they
 * were put, and so are finished sessions. */
enum registry_list {
	REGISTRY_APPS,
	REGISTRY_SESSIONS,
	REGISTRY_FINISHED,
	REGISTRY_LISTS,
};

struct registry {
	int dirfd; /* borrowed */
	struct name_table lists[REGISTRY_LISTS];
};

extern const struct entry_kind registry_app_kind;
extern const struct entry_kind registry_session_kind;
extern const struct entry_kind registry_finished_kind;
extern const struct state_file registry_file;

void registry_app_rename(struct registry *registry, const char *old_name, const char *new_name);

/* The entry whose text at OFFSET is VALUE, or NULL; none for "". Looks at every entry, found or
 * not: the time tells nothing about which one it is. */
const void *registry_find_by(const struct registry *registry, enum registry_list list,
			     size_t offset, const char *value);
