/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "registry_rows.h"

static int arrange(struct name_table *rows, struct err_detail *where)
{
	for (size_t i = 1; i < rows->count; i++) {
		const struct registry_app *before = rows->rows[i - 1];
		const struct registry_app *app = rows->rows[i];

		if (strcmp(before->account, app->account) > 0)
			return err_set(where, ERR_DAMAGED, "the apps are not sorted by account");
	}
	return 0;
}

#define AT(field) ENTRY_AT(struct registry_app, field)
static const struct entry_member members[] = {
	{"account", AT(account), .form = ENTRY_NAME},
	{"server", AT(server), .form = ENTRY_ORIGIN},
	{"name", AT(name), .form = ENTRY_WORDS, .max = APP_TEXT_MAX_BYTES},
	{"description", AT(description), .form = ENTRY_WORDS, .max = APP_TEXT_MAX_BYTES,
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

/* The index of the first app of ACCOUNT, or where it would be. */
static size_t first_of(const struct registry *registry, const char *account)
{
	size_t low = 0;
	size_t high = app_count(registry);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(app_at(registry, middle)->account, account) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whether the app at INDEX, if there is one, is ACCOUNT's. */
static bool is_of(const struct registry *registry, size_t index, const char *account)
{
	return index < app_count(registry) &&
	       strcmp(app_at(registry, index)->account, account) == 0;
}

static bool app_is(const struct registry_app *app, const char *server, const char *id)
{
	return strcmp(app->id, id) == 0 && strcmp(app->server, server) == 0;
}

const struct registry_app *registry_app_by_id(const struct registry *registry, const char *account,
					      const char *server, const char *id)
{
	for (size_t i = first_of(registry, account); is_of(registry, i, account); i++) {
		if (app_is(app_at(registry, i), server, id))
			return app_at(registry, i);
	}
	return NULL;
}

static bool is_made_with(const struct registry_app *app, const struct registry_app *wanted)
{
	return strcmp(app->server, wanted->server) == 0 && strcmp(app->name, wanted->name) == 0 &&
	       strcmp(app->description, wanted->description) == 0 &&
	       strcmp(app->permission, wanted->permission) == 0 &&
	       strcmp(app->callback_url, wanted->callback_url) == 0;
}

const struct registry_app *registry_app_find(const struct registry *registry,
					     const struct registry_app *wanted)
{
	const char *account = wanted->account;
	const struct registry_app *newest = NULL;

	for (size_t i = first_of(registry, account); is_of(registry, i, account); i++) {
		const struct registry_app *app = app_at(registry, i);

		/* Among equals the one that was put last. */
		if (is_made_with(app, wanted) && (!newest || app->created_at >= newest->created_at))
			newest = app;
	}
	return newest;
}

static void drop(struct registry *registry, size_t index)
{
	entry_drop(&registry_app_kind, &registry->lists[REGISTRY_APPS], index, 1);
}

void registry_app_remove(struct registry *registry, const char *account, const char *server,
			 const char *id)
{
	for (size_t i = first_of(registry, account); is_of(registry, i, account); i++) {
		if (app_is(app_at(registry, i), server, id)) {
			drop(registry, i);
			return;
		}
	}
}

/* Drops the oldest apps of KEPT's account that its session does not need, if there are too many. */
static void drop_spare(struct registry *registry, const struct registry_app *kept)
{
	const struct registry_session *session = registry_session_find(registry, kept->account);
	size_t first = first_of(registry, kept->account);
	size_t oldest;
	unsigned count;

	do {
		count = 0;
		oldest = app_count(registry);
		for (size_t i = first; is_of(registry, i, kept->account); i++) {
			const struct registry_app *app = app_at(registry, i);

			if (session && session->app_id &&
			    app_is(app, session->server, session->app_id))
				continue;
			count++;
			/* KEPT was made just now, whatever the clock says. */
			if (app != kept && (oldest == app_count(registry) ||
					    app->created_at < app_at(registry, oldest)->created_at))
				oldest = i;
		}
		if (count > REGISTRY_SPARE_APPS)
			drop(registry, oldest);
	} while (count > REGISTRY_SPARE_APPS + 1);
}

/* The last row becomes the last one of its account. Returns where it is. */
static size_t sort_in(struct name_table *rows, const struct registry *registry)
{
	void *put = rows->rows[rows->count - 1];
	const char *account = ((const struct registry_app *)put)->account;
	size_t place;

	rows->count--;
	for (place = first_of(registry, account); is_of(registry, place, account);)
		place++;
	rows->count++;
	memmove(rows->rows + place + 1, rows->rows + place,
		(rows->count - 1 - place) * sizeof(rows->rows[0]));
	rows->rows[place] = put;
	return place;
}

int registry_app_put(struct registry *registry, const struct registry_app *app)
{
	struct name_table *rows = &registry->lists[REGISTRY_APPS];
	const struct registry_app *kept;
	int r = entry_put(&registry_app_kind, rows, app);
	size_t place;

	if (r < 0)
		return r;
	place = sort_in(rows, registry);
	kept = app_at(registry, place);
	for (size_t i = place; i-- > 0 && is_of(registry, i, kept->account);) {
		if (app_is(app_at(registry, i), kept->server, kept->id))
			drop(registry, i);
	}
	drop_spare(registry, kept);
	return 0;
}

void registry_app_rename(struct registry *registry, const char *old_name, const char *new_name)
{
	struct name_table *rows = &registry->lists[REGISTRY_APPS];
	size_t first = first_of(registry, old_name);

	/* Each is moved to the end, and from there to its new place: none is copied. */
	while (is_of(registry, first, old_name)) {
		struct registry_app *app = rows->rows[first];

		memmove(rows->rows + first, rows->rows + first + 1,
			(rows->count - 1 - first) * sizeof(rows->rows[0]));
		rows->rows[rows->count - 1] = app;
		strcpy(app->account, new_name);
		(void)sort_in(rows, registry);
		first = first_of(registry, old_name);
	}
}
