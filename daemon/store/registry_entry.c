/* SPDX-License-Identifier: MIT */
#include "registry_entry.h"

#include <string.h>

#include "common/permission.h"
#include "common/text.h"
#include "state_json.h"

/* Forms */

static bool is_random_id(const char *text)
{
	return state_is_hex(text, RANDOM_ID_BYTES - 1);
}

static bool is_user(const char *text)
{
	return state_is_words(text, URL_USER_BYTES - 1);
}

const char *registry_account_bad_member(const struct registry_account *account)
{
	if (!account_name_valid(account->name))
		return "name";
	if (!state_is_origin(account->server.origin))
		return "server";
	if (account->user && !is_user(account->user))
		return "user";
	return NULL;
}

const char *registry_app_bad_member(const struct registry_app *app)
{
	if (!state_is_origin(app->server))
		return "server";
	if (!state_is_words(app->name, REGISTRY_TEXT_MAX_BYTES))
		return "name";
	if (!app->description ||
	    (*app->description && !state_is_words(app->description, REGISTRY_TEXT_MAX_BYTES)))
		return "description";
	if (!app->callback_url ||
	    (*app->callback_url && !state_is_words(app->callback_url, URL_MAX_BYTES)))
		return "callback_url";
	if (!state_is_id(app->id))
		return "id";
	if (!secret_is_set(&app->secret))
		return "secret";
	if (!state_is_time(app->created_at))
		return "created_at";
	return NULL;
}

const char *registry_session_bad_member(const struct registry_session *session)
{
	if (!account_name_valid(session->account))
		return "account";
	if (!state_is_origin(session->server))
		return "server";
	if (!state_is_id(session->app_id))
		return "app_id";
	if (!secret_is_set(&session->token))
		return "token";
	if (!state_is_words(session->consent_url, URL_MAX_BYTES))
		return "consent_url";
	if (*session->start && !is_random_id(session->start))
		return "start";
	if (*session->cookie && !is_random_id(session->cookie))
		return "cookie";
	if (!is_random_id(session->result))
		return "result";
	if (session->resumes < 0 || session->resumes > REGISTRY_RESUMES_MAX)
		return "resumes";
	if (!state_is_time(session->expires_at))
		return "expires_at";
	return NULL;
}

const char *registry_finished_bad_member(const struct registry_finished *finished)
{
	if (!state_is_hex(finished->token_digest, SHA256_HEX_BYTES - 1))
		return "token_sha256";
	if (!is_random_id(finished->result))
		return "result";
	if (finished->start[0] && !is_random_id(finished->start))
		return "start";
	if (!account_name_valid(finished->account))
		return "account";
	if (!state_is_origin(finished->server))
		return "server";
	if (finished->user && !is_user(finished->user))
		return "user";
	if (finished->expected && !is_user(finished->expected))
		return "expected";
	if (finished->detail && !text_is_plain(finished->detail))
		return "detail";
	if (finished->outcome <= OUTCOME_NONE || finished->outcome >= OUTCOME_COUNT)
		return "outcome";
	if (!state_is_time(finished->finished_at))
		return "finished_at";
	return NULL;
}

/* Copies */

static int copy_permission(const char *from, char **ret_copy)
{
	int r = permission_parse(from, ret_copy, NULL);

	return r < 0 && r != ERR_NOMEM ? ERR_INVALID : r;
}

/* A sentence may quote what came from elsewhere, or have been cut inside a character. */
static int copy_detail(const char *from, char **ret_copy)
{
	_cleanup_(buf_done) struct buf text = {0};

	if (!from || !*from)
		return 0;
	text_append_printable(&text, from, REGISTRY_DETAIL_MAX_CHARS);
	*ret_copy = buf_take(&text);
	return *ret_copy ? 0 : ERR_NOMEM;
}

