/* SPDX-License-Identifier: MIT */
#include "store/registry.h"

#include <string.h>

#include "common/fsx.h"
#include "registry_rows.h"
#include "state_file.h"

static const struct state_file file = {
	.name = REGISTRY_FILE,
	.max_bytes = REGISTRY_MAX_BYTES,
	.version = REGISTRY_VERSION,
	.damaged_advice =
		"No credential is in it; to go on without the logins that were under way and "
		"the accounts that were made by login, move it away",
	.version_advice =
		"It was left as it is; update misskey-authd, or, to go on without the logins "
		"that were under way, move it away",
};

static int read_file(struct registry *registry, struct err_detail *detail)
{
	_cleanup_(json_freep) struct json *root = NULL;
	struct err_detail where = {0};
	int r = state_file_read(&file, registry->dirfd, &root, detail);

	if (r < 0 || !root)
		return r;
	r = registry_from_json(root, registry, &where);
	if (r == ERR_DAMAGED)
		return state_file_damaged(&file, registry->dirfd, where.text, detail);
	return r < 0 ? err_set(detail, r, "Cannot read %s: %s", file.name, err_text(r)) : 0;
}

int registry_open(int dirfd, struct registry **ret_registry, struct err_detail *detail)
{
	_cleanup_(registry_freep) struct registry *registry = calloc(1, sizeof(*registry));
	int r;

	if (!registry)
		return err_set(detail, ERR_NOMEM, "Cannot read %s: %s", file.name,
			       err_text(ERR_NOMEM));
	registry->dirfd = dirfd;
	r = read_file(registry, detail);
	if (r < 0)
		return r;
	*ret_registry = TAKE_PTR(registry);
	return 0;
}

int registry_save(struct registry *registry, int64_t unix_s, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf text = {0};
	int r = registry_to_json(registry, unix_s, &text);

	if (r == 0 && text.size > REGISTRY_MAX_BYTES)
		r = ERR_LIMIT; /* could not be read again */
	if (r < 0)
		return err_set(detail, r, "Cannot write %s: %s", file.name, err_text(r));
	r = fsx_write(registry->dirfd, file.name, buf_text(&text), text.size, detail);
	if (r == 0)
		registry_finished_forget_old(registry, unix_s);
	return r;
}

void registry_free(struct registry *registry)
{
	if (!registry)
		return;
	for (size_t i = 0; i < registry->accounts.count; i++)
		registry_account_free(registry->accounts.rows[i]);
	name_table_done(&registry->accounts);
	for (size_t i = 0; i < registry->sessions.count; i++)
		registry_session_free(registry->sessions.rows[i]);
	name_table_done(&registry->sessions);
	registry_apps_free(registry);
	for (size_t i = 0; i < registry->finished_count; i++)
		registry_finished_free(registry->finished[i]);
	free(registry);
}

/* Accounts */

size_t registry_account_count(const struct registry *registry)
{
	return registry->accounts.count;
}

const struct registry_account *registry_account_at(const struct registry *registry, size_t index)
{
	return registry->accounts.rows[index];
}

const struct registry_account *registry_account_find(const struct registry *registry,
						     const char *name)
{
	return name_table_find(&registry->accounts, name);
}

int registry_account_put(struct registry *registry, const struct registry_account *account)
{
	_cleanup_(registry_account_freep) struct registry_account *copy = NULL;
	void *old = NULL;
	int r = registry_account_copy(account, &copy);

	if (r == 0)
		r = name_table_put(&registry->accounts, copy, &old);
	if (r < 0)
		return r;
	/* Only now: ACCOUNT's strings may be those of the old one. */
	copy = NULL;
	registry_account_free(old);
	return 0;
}

void registry_account_remove(struct registry *registry, const char *name)
{
	registry_account_free(name_table_take(&registry->accounts, name));
}

/* Sessions */

size_t registry_session_count(const struct registry *registry)
{
	return registry->sessions.count;
}

const struct registry_session *registry_session_at(const struct registry *registry, size_t index)
{
	return registry->sessions.rows[index];
}

const struct registry_session *registry_session_find(const struct registry *registry,
						     const char *account)
{
	return name_table_find(&registry->sessions, account);
}

struct registry_session *registry_session_edit(struct registry *registry, const char *account)
{
	return name_table_find(&registry->sessions, account);
}

bool registry_session_is_trusted(const struct registry_session *session)
{
	return !session->start[0] || session->proof == REGISTRY_PROOF_OWNER ||
	       (session->proof == REGISTRY_PROOF_COOKIE && !session->start_raced);
}

void registry_session_set_problem(struct registry *registry, const char *account,
				  const char *problem)
{
	struct registry_session *session = registry_session_edit(registry, account);

	if (!session)
		return;
	free(session->browser_problem);
	session->browser_problem = problem ? strdup(problem) : NULL;
}

enum session_key { KEY_TOKEN, KEY_START, KEY_RESULT };

static bool session_has(const struct registry_session *session, enum session_key key,
			const char *value)
{
	switch (key) {
	case KEY_TOKEN:
		return secret_equal_text(&session->token, value);
	case KEY_START:
		return digest_text_equal(session->start, value);
	case KEY_RESULT:
		return digest_text_equal(session->result, value);
	}
	return false;
}

/* Looks at every session, found or not: the time tells nothing about which one it is. */
static const struct registry_session *session_by(const struct registry *registry,
						 enum session_key key, const char *value)
{
	const struct registry_session *found = NULL;

	if (!*value)
		return NULL;
	for (size_t i = 0; i < registry->sessions.count; i++) {
		if (session_has(registry->sessions.rows[i], key, value))
			found = registry->sessions.rows[i];
	}
	return found;
}

const struct registry_session *registry_session_by_token(const struct registry *registry,
							 const char *token)
{
	return session_by(registry, KEY_TOKEN, token);
}

const struct registry_session *registry_session_by_start(const struct registry *registry,
							 const char *start)
{
	return session_by(registry, KEY_START, start);
}

const struct registry_session *registry_session_by_result(const struct registry *registry,
							  const char *result)
{
	return session_by(registry, KEY_RESULT, result);
}

int registry_session_put(struct registry *registry, const struct registry_session *session)
{
	_cleanup_(registry_session_freep) struct registry_session *copy = NULL;
	void *old = NULL;
	int r = registry_session_copy(session, &copy);

	if (r == 0)
		r = name_table_put(&registry->sessions, copy, &old);
	if (r < 0)
		return r;
	/* Only now: SESSION's strings may be those of the old one. */
	copy = NULL;
	registry_session_free(old);
	return 0;
}

void registry_session_remove(struct registry *registry, const char *account)
{
	registry_session_free(name_table_take(&registry->sessions, account));
}
