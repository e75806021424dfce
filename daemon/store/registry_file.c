/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "registry_rows.h"
#include "state_json.h"

/* Reading */

static int account_read(struct state_reader *reader, const char *name, struct registry *registry)
{
	_cleanup_(registry_account_freep) struct registry_account *account =
		calloc(1, sizeof(*account));
	const char *server = json_get_string(reader->object, "server");
	const char *bad;
	int r;

	if (!account)
		return ERR_NOMEM;
	if (!server || url_server_parse(server, &account->server, NULL) < 0 ||
	    strcmp(account->server.origin, server) != 0)
		state_refuse(reader, "server");
	strcpy(account->name, name);
	state_read_permission(reader, "permission", &account->permission);
	state_read_text_or_null(reader, "user", &account->user);
	bad = reader->error < 0 ? NULL : registry_account_bad_member(account);
	if (bad)
		state_refuse(reader, bad);
	if (reader->error < 0)
		return reader->error;
	r = name_table_append(&registry->accounts, account);
	if (r == 0)
		account = NULL; /* is the registry's */
	return r;
}

static int app_read(struct state_reader *reader, struct registry *registry)
{
	_cleanup_(registry_app_freep) struct registry_app *app = calloc(1, sizeof(*app));
	const char *bad;
	int r;

	if (!app)
		return ERR_NOMEM;
	state_read_text(reader, "server", &app->server);
	state_read_text(reader, "name", &app->name);
	state_read_text(reader, "description", &app->description);
	state_read_permission(reader, "permission", &app->permission);
	state_read_text(reader, "callback_url", &app->callback_url);
	state_read_text(reader, "id", &app->id);
	state_read_secret(reader, "secret", &app->secret);
	state_read_seconds(reader, "created_at", &app->created_at);
	bad = reader->error < 0 ? NULL : registry_app_bad_member(app);
	if (bad)
		state_refuse(reader, bad);
	if (reader->error < 0)
		return reader->error;
	r = registry_app_append(registry, app);
	if (r == 0)
		app = NULL; /* is the registry's */
	return r;
}

static const char *const proof_text[] = {
	[REGISTRY_PROOF_NONE] = "none",
	[REGISTRY_PROOF_COOKIE] = "cookie",
	[REGISTRY_PROOF_OWNER] = "owner",
};

static void proof_read(struct state_reader *reader, enum registry_proof *ret_proof)
{
	const char *text = json_get_string(reader->object, "proof");

	for (size_t n = 0; text && n < sizeof(proof_text) / sizeof(proof_text[0]); n++)
		if (strcmp(text, proof_text[n]) == 0) {
			*ret_proof = (enum registry_proof)n;
			return;
		}
	state_refuse(reader, "proof");
}

static int session_read(struct state_reader *reader, struct registry *registry)
{
	_cleanup_(registry_session_freep) struct registry_session *s = calloc(1, sizeof(*s));
	const char *bad;
	int r;

	if (!s)
		return ERR_NOMEM;
	state_read_into(reader, "account", s->account, sizeof(s->account));
	state_read_text(reader, "server", &s->server);
	state_read_text(reader, "app_id", &s->app_id);
	state_read_secret(reader, "token", &s->token);
	state_read_text(reader, "consent_url", &s->consent_url);
	state_read_into(reader, "start", s->start, sizeof(s->start));
	state_read_bool(reader, "start_used", &s->start_used);
	state_read_bool(reader, "start_raced", &s->start_raced);
	proof_read(reader, &s->proof);
	state_read_bool(reader, "page_given", &s->page_given);
	state_read_text_or_null(reader, "browser_problem", &s->browser_problem);
	state_read_into(reader, "cookie", s->cookie, sizeof(s->cookie));
	state_read_into(reader, "result", s->result, sizeof(s->result));
	state_read_bool(reader, "browser", &s->browser);
	state_read_bool(reader, "exchanging", &s->exchanging);
	state_read_bool(reader, "renewed", &s->renewed);
	if (reader->error == 0 && !json_get_integer(reader->object, "resumes", &s->resumes))
		state_refuse(reader, "resumes");
	state_read_seconds(reader, "expires_at", &s->expires_at);
	bad = reader->error < 0 ? NULL : registry_session_bad_member(s);
	if (bad)
		state_refuse(reader, bad);
	if (reader->error < 0)
		return reader->error;
	r = name_table_append(&registry->sessions, s);
	if (r == 0)
		s = NULL; /* is the registry's */
	return r;
}

