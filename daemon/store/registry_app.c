/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "registry_rows.h"

/* APP_DESCRIPTION_CHARS of 4 bytes each: the longest of an app's texts. */
#define TEXT_MAX_BYTES 2048

/* What an app is known by: pairs of these are sorted, so that thousands of apps and sessions are
 * compared in n log n. */
struct app_key {
	const char *server;
	const char *id;
};

static int compare_keys(const void *left, const void *right)
{
	const struct app_key *a = left;
	const struct app_key *b = right;
	int order = strcmp(a->server, b->server);

	return order != 0 ? order : strcmp(a->id, b->id);
}

/* Whether two apps have the same server and id. */
static int arrange(struct name_table *rows, struct err_detail *where)
{
	_cleanup_(freep) struct app_key *keys = calloc(rows->count + 1, sizeof(*keys));

	if (!keys)
		return ERR_NOMEM;
	for (size_t i = 0; i < rows->count; i++) {
		const struct registry_app *app = rows->rows[i];

		keys[i] = (struct app_key){app->server, app->id};
	}
	qsort(keys, rows->count, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < rows->count; i++) {
		if (compare_keys(&keys[i - 1], &keys[i]) == 0)
			return err_set(where, ERR_DAMAGED, "an app is there twice");
	}
	return 0;
}

#define AT(field) ENTRY_AT(struct registry_app, field)
static const struct entry_member members[] = {
	{"server", AT(server), .form = ENTRY_ORIGIN},
	{"name", AT(name), .form = ENTRY_WORDS, .max = TEXT_MAX_BYTES},
	{"description", AT(description), .form = ENTRY_WORDS, .max = TEXT_MAX_BYTES,
	 .may_be_empty = true},
	{"permission", AT(permission), .form = ENTRY_PERMISSION},
	{"callback_url", AT(callback_url), .form = ENTRY_WORDS, .max = URL_MAX_BYTES,
	 .may_be_empty = true},
	{"id", AT(id), .form = ENTRY_ID},
	{"secret", AT(secret)},
	{"created_at", AT(created_at), .max = ENTRY_TIME_MAX},
	{0},
};
#undef AT

const struct entry_kind registry_app_kind = {
	.list = "apps",
	.size = sizeof(struct registry_app),
	.members = members,
	.arrange = arrange,
};

static const struct registry_app *app_at(const struct registry *registry, size_t index)
{
	return registry->lists[REGISTRY_APPS].rows[index];
}

static size_t app_count(const struct registry *registry)
{
	return registry->lists[REGISTRY_APPS].count;
}

static bool app_is(const struct registry_app *app, const char *server, const char *id)
{
	return strcmp(app->id, id) == 0 && strcmp(app->server, server) == 0;
}

const struct registry_app *registry_app_by_id(const struct registry *registry, const char *server,
					      const char *id)
{
	for (size_t i = 0; i < app_count(registry); i++) {
		if (app_is(app_at(registry, i), server, id))
			return app_at(registry, i);
	}
	return NULL;
}

const struct registry_app *registry_app_find(const struct registry *registry, const char *server,
					     const char *name, const char *description,
					     const char *permission, const char *callback_url)
{
	const struct registry_app *newest = NULL;

	for (size_t i = 0; i < app_count(registry); i++) {
		const struct registry_app *app = app_at(registry, i);

		if (strcmp(app->server, server) != 0 || strcmp(app->name, name) != 0 ||
		    strcmp(app->description, description) != 0 ||
		    strcmp(app->permission, permission) != 0 ||
		    strcmp(app->callback_url, callback_url) != 0)
			continue;
		/* Among equals the one that was put last. */
		if (!newest || app->created_at >= newest->created_at)
			newest = app;
	}
	return newest;
}

static void drop(struct registry *registry, size_t index)
{
	entry_drop(&registry_app_kind, &registry->lists[REGISTRY_APPS], index, 1);
}

void registry_app_remove(struct registry *registry, const char *server, const char *id)
{
	for (size_t i = app_count(registry); i-- > 0;) {
		if (app_is(app_at(registry, i), server, id)) {
			drop(registry, i);
			return;
		}
	}
}

/* Spare apps */

/* The apps that pending sessions were made with, sorted; NULL without memory. */
static struct app_key *needed_apps(const struct registry *registry)
{
	size_t count = registry_session_count(registry);
	struct app_key *keys = calloc(count + 1, sizeof(*keys));

	for (size_t i = 0; keys && i < count; i++) {
		const struct registry_session *session = registry_session_at(registry, i);

		keys[i] = (struct app_key){session->server, session->app_id};
	}
	if (keys)
		qsort(keys, count, sizeof(*keys), compare_keys);
	return keys;
}

/* Drops the oldest apps of KEPT's server and name that no session needs, if there are too many.
 * Without memory for it they stay: they do no harm. */
static void drop_spare(struct registry *registry, const struct registry_app *kept)
{
	_cleanup_(freep) struct app_key *needed = needed_apps(registry);
	_cleanup_(freep) size_t *spare = calloc(app_count(registry), sizeof(*spare));
	size_t count = 0;

	if (!needed || !spare)
		return;
	for (size_t i = 0; i < app_count(registry); i++) {
		const struct registry_app *app = app_at(registry, i);
		const struct app_key key = {app->server, app->id};

		if (strcmp(app->server, kept->server) == 0 && strcmp(app->name, kept->name) == 0 &&
		    !bsearch(&key, needed, registry_session_count(registry), sizeof(key),
			     compare_keys))
			spare[count++] = i;
	}
	for (; count > REGISTRY_SPARE_APPS; count--) {
		size_t oldest = count;

		/* KEPT was made just now, whatever the clock says. */
		for (size_t i = 0; i < count; i++) {
			const struct registry_app *app = app_at(registry, spare[i]);

			if (app != kept &&
			    (oldest == count ||
			     app->created_at < app_at(registry, spare[oldest])->created_at))
				oldest = i;
		}
		drop(registry, spare[oldest]);
		for (size_t i = oldest + 1; i < count; i++)
			spare[i - 1] = spare[i] - 1;
	}
}

int registry_app_put(struct registry *registry, const struct registry_app *app)
{
	int r = entry_put(&registry_app_kind, &registry->lists[REGISTRY_APPS], app);
	const struct registry_app *kept;

	if (r < 0)
		return r;
	kept = app_at(registry, app_count(registry) - 1);
	for (size_t i = app_count(registry) - 1; i-- > 0;) {
		if (app_is(app_at(registry, i), kept->server, kept->id))
			drop(registry, i);
	}
	drop_spare(registry, kept);
	return 0;
}
