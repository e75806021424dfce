/* SPDX-License-Identifier: MIT */

/* Proves: everything put into the registry is there after a restart; damage in any form is refused
 * with the file, the place and the next step; look-ups find exactly what was put; what happens to a
 * session is saved; spare apps, and finished sessions by number and age, are dropped; a full disk
 * leaves the old file; secrets are erased. Linked with alloc_fault.h's
 * --wrap options and -Wl,--wrap=strdup. */

#include "common/fsx.h"
#include "common/json.h"
#include "store/registry.h"
#include "support/alloc_fault.h"
#include "support/state_directory.h"

#define NOW INT64_C(1795348800) /* 2026-11-22T12:00:00Z */
#define SERVER "https://misskey.example"
#define TOKEN "token-" ALLOC_MARKER

char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
	char *copy = __wrap_malloc(strlen(text) + 1);

	return copy ? strcpy(copy, text) : NULL;
}

/* Entries whose strings are literals: what is put is copied. */

static char *text(const char *literal)
{
	return (char *)(uintptr_t)literal;
}

/* What put_app() puts, but for its id, secret and time. */
static struct registry_app wanted_app(void)
{
	return (struct registry_app){
		.account = "alice",
		.server = text(SERVER),
		.name = text("misskey-authd \"☕\""),
		.description = text(""),
		.permission = text("read:account,write:notes"),
		.callback_url = text("http://127.0.0.1:41987/callback"),
	};
}

static int put_app(struct registry *registry, const char *id, int64_t created_at)
{
	struct registry_app app = wanted_app();
	int r;

	app.id = text(id);
	app.created_at = created_at;
	assert_int_equal(secret_set_text(&app.secret, "secret-" ALLOC_MARKER), 0);
	r = registry_app_put(registry, &app);
	secret_done(&app.secret);
	return r;
}

static const struct registry_app *find_app(const struct registry *registry)
{
	const struct registry_app wanted = wanted_app();

	return registry_app_find(registry, &wanted);
}

/* NUMBER is in the token, start, cookie and result. */
static int put_session(struct registry *registry, const char *account, const char *app_id,
		       unsigned number)
{
	struct registry_session session = {
		.from_config = number % 2 == 1,
		.user = number % 2 == 1 ? text("名前") : NULL,
		.replace = number % 2 == 1,
		.server = text(SERVER),
		.method = METHOD_APP,
		.permission = text("read:account"),
		.app_name = text("misskey-authd"),
		.description = text(""),
		.callback_url = text("http://127.0.0.1:41987/callback"),
		.app_id = text(app_id),
		.consent_url = text(SERVER "/auth/" TOKEN),
		.start_used = true,
		.page_given = number % 2 == 1,
		.browser_problem = number % 2 == 1 ? text("it \"ended\"") : NULL,
		.browser = true,
		.exchanging = number % 2 == 0,
		.resumes = number == 1 ? REGISTRY_RESUMES_MAX : 0,
		.renewed = number % 2 == 1,
		.expires_at = NOW + 1800,
	};
	char token[64];
	int r;

	snprintf(session.account, sizeof(session.account), "%s", account);
	snprintf(session.start, sizeof(session.start), "a%031u", number);
	snprintf(session.cookie, sizeof(session.cookie), "b%031u", number);
	snprintf(session.result, sizeof(session.result), "c%031u", number);
	snprintf(token, sizeof(token), TOKEN "-%u", number);
	r = secret_set_text(&session.token, token);
	if (r == 0)
		r = registry_session_put(registry, &session);
	secret_done(&session.token);
	return r;
}

static int add_finished(struct registry *registry, unsigned number, int64_t finished_at)
{
	struct registry_finished finished = {
		.account = "alice",
		.server = text(SERVER),
		.user = text("bob"),
		.expected = text("alice"),
		.detail = text("it said \"no\""),
		.method = METHOD_MIAUTH,
		.outcome = OUTCOME_WRONG_USER,
		.finished_at = finished_at,
	};
	char token[32];

	snprintf(token, sizeof(token), "finished-%u", number);
	assert_int_equal(digest_sha256_hex(token, strlen(token), "", 0, finished.token_digest), 0);
	snprintf(finished.result, sizeof(finished.result), "d%031u", number);
	snprintf(finished.start, sizeof(finished.start), "e%031u", number);
	return registry_finished_add(registry, &finished);
}