static int finished_read(struct state_reader *reader, struct registry *registry)
{
	_cleanup_(registry_finished_freep) struct registry_finished *f = calloc(1, sizeof(*f));
	const char *outcome = json_get_string(reader->object, "outcome");
	const char *bad;

	if (!f)
		return ERR_NOMEM;
	state_read_into(reader, "token_sha256", f->token_digest, sizeof(f->token_digest));
	state_read_into(reader, "result", f->result, sizeof(f->result));
	/* A file of an earlier version has none. */
	if (json_get(reader->object, "start"))
		state_read_into(reader, "start", f->start, sizeof(f->start));
	state_read_into(reader, "account", f->account, sizeof(f->account));
	state_read_text(reader, "server", &f->server);
	state_read_text_or_null(reader, "user", &f->user);
	state_read_text_or_null(reader, "expected", &f->expected);
	state_read_text_or_null(reader, "detail", &f->detail);
	f->outcome = outcome_from_code(outcome);
	state_read_seconds(reader, "finished_at", &f->finished_at);
	bad = reader->error < 0 ? NULL : registry_finished_bad_member(f);
	if (bad)
		state_refuse(reader, bad);
	if (reader->error < 0)
		return reader->error;
	registry_finished_append(registry, TAKE_PTR(f));
	return 0;
}

static int accounts_read(const struct json *root, struct registry *registry,
			 struct err_detail *where)
{
	const struct json *members = json_get(root, "accounts");

	if (!json_is_object(members))
		return err_set(where, ERR_DAMAGED, "\"accounts\" is missing or not an object");
	for (const struct json *m = json_first(members); m; m = json_next(m)) {
		struct state_reader reader = {.object = m, .inside = ""};
		int r;

		if (!account_name_valid(json_key(m)))
			return err_set(where, ERR_DAMAGED, "a name in \"accounts\" is not one");
		r = account_read(&reader, json_key(m), registry);
		if (r < 0)
			return err_set(where, r,
				       "account %s: \"%s\" is missing or not what it should be",
				       json_key(m), reader.member);
	}
	name_table_sort(&registry->accounts);
	return 0;
}

static int list_read(const struct json *root, const char *key,
		     int (*read_one)(struct state_reader *reader, struct registry *registry),
		     struct registry *registry, struct err_detail *where)
{
	const struct json *list = json_get(root, key);
	size_t number = 0;

	if (!json_is_array(list))
		return err_set(where, ERR_DAMAGED, "\"%s\" is missing or not an array", key);
	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		struct state_reader reader = {.object = item, .inside = ""};
		int r = read_one(&reader, registry);

		number++;
		if (r < 0)
			return err_set(where, r,
				       "number %zu in \"%s\": \"%s\" is missing or not what it "
				       "should be",
				       number, key, reader.member);
	}
	return 0;
}

int registry_from_json(const struct json *root, struct registry *registry, struct err_detail *where)
{
	bool repeat = false;
	int r = accounts_read(root, registry, where);

	if (r == 0)
		r = list_read(root, "apps", app_read, registry, where);
	if (r == 0)
		r = list_read(root, "sessions", session_read, registry, where);
	if (r == 0)
		r = list_read(root, "finished", finished_read, registry, where);
	if (r == 0)
		r = registry_apps_repeat(registry, &repeat);
	if (r < 0)
		return r;
	if (repeat)
		return err_set(where, ERR_DAMAGED, "an app is there twice");
	if (name_table_sort(&registry->sessions))
		return err_set(where, ERR_DAMAGED, "an account has two sessions");
	return 0;
}

/* Writing */

static int account_write(struct json *object, const struct registry_account *account)
{
	if (json_add_string(object, "server", account->server.origin) < 0 ||
	    state_add_permission(object, "permission", account->permission) < 0 ||
	    json_add_string(object, "user", account->user) < 0)
		return ERR_NOMEM;
	return 0;
}

static int app_write(struct json *object, const struct registry_app *app)
{
	if (json_add_string(object, "server", app->server) < 0 ||
	    json_add_string(object, "name", app->name) < 0 ||
	    json_add_string(object, "description", app->description) < 0 ||
	    state_add_permission(object, "permission", app->permission) < 0 ||
	    json_add_string(object, "callback_url", app->callback_url) < 0 ||
	    json_add_string(object, "id", app->id) < 0 ||
	    json_add_string(object, "secret", secret_reveal(&app->secret)) < 0 ||
	    json_add_integer(object, "created_at", app->created_at) < 0)
		return ERR_NOMEM;
	return 0;
}