int registry_account_copy(const struct registry_account *from, struct registry_account **ret_copy)
{
	_cleanup_(registry_account_freep) struct registry_account *copy = calloc(1, sizeof(*copy));
	int r;

	if (!copy || state_copy_text(from->user, &copy->user) < 0)
		return ERR_NOMEM;
	memcpy(copy->name, from->name, sizeof(copy->name));
	/* The origin is what is written; the rest follows from it. */
	if (url_server_parse(from->server.origin, &copy->server, NULL) < 0)
		return ERR_INVALID;
	r = copy_permission(from->permission, &copy->permission);
	if (r < 0)
		return r;
	if (registry_account_bad_member(copy))
		return ERR_INVALID;
	*ret_copy = TAKE_PTR(copy);
	return 0;
}

int registry_app_copy(const struct registry_app *from, struct registry_app **ret_copy)
{
	_cleanup_(registry_app_freep) struct registry_app *copy = calloc(1, sizeof(*copy));
	int r;

	if (!copy || state_copy_text(from->server, &copy->server) < 0 ||
	    state_copy_text(from->name, &copy->name) < 0 ||
	    state_copy_text(from->description, &copy->description) < 0 ||
	    state_copy_text(from->callback_url, &copy->callback_url) < 0 ||
	    state_copy_text(from->id, &copy->id) < 0 ||
	    secret_copy(&copy->secret, &from->secret) < 0)
		return ERR_NOMEM;
	copy->created_at = from->created_at;
	r = copy_permission(from->permission, &copy->permission);
	if (r < 0)
		return r;
	if (registry_app_bad_member(copy))
		return ERR_INVALID;
	*ret_copy = TAKE_PTR(copy);
	return 0;
}

int registry_session_copy(const struct registry_session *from, struct registry_session **ret_copy)
{
	_cleanup_(registry_session_freep) struct registry_session *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return ERR_NOMEM;
	*copy = *from;
	copy->server = NULL;
	copy->app_id = NULL;
	copy->token = (struct secret){0};
	copy->consent_url = NULL;
	copy->browser_problem = NULL;
	if (state_copy_text(from->server, &copy->server) < 0 ||
	    state_copy_text(from->app_id, &copy->app_id) < 0 ||
	    state_copy_text(from->consent_url, &copy->consent_url) < 0 ||
	    state_copy_text(from->browser_problem, &copy->browser_problem) < 0 ||
	    secret_copy(&copy->token, &from->token) < 0)
		return ERR_NOMEM;
	if (registry_session_bad_member(copy))
		return ERR_INVALID;
	*ret_copy = TAKE_PTR(copy);
	return 0;
}

int registry_finished_copy(const struct registry_finished *from,
			   struct registry_finished **ret_copy)
{
	_cleanup_(registry_finished_freep) struct registry_finished *copy =
		calloc(1, sizeof(*copy));

	if (!copy)
		return ERR_NOMEM;
	*copy = *from;
	copy->server = NULL;
	copy->user = NULL;
	copy->expected = NULL;
	copy->detail = NULL;
	if (state_copy_text(from->server, &copy->server) < 0 ||
	    state_copy_text(from->user, &copy->user) < 0 ||
	    state_copy_text(from->expected, &copy->expected) < 0 ||
	    copy_detail(from->detail, &copy->detail) < 0)
		return ERR_NOMEM;
	if (registry_finished_bad_member(copy))
		return ERR_INVALID;
	*ret_copy = TAKE_PTR(copy);
	return 0;
}

/* The end */

void registry_account_free(struct registry_account *account)
{
	if (!account)
		return;
	free(account->permission);
	free(account->user);
	free(account);
}

void registry_app_free(struct registry_app *app)
{
	if (!app)
		return;
	free(app->server);
	free(app->name);
	free(app->description);
	free(app->permission);
	free(app->callback_url);
	free(app->id);
	secret_done(&app->secret);
	free(app);
}

void registry_session_free(struct registry_session *session)
{
	if (!session)
		return;
	free(session->server);
	free(session->app_id);
	secret_done(&session->token);
	if (session->consent_url)
		secret_erase(session->consent_url, strlen(session->consent_url));
	free(session->consent_url);
	free(session->browser_problem);
	secret_erase(session, sizeof(*session)); /* the cookie is in it */
	free(session);
}

void registry_finished_free(struct registry_finished *finished)
{
	if (!finished)
		return;
	free(finished->server);
	free(finished->user);
	free(finished->expected);
	free(finished->detail);
	free(finished);
}