static const struct registry_finished *find_finished(const struct registry *registry,
						     unsigned number)
{
	const struct registry_finished *found;
	char key[40];

	snprintf(key, sizeof(key), "finished-%u", number);
	found = registry_finished_by_token(registry, key);
	snprintf(key, sizeof(key), "d%031u", number);
	assert_ptr_equal(registry_finished_by_result(registry, key), found);
	key[0] = 'e';
	assert_ptr_equal(registry_finished_by_start(registry, key), found);
	return found;
}

static struct registry *open_registry(void)
{
	struct registry *registry = NULL;
	int r = registry_open(root_fd, &registry, &detail);

	if (r < 0)
		print_error("%s\n", detail.text);
	assert_int_equal(r, 0);
	return registry;
}

static struct registry *filled(void)
{
	struct registry *registry = open_registry();

	assert_int_equal(put_app(registry, "9app", NOW - 10), 0);
	assert_int_equal(put_session(registry, "alice", "9app", 1), 0);
	assert_int_equal(put_session(registry, "bob", "9app", 2), 0);
	assert_int_equal(add_finished(registry, 1, NOW - 5), 0);
	return registry;
}

static void save(struct registry *registry)
{
	int r = registry_save(registry, NOW, &detail);

	if (r < 0)
		print_error("%s\n", detail.text);
	assert_int_equal(r, 0);
}

static void assert_filled(const struct registry *registry)
{
	const struct registry_app *app = find_app(registry);
	const struct registry_session *session = registry_session_find(registry, "alice");
	const struct registry_finished *finished = find_finished(registry, 1);

	assert_string_equal(app->id, "9app");
	assert_ptr_equal(registry_app_by_id(registry, "alice", SERVER, "9app"), app);
	assert_string_equal(secret_reveal(&app->secret), "secret-" ALLOC_MARKER);
	assert_int_equal(app->created_at, NOW - 10);

	assert_int_equal(registry_session_count(registry), 2);
	assert_ptr_equal(registry_session_at(registry, 0), session);
	assert_true(session->from_config && session->replace);
	assert_string_equal(session->user, "名前");
	assert_null(registry_session_at(registry, 1)->user);
	assert_false(registry_session_at(registry, 1)->from_config ||
		     registry_session_at(registry, 1)->replace);
	assert_string_equal(session->server, SERVER);
	assert_string_equal(session->app_id, "9app");
	assert_string_equal(secret_reveal(&session->token), TOKEN "-1");
	assert_string_equal(session->consent_url, SERVER "/auth/" TOKEN);
	assert_string_equal(session->start, "a0000000000000000000000000000001");
	assert_string_equal(session->cookie, "b0000000000000000000000000000001");
	assert_string_equal(session->result, "c0000000000000000000000000000001");
	assert_true(session->start_used && session->browser && session->renewed);
	assert_true(session->page_given);
	assert_string_equal(session->browser_problem, "it \"ended\"");
	assert_null(registry_session_at(registry, 1)->browser_problem);
	assert_false(session->start_raced || session->exchanging);
	assert_true(registry_session_at(registry, 1)->exchanging);
	assert_int_equal(session->resumes, REGISTRY_RESUMES_MAX);
	assert_int_equal(session->expires_at, NOW + 1800);

	assert_string_equal(finished->account, "alice");
	assert_string_equal(finished->server, SERVER);
	assert_string_equal(finished->user, "bob");
	assert_string_equal(finished->expected, "alice");
	assert_string_equal(finished->detail, "it said \"no\"");
	assert_int_equal(finished->outcome, OUTCOME_WRONG_USER);
	assert_int_equal(finished->finished_at, NOW - 5);
}

static void test_everything_survives_a_restart(void **state)
{
	struct registry *registry = filled();

	(void)state;
	assert_filled(registry);
	assert_false(exists("registry.json")); /* nothing is written before it is saved */
	save(registry);
	assert_int_equal(mode_of("registry.json"), 0600);
	assert_filled(registry);
	registry_free(registry);
	registry = open_registry();
	assert_filled(registry);
	registry_free(registry);
	assert_int_equal(alloc_unerased, 0);
}

