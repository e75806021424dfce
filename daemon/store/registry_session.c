/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "registry_rows.h"

static const char *proof_word(unsigned value)
{
	static const char *const words[] = {
		[REGISTRY_PROOF_NONE] = "none",
		[REGISTRY_PROOF_COOKIE] = "cookie",
		[REGISTRY_PROOF_OWNER] = "owner",
	};

	return value < sizeof(words) / sizeof(words[0]) ? words[value] : NULL;
}

#define ID .form = ENTRY_HEX, .max = RANDOM_ID_BYTES - 1
#define AT(field) ENTRY_AT(struct registry_session, field)
static const struct entry_member members[] = {
	{"account", AT(account), .form = ENTRY_NAME},
	{"from_config", AT(from_config)},
	{"user", AT(user), .form = ENTRY_WORDS, .max = URL_USER_BYTES - 1, .may_be_null = true},
	{"replace", AT(replace)},
	{"server", AT(server), .form = ENTRY_ORIGIN},
	{"method", AT(method), .word = entry_method_word},
	{"permission", AT(permission), .form = ENTRY_PERMISSION},
	{"app_name", AT(app_name), .form = ENTRY_WORDS, .max = APP_TEXT_MAX_BYTES},
	{"description", AT(description), .form = ENTRY_WORDS, .max = APP_TEXT_MAX_BYTES,
	 .may_be_empty = true},
	{"callback_url", AT(callback_url), .form = ENTRY_WORDS, .max = URL_MAX_BYTES,
	 .may_be_empty = true},
	{"app_id", AT(app_id), .form = ENTRY_ID, .may_be_null = true},
	{"token", AT(token)},
	{"consent_url", AT(consent_url), .form = ENTRY_WORDS, .max = URL_MAX_BYTES},
	{"start", AT(start), ID, .may_be_empty = true},
	{"start_used", AT(start_used)},
	{"start_raced", AT(start_raced)},
	{"proof", AT(proof), .word = proof_word},
	{"page_given", AT(page_given)},
	{"browser_problem", AT(browser_problem), .may_be_null = true},
	{"cookie", AT(cookie), ID, .may_be_empty = true},
	{"result", AT(result), ID},
	{"browser", AT(browser)},
	{"exchanging", AT(exchanging)},
	{"resumes", AT(resumes), .max = REGISTRY_RESUMES_MAX},
	{"renewed", AT(renewed)},
	{"expires_at", AT(expires_at), .max = ENTRY_TIME_MAX},
	{0},
};
#undef AT
#undef ID

static const char *misfit(const void *entry)
{
	const struct registry_session *session = entry;

	return (session->method == METHOD_APP) == (session->app_id != NULL) ? NULL : "app_id";
}

const struct entry_kind registry_session_kind = {
	.list = "sessions",
	.size = sizeof(struct registry_session),
	.members = members,
	.repeated = "an account has two sessions",
	.misfit = misfit,
};

size_t registry_session_count(const struct registry *registry)
{
	return registry->lists[REGISTRY_SESSIONS].count;
}

const struct registry_session *registry_session_at(const struct registry *registry, size_t index)
{
	return registry->lists[REGISTRY_SESSIONS].rows[index];
}

static struct registry_session *find(struct registry *registry, const char *account)
{
	return name_table_find(&registry->lists[REGISTRY_SESSIONS], account);
}

const struct registry_session *registry_session_find(const struct registry *registry,
						     const char *account)
{
	return name_table_find(&registry->lists[REGISTRY_SESSIONS], account);
}

const struct registry_session *registry_session_by_token(const struct registry *registry,
							 const char *token)
{
	const struct registry_session *found = NULL;

	/* As registry_find_by(). */
	for (size_t i = 0; i < registry_session_count(registry); i++) {
		const struct registry_session *session = registry_session_at(registry, i);

		if (secret_equal_text(&session->token, token))
			found = session;
	}
	return found;
}

const struct registry_session *registry_session_by_start(const struct registry *registry,
							 const char *start)
{
	return registry_find_by(registry, REGISTRY_SESSIONS,
				offsetof(struct registry_session, start), start);
}

const struct registry_session *registry_session_by_result(const struct registry *registry,
							  const char *result)
{
	return registry_find_by(registry, REGISTRY_SESSIONS,
				offsetof(struct registry_session, result), result);
}

bool registry_session_is_trusted(const struct registry_session *session)
{
	return !session->start[0] || session->proof == REGISTRY_PROOF_OWNER ||
	       (session->proof == REGISTRY_PROOF_COOKIE && !session->start_raced);
}

