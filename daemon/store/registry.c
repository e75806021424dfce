/* SPDX-License-Identifier: MIT */
#include "store/registry.h"

#include <string.h>

#include "common/fsx.h"
#include "registry_rows.h"

/* registry.json */

const struct state_file registry_file = {
	.name = REGISTRY_FILE,
	.max_bytes = REGISTRY_MAX_BYTES,
	.version = REGISTRY_VERSION,
	.damaged_advice =
		"No credential is in it; to go on without the logins that were under way, move "
		"it away",
	.version_advice =
		"It was left as it is; update misskey-authd, or, to go on without the logins "
		"that were under way, move it away",
	.kinds =
		(const struct entry_kind *const[]){
			[REGISTRY_APPS] = &registry_app_kind,
			[REGISTRY_SESSIONS] = &registry_session_kind,
			[REGISTRY_FINISHED] = &registry_finished_kind,
		},
	.kind_count = REGISTRY_LISTS,
};

int registry_open(int dirfd, struct registry **ret_registry, struct err_detail *detail)
{
	_cleanup_(registry_freep) struct registry *registry = calloc(1, sizeof(*registry));
	bool is_missing;
	int r;

	if (!registry)
		return err_set(detail, ERR_NOMEM, "Cannot read %s: %s", REGISTRY_FILE,
			       err_text(ERR_NOMEM));
	registry->dirfd = dirfd;
	r = state_file_read(&registry_file, dirfd, registry->lists, &is_missing, detail);
	if (r < 0)
		return r;
	*ret_registry = TAKE_PTR(registry);
	return 0;
}

static bool is_old(const struct registry_finished *finished, int64_t unix_s)
{
	return unix_s - finished->finished_at > REGISTRY_FINISHED_S;
}

/* Appends the file as it is to be at UNIX_S, without the finished sessions that are too old. */
static int print(const struct registry *registry, int64_t unix_s, struct buf *text)
{
	struct name_table lists[REGISTRY_LISTS];
	struct name_table *finished = &lists[REGISTRY_FINISHED];
	int r = name_table_clone(&registry->lists[REGISTRY_FINISHED], finished);
	size_t kept = 0;

	if (r < 0)
		return r;
	memcpy(lists, registry->lists, REGISTRY_FINISHED * sizeof(lists[0]));
	for (size_t i = 0; i < finished->count; i++) {
		if (!is_old(finished->rows[i], unix_s))
			finished->rows[kept++] = finished->rows[i];
	}
	finished->count = kept;
	r = state_file_print(&registry_file, lists, text);
	name_table_done(finished);
	return r;
}

int registry_save(struct registry *registry, int64_t unix_s, struct err_detail *detail)
{
	struct name_table *finished = &registry->lists[REGISTRY_FINISHED];
	_cleanup_(buf_done) struct buf text = {0};
	int r = print(registry, unix_s, &text);

	if (r < 0)
		return err_set(detail, r, "Cannot write %s: %s", REGISTRY_FILE, err_text(r));
	r = fsx_write(registry->dirfd, REGISTRY_FILE, buf_text(&text), text.size, detail);
	for (size_t i = r < 0 ? 0 : finished->count; i-- > 0;) {
		if (is_old(finished->rows[i], unix_s))
			entry_drop(&registry_finished_kind, finished, i, 1);
	}
	return r;
}

void registry_free(struct registry *registry)
{
	if (!registry)
		return;
	for (size_t i = 0; i < REGISTRY_LISTS; i++)
		entry_free_rows(registry_file.kinds[i], &registry->lists[i]);
	free(registry);
}

const void *registry_find_by(const struct registry *registry, enum registry_list list,
			     size_t offset, const char *value)
{
	const struct name_table *rows = &registry->lists[list];
	const void *found = NULL;

	for (size_t i = 0; *value && i < rows->count; i++) {
		if (digest_text_equal((const char *)rows->rows[i] + offset, value))
			found = rows->rows[i];
	}
	return found;
}

void registry_rename(struct registry *registry, const char *old_name, const char *new_name)
{
	const struct name_table *finished = &registry->lists[REGISTRY_FINISHED];

	registry_app_rename(registry, old_name, new_name);
	for (size_t i = 0; i < finished->count; i++) {
		struct registry_finished *one = finished->rows[i];

		if (strcmp(one->account, old_name) == 0)
			strcpy(one->account, new_name);
	}
}