static void test_sessions_are_looked_up(void **state)
{
	struct registry *registry = filled();
	const struct registry_session *bob = registry_session_find(registry, "bob");

	(void)state;
	assert_ptr_equal(registry_session_by_token(registry, TOKEN "-2"), bob);
	assert_ptr_equal(registry_session_by_start(registry, "a0000000000000000000000000000002"),
			 bob);
	assert_ptr_equal(registry_session_by_result(registry, "c0000000000000000000000000000002"),
			 bob);
	assert_null(registry_session_by_token(registry, TOKEN));
	assert_null(registry_session_by_token(registry, TOKEN "-20"));
	assert_null(registry_session_by_start(registry, "c0000000000000000000000000000002"));
	assert_null(registry_session_by_result(registry, "a0000000000000000000000000000002"));
	registry_session_remove(registry, "bob");
	registry_session_remove(registry, "nobody");
	assert_null(registry_session_find(registry, "bob"));
	assert_null(registry_session_by_token(registry, TOKEN "-2"));
	registry_free(registry);
	assert_int_equal(alloc_unerased, 0);
}

static void test_a_session_without_browser_is_not_found_by_nothing(void **state)
{
	struct registry *registry = filled();
	struct registry_session changed = *registry_session_find(registry, "alice");

	(void)state;
	/* Its strings are the registry's own: they must live until they are copied. */
	changed.start[0] = '\0';
	changed.cookie[0] = '\0';
	changed.browser = false;
	changed.exchanging = true;
	assert_int_equal(registry_session_put(registry, &changed), 0);
	assert_int_equal(registry_session_count(registry), 2);
	assert_true(registry_session_find(registry, "alice")->exchanging);
	assert_null(registry_session_by_start(registry, ""));
	assert_null(registry_session_by_token(registry, ""));
	assert_null(registry_session_by_result(registry, ""));
	assert_null(registry_finished_by_token(registry, ""));
	assert_null(registry_finished_by_result(registry, ""));
	assert_null(registry_finished_by_start(registry, ""));
	save(registry);
	registry_free(registry);
	registry = open_registry();
	assert_string_equal(registry_session_find(registry, "alice")->start, "");
	assert_null(registry_session_by_start(registry, ""));
	registry_free(registry);
}

static struct registry *reopened(struct registry *registry)
{
	registry_free(registry);
	return open_registry();
}

static void test_a_session_of_miauth_has_no_app(void **state)
{
	struct registry *registry = filled();
	struct registry_session session = *registry_session_find(registry, "alice");

	(void)state;
	session.method = METHOD_MIAUTH;
	assert_int_equal(registry_session_put(registry, &session), ERR_INVALID);
	session.app_id = NULL;
	session.method = METHOD_APP;
	assert_int_equal(registry_session_put(registry, &session), ERR_INVALID);
	session.method = METHOD_AUTO;
	assert_int_equal(registry_session_put(registry, &session), ERR_INVALID);
	session.method = METHOD_MIAUTH;
	assert_int_equal(registry_session_put(registry, &session), 0);
	save(registry);
	registry = reopened(registry);
	session = *registry_session_find(registry, "alice");
	assert_int_equal(session.method, METHOD_MIAUTH);
	assert_null(session.app_id);
	assert_null(registry_session_app(registry, &session));
	assert_string_equal(session.permission, "read:account");
	assert_string_equal(session.app_name, "misskey-authd");
	assert_string_equal(session.callback_url, "http://127.0.0.1:41987/callback");
	/* The account's apps are all spare then. */
	for (unsigned n = 0; n < REGISTRY_SPARE_APPS + 2; n++) {
		struct registry_app app = wanted_app();
		char id[8];

		snprintf(id, sizeof(id), "s%u", n);
		app.id = id;
		assert_int_equal(secret_set_text(&app.secret, "x"), 0);
		assert_int_equal(registry_app_put(registry, &app), 0);
		secret_done(&app.secret);
	}
	registry_free(registry);
}