const struct registry_app *registry_session_app(const struct registry *registry,
						const struct registry_session *session)
{
	return session->app_id ? registry_app_by_id(registry, session->account, session->server,
						    session->app_id)
			       : NULL;
}

/* Changes */

int registry_session_put(struct registry *registry, const struct registry_session *session)
{
	return entry_put(&registry_session_kind, &registry->lists[REGISTRY_SESSIONS], session);
}

void registry_session_remove(struct registry *registry, const char *account)
{
	entry_free(&registry_session_kind,
		   name_table_take(&registry->lists[REGISTRY_SESSIONS], account));
}

/* Without memory there is no problem. */
static void set_problem(struct registry_session *session, const char *problem)
{
	free(session->browser_problem);
	session->browser_problem = problem ? strdup(problem) : NULL;
}

int registry_session_mark_used(struct registry *registry, const char *account, bool raced,
			       int64_t unix_s, struct err_detail *detail)
{
	struct registry_session *session = find(registry, account);

	session->start_used = true;
	session->start_raced = raced;
	session->page_given = true;
	set_problem(session, NULL);
	return registry_save(registry, unix_s, detail);
}

int registry_session_mark_page_given(struct registry *registry, const char *account, int64_t unix_s,
				     struct err_detail *detail)
{
	find(registry, account)->page_given = true;
	return registry_save(registry, unix_s, detail);
}

void registry_session_offer_page(struct registry *registry, const char *account)
{
	find(registry, account)->page_given = false;
}

int registry_session_mark_browser_failed(struct registry *registry, const char *account,
					 const char *problem, int64_t unix_s,
					 struct err_detail *detail)
{
	struct registry_session *session = find(registry, account);

	set_problem(session, problem);
	session->page_given = false;
	return registry_save(registry, unix_s, detail);
}

static bool is_first(bool *is_done)
{
	return !*is_done && (*is_done = true);
}

bool registry_session_mark_led_back(struct registry *registry, const char *account)
{
	return is_first(&find(registry, account)->led_back);
}

bool registry_session_mark_refusal_told(struct registry *registry, const char *account)
{
	return is_first(&find(registry, account)->refusal_told);
}

int registry_session_mark_proof(struct registry *registry, const char *account,
				enum registry_proof proof, bool is_asked, int64_t unix_s,
				struct err_detail *detail)
{
	struct registry_session *session = find(registry, account);

	if (proof <= session->proof)
		return 0;
	session->proof = proof;
	if (is_asked)
		return registry_save(registry, unix_s, detail);
	session->exchanging = false;
	return 0;
}

int registry_session_mark_exchanging(struct registry *registry, const char *account, int64_t unix_s,
				     struct err_detail *detail)
{
	struct registry_session *session = find(registry, account);
	int r = 0;

	if (!session->exchanging) {
		session->exchanging = true;
		r = registry_save(registry, unix_s, detail);
		session->exchanging = r == 0;
	}
	return r;
}

int registry_session_forget_callback(struct registry *registry, const char *account, int64_t unix_s,
				     struct err_detail *detail)
{
	struct registry_session *session = find(registry, account);

	session->exchanging = false;
	session->proof = REGISTRY_PROOF_NONE;
	return registry_save(registry, unix_s, detail);
}

void registry_session_mark_answered(struct registry *registry, const char *account)
{
	find(registry, account)->resumes = 0;
}

int registry_mark_resumed(struct registry *registry, int64_t unix_s, bool *ret_any,
			  struct err_detail *detail)
{
	const struct name_table *sessions = &registry->lists[REGISTRY_SESSIONS];

	*ret_any = false;
	for (size_t i = 0; i < sessions->count; i++) {
		struct registry_session *session = sessions->rows[i];

		*ret_any = *ret_any || session->exchanging;
		if (session->exchanging && session->resumes < REGISTRY_RESUMES_MAX)
			session->resumes++;
	}
	return *ret_any ? registry_save(registry, unix_s, detail) : 0;
}

int registry_forget_resumed(struct registry *registry, int64_t unix_s, struct err_detail *detail)
{
	const struct name_table *sessions = &registry->lists[REGISTRY_SESSIONS];

	for (size_t i = 0; i < sessions->count; i++)
		((struct registry_session *)sessions->rows[i])->resumes = 0;
	return registry_save(registry, unix_s, detail);
}
