/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "registry_rows.h"

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

static bool app_is(const struct registry_app *app, const char *server, const char *id)
{
	return strcmp(app->id, id) == 0 && strcmp(app->server, server) == 0;
}

const struct registry_app *registry_app_by_id(const struct registry *registry, const char *server,
					      const char *id)
{
	for (size_t i = 0; i < registry->app_count; i++) {
		if (app_is(registry->apps[i], server, id))
			return registry->apps[i];
	}
	return NULL;
}

const struct registry_app *registry_app_find(const struct registry *registry, const char *server,
					     const char *name, const char *description,
					     const char *permission, const char *callback_url)
{
	const struct registry_app *newest = NULL;

	for (size_t i = 0; i < registry->app_count; i++) {
		const struct registry_app *app = registry->apps[i];

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

static void remove_at(struct registry *registry, size_t index)
{
	registry_app_free(registry->apps[index]);
	registry->app_count--;
	memmove(registry->apps + index, registry->apps + index + 1,
		(registry->app_count - index) * sizeof(*registry->apps));
}

void registry_app_remove(struct registry *registry, const char *server, const char *id)
{
	for (size_t i = registry->app_count; i-- > 0;) {
		if (app_is(registry->apps[i], server, id)) {
			remove_at(registry, i);
			return;
		}
	}
}

int registry_app_append(struct registry *registry, struct registry_app *app)
{
	if (registry->app_count == registry->app_capacity) {
		size_t capacity = registry->app_capacity ? registry->app_capacity * 2 : 16;
		struct registry_app **apps =
			reallocarray(registry->apps, capacity, sizeof(*registry->apps));

		if (!apps)
			return ERR_NOMEM;
		registry->apps = apps;
		registry->app_capacity = capacity;
	}
	registry->apps[registry->app_count++] = app;
	return 0;
}

int registry_apps_repeat(const struct registry *registry, bool *ret_repeat)
{
	_cleanup_(freep) struct app_key *keys = calloc(registry->app_count + 1, sizeof(*keys));

	if (!keys)
		return ERR_NOMEM;
	for (size_t i = 0; i < registry->app_count; i++)
		keys[i] = (struct app_key){registry->apps[i]->server, registry->apps[i]->id};
	qsort(keys, registry->app_count, sizeof(*keys), compare_keys);
	*ret_repeat = false;
	for (size_t i = 1; i < registry->app_count; i++)
		*ret_repeat = *ret_repeat || compare_keys(&keys[i - 1], &keys[i]) == 0;
	return 0;
}

void registry_apps_free(struct registry *registry)
{
	for (size_t i = 0; i < registry->app_count; i++)
		registry_app_free(registry->apps[i]);
	free(registry->apps);
}

/* Spare apps */

/* The apps that pending sessions were made with, sorted; NULL without memory. */
static struct app_key *needed_apps(const struct registry *registry)
{
	size_t count = registry->sessions.count;
	struct app_key *keys = calloc(count + 1, sizeof(*keys));

	for (size_t i = 0; keys && i < count; i++) {
		const struct registry_session *session = registry->sessions.rows[i];

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
	_cleanup_(freep) size_t *spare = calloc(registry->app_count, sizeof(*spare));
	size_t count = 0;

	if (!needed || !spare)
		return;
	for (size_t i = 0; i < registry->app_count; i++) {
		const struct registry_app *app = registry->apps[i];
		const struct app_key key = {app->server, app->id};

		if (strcmp(app->server, kept->server) == 0 && strcmp(app->name, kept->name) == 0 &&
		    !bsearch(&key, needed, registry->sessions.count, sizeof(key), compare_keys))
			spare[count++] = i;
	}
	for (; count > REGISTRY_SPARE_APPS; count--) {
		size_t oldest = count;

		/* KEPT was made just now, whatever the clock says. */
		for (size_t i = 0; i < count; i++) {
			const struct registry_app *app = registry->apps[spare[i]];

			if (app != kept &&
			    (oldest == count ||
			     app->created_at < registry->apps[spare[oldest]]->created_at))
				oldest = i;
		}
		remove_at(registry, spare[oldest]);
		for (size_t i = oldest + 1; i < count; i++)
			spare[i - 1] = spare[i] - 1;
	}
}

int registry_app_put(struct registry *registry, const struct registry_app *app)
{
	_cleanup_(registry_app_freep) struct registry_app *copy = NULL;
	const struct registry_app *kept;
	int r = registry_app_copy(app, &copy);

	if (r == 0)
		r = registry_app_append(registry, copy);
	if (r < 0)
		return r;
	kept = TAKE_PTR(copy);
	for (size_t i = registry->app_count - 1; i-- > 0;) {
		if (app_is(registry->apps[i], kept->server, kept->id))
			remove_at(registry, i);
	}
	drop_spare(registry, kept);
	return 0;
}