static void test_what_happens_to_a_session_is_saved(void **state)
{
	struct registry *registry = filled();
	bool any;

	(void)state;
	assert_int_equal(registry_mark_resumed(registry, NOW, &any, &detail), 0);
	assert_true(any);
	registry = reopened(registry);
	assert_int_equal(registry_session_mark_exchanging(registry, "alice", NOW, &detail), 0);
	registry = reopened(registry);
	assert_int_equal(registry_session_find(registry, "bob")->resumes, 1);
	assert_true(registry_session_find(registry, "alice")->exchanging);
	assert_int_equal(registry_session_mark_proof(registry, "alice", REGISTRY_PROOF_COOKIE, true,
						     NOW, &detail),
			 0);
	registry = reopened(registry);
	assert_int_equal(
		registry_session_mark_browser_failed(registry, "bob", "no browser", NOW, &detail),
		0);
	registry = reopened(registry);
	assert_int_equal(registry_session_find(registry, "alice")->proof, REGISTRY_PROOF_COOKIE);
	assert_string_equal(registry_session_find(registry, "bob")->browser_problem, "no browser");
	assert_true(registry_session_is_trusted(registry_session_find(registry, "alice")));
	assert_int_equal(registry_session_mark_used(registry, "alice", true, NOW, &detail), 0);
	registry = reopened(registry);
	assert_int_equal(registry_session_mark_used(registry, "bob", false, NOW, &detail), 0);
	registry = reopened(registry);
	assert_false(registry_session_is_trusted(registry_session_find(registry, "alice")));
	assert_true(registry_session_find(registry, "bob")->page_given);
	assert_null(registry_session_find(registry, "bob")->browser_problem);
	assert_int_equal(registry_session_forget_callback(registry, "alice", NOW, &detail), 0);
	registry = reopened(registry);
	assert_int_equal(registry_forget_resumed(registry, NOW, &detail), 0);
	registry = reopened(registry);
	assert_false(registry_session_find(registry, "alice")->exchanging);
	assert_int_equal(registry_session_find(registry, "alice")->proof, REGISTRY_PROOF_NONE);
	assert_int_equal(registry_session_find(registry, "bob")->resumes, 0);
	registry_free(registry);
}

static void test_an_account_is_renamed(void **state)
{
	struct registry *registry = filled();
	struct registry_app wanted = wanted_app();

	(void)state;
	registry_rename(registry, "alice", "carol");
	assert_null(find_app(registry));
	strcpy(wanted.account, "carol");
	assert_string_equal(registry_app_find(registry, &wanted)->id, "9app");
	assert_string_equal(find_finished(registry, 1)->account, "carol");
	save(registry);
	registry_free(registry);
	registry = open_registry();
	assert_string_equal(registry_app_find(registry, &wanted)->id, "9app");
	assert_string_equal(find_finished(registry, 1)->account, "carol");
	registry_free(registry);
}

/* What differs in one thing is another app. */
static void assert_not_found(const struct registry *registry, const struct registry_app *wanted)
{
	assert_null(registry_app_find(registry, wanted));
}

static void test_the_newest_fitting_app_is_found(void **state)
{
	struct registry *registry = filled();
	struct registry_app wanted;

	(void)state;
	assert_int_equal(put_app(registry, "newer", NOW), 0);
	assert_int_equal(put_app(registry, "older", NOW - 100), 0);
	assert_string_equal(find_app(registry)->id, "newer");
	assert_int_equal(put_app(registry, "later", NOW), 0);
	assert_string_equal(find_app(registry)->id, "later");
	assert_int_equal(put_app(registry, "newer", NOW + 1), 0);
	assert_string_equal(find_app(registry)->id, "newer");
	registry_app_remove(registry, "alice", SERVER, "newer");
	assert_null(registry_app_by_id(registry, "alice", SERVER, "newer"));
	registry_app_remove(registry, "alice", "https://other.example", "later");
	assert_string_equal(find_app(registry)->id, "later");
	wanted = wanted_app();
	wanted.permission = text("read:account");
	assert_not_found(registry, &wanted);
	wanted = wanted_app();
	wanted.callback_url = text("http://127.0.0.1:41988/callback");
	assert_not_found(registry, &wanted);
	wanted = wanted_app();
	wanted.description = text("x");
	assert_not_found(registry, &wanted);
	/* No two accounts share an app: who withdraws one keeps the other. */
	wanted = wanted_app();
	strcpy(wanted.account, "bob");
	assert_not_found(registry, &wanted);
	assert_null(registry_app_by_id(registry, "alice", "https://other.example", "later"));
	registry_free(registry);
}