static int session_write(struct json *object, const struct registry_session *session)
{
	if (json_add_string(object, "account", session->account) < 0 ||
	    json_add_string(object, "server", session->server) < 0 ||
	    json_add_string(object, "app_id", session->app_id) < 0 ||
	    json_add_string(object, "token", secret_reveal(&session->token)) < 0 ||
	    json_add_string(object, "consent_url", session->consent_url) < 0 ||
	    json_add_string(object, "start", session->start) < 0 ||
	    json_add_bool(object, "start_used", session->start_used) < 0 ||
	    json_add_bool(object, "start_raced", session->start_raced) < 0 ||
	    json_add_string(object, "proof", proof_text[session->proof]) < 0 ||
	    json_add_bool(object, "page_given", session->page_given) < 0 ||
	    json_add_string(object, "browser_problem", session->browser_problem) < 0 ||
	    json_add_string(object, "cookie", session->cookie) < 0 ||
	    json_add_string(object, "result", session->result) < 0 ||
	    json_add_bool(object, "browser", session->browser) < 0 ||
	    json_add_bool(object, "exchanging", session->exchanging) < 0 ||
	    json_add_integer(object, "resumes", session->resumes) < 0 ||
	    json_add_bool(object, "renewed", session->renewed) < 0 ||
	    json_add_integer(object, "expires_at", session->expires_at) < 0)
		return ERR_NOMEM;
	return 0;
}

static int finished_write(struct json *object, const struct registry_finished *finished)
{
	if (json_add_string(object, "token_sha256", finished->token_digest) < 0 ||
	    json_add_string(object, "result", finished->result) < 0 ||
	    json_add_string(object, "start", finished->start) < 0 ||
	    json_add_string(object, "account", finished->account) < 0 ||
	    json_add_string(object, "server", finished->server) < 0 ||
	    json_add_string(object, "user", finished->user) < 0 ||
	    json_add_string(object, "expected", finished->expected) < 0 ||
	    json_add_string(object, "detail", finished->detail) < 0 ||
	    json_add_string(object, "outcome", outcome_code(finished->outcome)) < 0 ||
	    json_add_integer(object, "finished_at", finished->finished_at) < 0)
		return ERR_NOMEM;
	return 0;
}

static int add_accounts(struct json *root, const struct registry *registry)
{
	_cleanup_(json_freep) struct json *members = json_new_object();

	for (size_t i = 0; i < registry->accounts.count; i++) {
		const struct registry_account *account = registry->accounts.rows[i];
		_cleanup_(json_freep) struct json *object = json_new_object();

		if (!members || !object || account_write(object, account) < 0 ||
		    json_add(members, account->name, TAKE_PTR(object)) < 0)
			return ERR_NOMEM;
	}
	return json_add(root, "accounts", TAKE_PTR(members));
}

static int add_apps(struct json *root, const struct registry *registry)
{
	_cleanup_(json_freep) struct json *list = json_new_array();

	for (size_t i = 0; i < registry->app_count; i++) {
		_cleanup_(json_freep) struct json *object = json_new_object();

		if (!list || !object || app_write(object, registry->apps[i]) < 0 ||
		    json_append(list, TAKE_PTR(object)) < 0)
			return ERR_NOMEM;
	}
	return json_add(root, "apps", TAKE_PTR(list));
}

static int add_sessions(struct json *root, const struct registry *registry)
{
	_cleanup_(json_freep) struct json *list = json_new_array();

	for (size_t i = 0; i < registry->sessions.count; i++) {
		_cleanup_(json_freep) struct json *object = json_new_object();

		if (!list || !object || session_write(object, registry->sessions.rows[i]) < 0 ||
		    json_append(list, TAKE_PTR(object)) < 0)
			return ERR_NOMEM;
	}
	return json_add(root, "sessions", TAKE_PTR(list));
}

static int add_finished(struct json *root, const struct registry *registry, int64_t unix_s)
{
	_cleanup_(json_freep) struct json *list = json_new_array();

	for (size_t i = 0; i < registry->finished_count; i++) {
		_cleanup_(json_freep) struct json *object = NULL;

		if (registry_finished_is_old(registry->finished[i], unix_s))
			continue;
		object = json_new_object();
		if (!list || !object || finished_write(object, registry->finished[i]) < 0 ||
		    json_append(list, TAKE_PTR(object)) < 0)
			return ERR_NOMEM;
	}
	return json_add(root, "finished", TAKE_PTR(list));
}

int registry_to_json(const struct registry *registry, int64_t unix_s, struct buf *text)
{
	_cleanup_(json_freep) struct json *root = json_new_object();
	int r;

	if (!root || json_add_integer(root, "version", REGISTRY_VERSION) < 0 ||
	    add_accounts(root, registry) < 0 || add_apps(root, registry) < 0 ||
	    add_sessions(root, registry) < 0 || add_finished(root, registry, unix_s) < 0)
		return ERR_NOMEM;
	r = json_print(root, true, text);
	buf_append_char(text, '\n');
	return r < 0 ? r : buf_error(text);
}