static void test_the_oldest_spare_apps_are_dropped(void **state)
{
	struct registry *registry = filled();
	char id[16];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		snprintf(id, sizeof(id), "spare%u", i);
		assert_int_equal(put_app(registry, id, NOW + (i * 7) % 20), 0);
		/* What was made just now stays, even if the clock went back. */
		assert_non_null(registry_app_by_id(registry, "alice", SERVER, id));
	}
	assert_non_null(
		registry_app_by_id(registry, "alice", SERVER, "9app")); /* the session needs it */
	for (unsigned i = 0, kept = 0; i < 20; i++) {
		snprintf(id, sizeof(id), "spare%u", i);
		kept += registry_app_by_id(registry, "alice", SERVER, id) != NULL;
		if (i == 19)
			assert_int_equal(kept, REGISTRY_SPARE_APPS);
		else if ((i * 7) % 20 >= 14) /* made at one of the latest times */
			assert_non_null(registry_app_by_id(registry, "alice", SERVER, id));
	}
	save(registry);
	registry_free(registry);
	registry_free(open_registry());
}

static void test_an_accounts_apps_do_not_crowd_anothers(void **state)
{
	struct registry *registry = filled();
	struct registry_app app = *find_app(registry);
	char id[16];

	(void)state;
	strcpy(app.account, "aaron");
	for (unsigned i = 0; i < 20; i++) {
		snprintf(id, sizeof(id), "a%u", i);
		app.id = id;
		assert_int_equal(registry_app_put(registry, &app), 0);
		strcpy(app.account, i % 2 ? "aaron" : "zoe");
	}
	assert_string_equal(find_app(registry)->id, "9app");
	assert_non_null(registry_app_by_id(registry, "zoe", SERVER, "a19"));
	assert_null(registry_app_by_id(registry, "zoe", SERVER, "a1"));
	assert_null(registry_app_by_id(registry, "aaron", SERVER, "a0"));
	save(registry);
	registry_free(registry);
	registry = open_registry();
	assert_string_equal(find_app(registry)->id, "9app");
	registry_free(registry);
}

static void test_finished_sessions_are_limited_by_number(void **state)
{
	struct registry *registry = open_registry();

	(void)state;
	for (unsigned i = 0; i < REGISTRY_FINISHED_MAX + 3; i++)
		assert_int_equal(add_finished(registry, i, NOW), 0);
	assert_int_equal(add_finished(registry, 50, NOW - 1), 0); /* again: no second entry */
	assert_int_equal(find_finished(registry, 50)->finished_at, NOW - 1);
	save(registry);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < REGISTRY_FINISHED_MAX + 3; i++)
			assert_int_equal(find_finished(registry, i) != NULL, i >= 3);
		registry_free(registry);
		registry = open_registry();
	}
	registry_free(registry);
}

static void test_finished_sessions_are_limited_by_age(void **state)
{
	struct registry *registry = open_registry();

	(void)state;
	assert_int_equal(add_finished(registry, 1, NOW - REGISTRY_FINISHED_S), 0);
	assert_int_equal(add_finished(registry, 2, NOW - REGISTRY_FINISHED_S - 1), 0);
	assert_int_equal(add_finished(registry, 3, NOW + 1000), 0); /* the clock was set back */
	save(registry);
	for (unsigned round = 0; round < 2; round++) {
		assert_non_null(find_finished(registry, 1));
		assert_null(find_finished(registry, 2));
		assert_non_null(find_finished(registry, 3));
		registry_free(registry);
		registry = open_registry();
	}
	registry_free(registry);
}

static void test_a_detail_is_made_fit_to_be_read_again(void **state)
{
	struct registry *registry = open_registry();
	struct registry_finished finished = {
		.account = "alice",
		.server = text(SERVER),
		.detail = text("cut in a character \xe5\x90\x1b[31m"),
		.method = METHOD_APP,
		.outcome = OUTCOME_LOCAL,
		.finished_at = NOW,
		.result = "d0000000000000000000000000000001",
	};

	(void)state;
	memset(finished.token_digest, '0', SHA256_HEX_BYTES - 1);
	assert_int_equal(registry_finished_add(registry, &finished), 0);
	save(registry);
	registry_free(registry);
	registry = open_registry();
	assert_non_null(strstr(registry_finished_by_result(registry, finished.result)->detail,
			       "cut in a character"));
	registry_free(registry);
}

static void test_what_could_not_be_read_is_not_put(void **state)
{
	struct registry *registry = filled();
	struct registry_session session = *registry_session_find(registry, "alice");

	(void)state;
	session.user = text("\xff");
	assert_int_equal(registry_session_put(registry, &session), ERR_INVALID);
	session.user = NULL;
	assert_int_equal(put_app(registry, "not an id", NOW), ERR_INVALID);
	assert_int_equal(put_app(registry, "9", -1), ERR_INVALID);
	strcpy(session.result, "short");
	assert_int_equal(registry_session_put(registry, &session), ERR_INVALID);
	assert_int_equal(add_finished(registry, 7, INT64_MAX), ERR_INVALID);
	assert_filled(registry);
	registry_free(registry);
}

/* Damage */

static void assert_refused(const char *content, size_t size, int code, const char *where)
{
	struct registry *registry = NULL;
	char *after;

	put_bytes("registry.json", content, size, 0600);
	assert_int_equal(registry_open(root_fd, &registry, &detail), code);
	assert_null(registry);
	assert_detail(path_in_root("registry.json"));
	assert_detail(": mv '");
	assert_detail(where);
	assert_null(strstr(detail.text, ALLOC_MARKER));
	after = content_of("registry.json");
	assert_memory_equal(after, content, size);
	free(after);
}

static char *filled_content(void)
{
	struct registry *registry = filled();

	save(registry);
	registry_free(registry);
	return content_of("registry.json");
}

static void test_every_truncation_is_damage(void **state)
{
	char *content = filled_content();

	(void)state;
	for (size_t size = 0; size < strlen(content) - 1; size++)
		assert_refused(content, size, ERR_DAMAGED, "is damaged");
	free(content);
}

static void test_every_changed_byte_is_damage_or_harmless(void **state)
{
	static const char other[] = {'\0', '"', 'x', '\xff', '{', ','};
	char *content = filled_content();
	size_t size = strlen(content);

	(void)state;
	for (size_t i = 0; i < size * sizeof(other); i++) {
		char before = content[i / sizeof(other)];
		struct registry *registry = NULL;

		content[i / sizeof(other)] = other[i % sizeof(other)];
		put_bytes("registry.json", content, size, 0600);
		if (registry_open(root_fd, &registry, &detail) == 0)
			assert_int_equal(registry_session_count(registry), 2);
		registry_free(registry);
		content[i / sizeof(other)] = before;
	}
	free(content);
}

struct change {
	const char *old;
	const char *new;
	const char *where;
};

static const struct change damages[] = {
	{"\"version\": 1", "\"version\": true", "\"version\""},
	{"\"apps\": [", "\"apps\": {}, \"x\": [", "\"apps\""},
	{"\"apps\": [", "\"apps\": [7, ", "number 1 in \"apps\": \"account\""},
	{"\"name\": \"misskey", "\"n\": \"misskey", "number 1 in \"apps\": \"name\""},
	{"\"description\": \"\"", "\"description\": null", "\"description\""},
	{"\"id\": \"9app\"", "\"id\": \"9/app\"", "\"id\""},
	{"\"secret\": \"secret-" ALLOC_MARKER "\"", "\"secret\": \"\"", "\"secret\""},
	{"\"created_at\": 1795348790", "\"created_at\": \"1795348790\"", "\"created_at\""},
	{"\"created_at\": 1795348790", "\"created_at\": 1795348790.5", "\"created_at\""},
	{"\"created_at\": 1795348790", "\"created_at\": -1", "\"created_at\""},
	{"\"account\": \"alice\"", "\"account\": \"\"", "number 1 in \"apps\": \"account\""},
	{"\"from_config\": true", "\"from_config\": 1", "\"from_config\""},
	{"\"名前\"", "7", "number 1 in \"sessions\": \"user\""},
	{"\"replace\": true", "\"replace\": null", "\"replace\""},
	{"\"sessions\": [", "\"sessions\": null, \"x\": [", "\"sessions\""},
	{"\"account\": \"bob\"", "\"account\": \"\"", "number 2 in \"sessions\": \"account\""},
	{"\"account\": \"bob\"", "\"account\": \"alice\"", "two sessions"},
	{"\"token\": \"" TOKEN "-1\"", "\"token\": [\"" TOKEN "-1\"]", "\"token\""},
	{"\"start\": \"a0", "\"start\": \"A0", "\"start\""},
	{"\"start\": \"a0", "\"start\": \"a", "\"start\""},
	{"\"start\": \"a0", "\"start\": \"a00", "\"start\""},
	{"\"start_used\": true", "\"start_used\": 1", "\"start_used\""},
	{"\"start_raced\": false,", "", "\"start_raced\""},
	{"\"proof\": \"none\",", "\"proof\": \"hope\",", "\"proof\""},
	{"\"page_given\": true", "\"page_given\": 1", "\"page_given\""},
	{"\"it \\\"ended\\\"\"", "7", "\"browser_problem\""},
	{"\"cookie\": \"b0", "\"cookie\": \"g0", "\"cookie\""},
	{"\"result\": \"c0000000000000000000000000000001\"", "\"result\": \"\"", "\"result\""},
	{"\"browser\": true", "\"browser\": \"true\"", "\"browser\""},
	{"\"resumes\": 100", "\"resumes\": 101", "\"resumes\""},
	{"\"resumes\": 100", "\"resumes\": -1", "\"resumes\""},
	{"\"resumes\": 100", "\"resumes\": true", "\"resumes\""},
	{"\"expires_at\": 1795350600", "\"expires_at\": null", "\"expires_at\""},
	{"\"finished\": [", "\"finished\": 1, \"x\": [", "\"finished\""},
	{"\"token_sha256\": \"", "\"token_sha256\": \"0", "number 1 in \"finished\""},
	{"\"start\": \"e0000000000000000000000000000001\",", "",
	 "number 1 in \"finished\": \"start\""},
	{"\"outcome\": \"WRONG_USER\"", "\"outcome\": \"WRONG\"", "\"outcome\""},
	{"\"outcome\": \"WRONG_USER\"", "\"outcome\": \"\"", "\"outcome\""},
	{"\"finished_at\": 1795348795", "\"finished_at\": 9007199254740993", "\"finished_at\""},
	{"\"detail\": \"it", "\"detail\": \"\\nit", "\"detail\""},
};

static void test_wrong_members_are_damage(void **state)
{
	char *content = filled_content();

	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		char *changed = replaced(content, damages[i].old, damages[i].new);

		assert_refused(changed, strlen(changed), ERR_DAMAGED, damages[i].where);
		free(changed);
	}
	free(content);
}

static void test_unsorted_apps_are_damage(void **state)
{
	struct registry *registry = filled();
	struct registry_app app = *find_app(registry);
	char *content, *changed;

	(void)state;
	/* A server may give the same id to two accounts. */
	strcpy(app.account, "bob");
	assert_int_equal(registry_app_put(registry, &app), 0);
	save(registry);
	registry_free(registry);
	registry = open_registry();
	assert_string_equal(find_app(registry)->id, "9app");
	registry_free(registry);
	content = content_of("registry.json");
	changed = replaced(content, "\"account\": \"alice\"", "\"account\": \"carol\"");
	assert_refused(changed, strlen(changed), ERR_DAMAGED, "not sorted");
	free(content);
	free(changed);
}

static void test_a_newer_version_is_not_damage(void **state)
{
	(void)state;
	assert_refused("{\"version\": 2}", 14, ERR_VERSION, "update misskey-authd");
}

static void test_a_damaged_file_can_be_set_aside(void **state)
{
	char new_name[256];

	(void)state;
	assert_refused("{", 1, ERR_DAMAGED, "No credential is in it");
	assert_int_equal(fsx_set_aside(root_fd, REGISTRY_FILE, NOW, new_name, &detail), 0);
	registry_free(open_registry());
	assert_content(new_name, "{");
}

static void test_unsafe_files_are_refused_and_modes_tightened(void **state)
{
	struct registry *registry = filled();

	(void)state;
	save(registry);
	registry_free(registry);
	assert_int_equal(fchmodat(root_fd, "registry.json", 0666, 0), 0);
	registry_free(open_registry());
	assert_int_equal(mode_of("registry.json"), 0600);
	assert_int_equal(linkat(root_fd, "registry.json", root_fd, "second", 0), 0);
	assert_int_equal(registry_open(root_fd, &registry, &detail), ERR_UNSAFE);
	assert_int_equal(unlinkat(root_fd, "registry.json", 0), 0);
	assert_int_equal(symlinkat("second", root_fd, "registry.json"), 0);
	assert_int_equal(registry_open(root_fd, &registry, &detail), ERR_UNSAFE);
	assert_detail(path_in_root("registry.json"));
}

static void test_a_full_disk_leaves_the_old_file(void **state)
{
	struct registry *registry;

	(void)state;
	small_disk_or_skip("size=128k");
	registry = filled();
	save(registry);
	fill_disk();
	assert_int_equal(registry_session_mark_exchanging(registry, "alice", NOW, &detail),
			 ERR_NOSPACE);
	assert_false(registry_session_find(registry, "alice")->exchanging);
	registry_session_remove(registry, "alice");
	assert_int_equal(add_finished(registry, 9, NOW - 2 * REGISTRY_FINISHED_S), 0);
	assert_int_equal(registry_save(registry, NOW, &detail), ERR_NOSPACE);
	assert_detail(path_in_root("registry.json"));
	assert_non_null(find_finished(registry, 9)); /* memory stays as it was */
	assert_int_equal(count_files(root, ".tmp-"), 0);
	registry_free(registry);
	registry = open_registry();
	assert_filled(registry);
	registry_free(registry);
}

static void test_whichever_allocation_fails_nothing_changes(void **state)
{
	int r = ERR_NOMEM;

	(void)state;
	alloc_unerased = 0; /* other tests free texts of their own */
	for (unsigned long nth = 1; r < 0; nth++) {
		struct registry *registry = filled();
		struct registry *again = NULL;

		save(registry);
		alloc_fail_at = nth;
		r = put_session(registry, "carol", "9app", 3);
		if (r == 0)
			r = registry_save(registry, NOW, &detail);
		if (r == 0)
			r = registry_open(root_fd, &again, &detail);
		alloc_fail_at = 0;
		assert_true(r == 0 || r == ERR_NOMEM);
		registry_session_remove(registry, "carol");
		assert_filled(registry);
		save(registry);
		registry_free(registry);
		registry_free(again);
	}
	assert_int_equal(alloc_unerased, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_everything_survives_a_restart),
		TEST(test_sessions_are_looked_up),
		TEST(test_a_session_without_browser_is_not_found_by_nothing),
		TEST(test_a_session_of_miauth_has_no_app),
		TEST(test_what_happens_to_a_session_is_saved),
		TEST(test_an_account_is_renamed),
		TEST(test_the_newest_fitting_app_is_found),
		TEST(test_the_oldest_spare_apps_are_dropped),
		TEST(test_an_accounts_apps_do_not_crowd_anothers),
		TEST(test_finished_sessions_are_limited_by_number),
		TEST(test_finished_sessions_are_limited_by_age),
		TEST(test_a_detail_is_made_fit_to_be_read_again),
		TEST(test_what_could_not_be_read_is_not_put),
		TEST(test_every_truncation_is_damage),
		TEST(test_every_changed_byte_is_damage_or_harmless),
		TEST(test_wrong_members_are_damage),
		TEST(test_unsorted_apps_are_damage),
		TEST(test_a_newer_version_is_not_damage),
		TEST(test_a_damaged_file_can_be_set_aside),
		TEST(test_unsafe_files_are_refused_and_modes_tightened),
		TEST(test_a_full_disk_leaves_the_old_file),
		TEST(test_whichever_allocation_fails_nothing_changes),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
