/* SPDX-License-Identifier: MIT */
#include "control_json.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/permission.h"
#include "common/proxy.h"
#include "common/text.h"
#include "common/vocabulary.h"
#include "confinement/confinement.h"
#include "login/login_failure.h"
#include "misskey/misskey_software.h"

static int add_time(struct json *object, const char *key, int64_t unix_s)
{
	char text[TEXT_TIME_BYTES];

	if (!unix_s)
		return json_add_null(object, key);
	text_time(unix_s, text);
	return json_add_string(object, key, text);
}

static int add_user(struct json *object, const char *id, const char *username)
{
	_cleanup_(json_freep) struct json *user = NULL;

	if (!username || !*username)
		return json_add_null(object, "user");
	user = json_new_object();
	if (json_add_string(user, "id", id) || json_add_string(user, "username", username))
		return ERR_NOMEM;
	return json_add(object, "user", TAKE_PTR(user));
}

/* LIST is names of accounts, a line each. */
static int add_names(struct json *object, const char *key, const char *list)
{
	_cleanup_(json_freep) struct json *array = json_new_array();
	char name[ACCOUNT_NAME_BYTES];

	for (; *list; list += *list == '\n') {
		size_t size = strcspn(list, "\n");

		snprintf(name, sizeof(name), "%.*s", (int)size, list);
		if (json_append(array, json_new_string(name)))
			return ERR_NOMEM;
		list += size;
	}
	return json_add(object, key, TAKE_PTR(array));
}

/* What is wanted by now and was not consented to, and the reverse. */
static int add_permission_change(struct json *object, const struct account *account,
				 const struct credential *credential)
{
	_cleanup_(json_freep) struct json *change = NULL;
	_cleanup_(buf_done) struct buf added = {0};
	_cleanup_(buf_done) struct buf removed = {0};

	if (!credential || strcmp(credential->permission, account->permission) == 0)
		return json_add_null(object, "permission_change");
	permission_difference(account->permission, credential->permission, &added);
	permission_difference(credential->permission, account->permission, &removed);
	change = json_new_object();
	if (buf_error(&added) || buf_error(&removed) ||
	    permission_add_json(change, "added", buf_text(&added)) ||
	    permission_add_json(change, "removed", buf_text(&removed)))
		return ERR_NOMEM;
	return json_add(object, "permission_change", TAKE_PTR(change));
}

/* MESSAGE is as it is to be read. */
static struct json *message_object(const char *code, const char *message)
{
	_cleanup_(json_freep) struct json *object = json_new_object();
	_cleanup_(buf_done) struct buf text = {0};

	/* A detail that had to be cut may have lost a part of its last character. */
	text_append_printable(&text, message, ERR_DETAIL_BYTES);
	if (json_add_string(object, "code", code) ||
	    json_add_string(object, "message", buf_text(&text)))
		return NULL;
	return TAKE_PTR(object);
}

/* CLAUSE becomes a sentence. */
static struct json *problem_object(const char *code, const char *clause)
{
	_cleanup_(buf_done) struct buf sentence = {0};

	text_append_sentence(&sentence, clause);
	return message_object(code, buf_text(&sentence));
}

/* ---- LOGIN ---- */

static int add_message(struct json *object, const struct account *account,
		       const struct credential *credential, const struct login_view *view)
{
	_cleanup_(buf_done) struct buf text = {0};

	if (view->outcome == OUTCOME_NONE || outcome_is_success(view->outcome))
		return json_add_null(object, "message");
	login_failure_text(account, credential, view, &text);
	return json_add_string(object, "message", buf_text(&text));
}

static int add_problem(struct json *object, const struct login_view *view)
{
	if (!view->problem[0] || view->state == MACHINE_FINISHED)
		return json_add_null(object, "problem");
	return json_add(object, "problem", problem_object(view->problem_code, view->problem));
}

/* The addresses of the pending session, if there is one (else NULL) and it has a page to open. */
static int add_pages(struct json *object, struct service *service,
		     const struct registry_session *session)
{
	bool browser = session && session->browser;
	_cleanup_(buf_done) struct buf url = {0};
	const char *page;

	if (json_add_bool(object, "page_given", session && session->page_given) ||
	    json_add_bool(object, "link_opened", session && session->start_used))
		return ERR_NOMEM;
	if (session)
		service_page_url(service, session, &url);
	page = url.size > 0 ? buf_text(&url) : NULL;
	if (buf_error(&url) || json_add_string(object, "start_url", browser ? page : NULL) ||
	    json_add_string(object, "consent_url", browser ? NULL : page))
		return ERR_NOMEM;
	return add_time(object, "expires_at", session ? session->expires_at : 0);
}

static int add_browser_problem(struct json *object, const struct login_view *view)
{
	_cleanup_(buf_done) struct buf text = {0};

	text_append_sentence(&text, view->browser_problem);
	return json_add_string(object, "browser_problem",
			       view->browser_problem[0] ? buf_text(&text) : NULL);
}

static int add_outcome(struct json *object, const struct login_view *view)
{
	return json_add_string(object, "outcome",
			       view->outcome == OUTCOME_NONE ? NULL : outcome_code(view->outcome));
}

/* LOGIN is the account's, or NULL: none is needed, or another one is told of. */
static struct json *login_object(const struct control *control, struct account *account,
				 const struct login *login, const struct login_view *view,
				 bool open)
{
	struct service *service = control->service;
	const struct wish *wish = login ? login_wish(login) : NULL;
	_cleanup_(json_freep) struct json *object = json_new_object();

	if (json_add_string(object, "account", account->name) ||
	    json_add_string(object, "server", account->server.origin) ||
	    json_add_string(object, "state", login_state_text((enum login_state)view->state)) ||
	    json_add_integer(object, "revision", view->revision) ||
	    json_add_bool(object, "browser", view->browser) ||
	    add_pages(object, service, login ? service_open_session(service, account) : NULL) ||
	    json_add_bool(object, "open", open) || add_browser_problem(object, view) ||
	    json_add_integer(object, "waiting",
			     wish ? control_count_waiting(control, account) : 0) ||
	    add_problem(object, view) || add_time(object, "retry_at", view->retry_at) ||
	    add_outcome(object, view) ||
	    add_message(object, account, service_credential(service, account->name), view) ||
	    add_user(object, view->user.id, view->user.username) ||
	    json_add_string(object, "expected_user", service_expected_user(service, account)) ||
	    permission_add_json(object, "permission",
				wish ? wish->permission : account->permission) ||
	    json_add_string(object, "method", method_text(view->method)))
		return NULL;
	return TAKE_PTR(object);
}

struct json *control_json_login(const struct control *control, struct account *account, bool open)
{
	const struct login *login = service_find_login(control->service, account);

	return login_object(control, account, login, login_view(login), open);
}

struct json *control_json_needless_login(const struct control *control, struct account *account)
{
	const struct credential *credential = service_credential(control->service, account->name);
	struct login_view view = {
		.state = MACHINE_FINISHED,
		.outcome = credential->state == CREDENTIAL_VERIFIED ? OUTCOME_AUTHORIZED
								    : OUTCOME_UNVERIFIED,
		.method = credential->method,
	};

	snprintf(view.user.id, sizeof(view.user.id), "%s", credential->user_id);
	snprintf(view.user.username, sizeof(view.user.username), "%s", credential->username);
	return login_object(control, account, NULL, &view, false);
}

struct json *control_json_finished_login(const struct control *control,
					 const struct registry_finished *finished)
{
	const struct credential *credential =
		service_credential(control->service, finished->account);
	struct account gone = {.is_provisional = true, .permission = (char[]){""}};
	struct account *account =
		accounts_find(service_accounts(control->service), finished->account);
	struct login_view view = {
		.state = MACHINE_FINISHED,
		.outcome = finished->outcome,
		.method = finished->method,
	};

	if (!account) {
		memcpy(gone.name, finished->account, sizeof(gone.name));
		if (url_server_parse(finished->server, &gone.server, NULL))
			return NULL;
		account = &gone;
	}
	snprintf(view.user.username, sizeof(view.user.username), "%s",
		 finished->user ? finished->user : "");
	snprintf(view.expected, sizeof(view.expected), "%s",
		 finished->expected ? finished->expected : "");
	snprintf(view.problem, sizeof(view.problem), "%s",
		 finished->detail ? finished->detail : "");
	if (outcome_is_success(view.outcome) && credential) {
		view.outcome = credential->state == CREDENTIAL_VERIFIED ? OUTCOME_AUTHORIZED
									: OUTCOME_UNVERIFIED;
		snprintf(view.user.id, sizeof(view.user.id), "%s", credential->user_id);
	}
	return login_object(control, account, NULL, &view, false);
}

/* ---- ACCOUNT ---- */

static int add_credential(struct json *object, const struct credential *credential)
{
	if (json_add_string(
		    object, "state",
		    credential_state_text(credential ? credential->state : CREDENTIAL_ABSENT)))
		return ERR_NOMEM;
	if (add_user(object, credential ? credential->user_id : NULL,
		     credential ? credential->username : NULL))
		return ERR_NOMEM;
	if (add_time(object, "obtained_at", credential ? credential->obtained_at : 0))
		return ERR_NOMEM;
	if (add_time(object, "verified_at", credential ? credential->verified_at : 0))
		return ERR_NOMEM;
	return add_time(object, "expires_at", credential ? credential->expires_at : 0);
}

/* Tells one credential from another, whatever its state is by now. */
static int add_credential_digest(struct json *object, const struct credential *credential)
{
	_cleanup_(buf_done) struct buf text = {0};
	char digest[SHA256_HEX_BYTES];

	if (!credential)
		return json_add_null(object, "credential");
	buf_append_format(&text, "%s\n%s\n%s\n%s\n%s\n%lld", credential->server,
			  credential->user_id, credential->username, credential->permission,
			  credential->session_digest, (long long)credential->obtained_at);
	if (buf_error(&text) || digest_sha256_hex(text.bytes, text.size, NULL, 0, digest))
		return ERR_NOMEM;
	return json_add_string(object, "credential", digest);
}

/* Of the credential. */
static int add_app(struct json *object, const struct credential *credential)
{
	_cleanup_(json_freep) struct json *app = NULL;

	if (!credential)
		return json_add_null(object, "app");
	app = json_new_object();
	if (json_add_string(app, "id", credential->app_id) ||
	    json_add_string(app, "name", credential->app_name))
		return ERR_NOMEM;
	return json_add(object, "app", TAKE_PTR(app));
}

/* What the server ran when CREDENTIAL was obtained, and where its user withdraws it there. */
static int add_software(struct json *object, const struct credential *credential)
{
	const char *software = credential ? credential->software : NULL;
	const char *place = NULL;

	if (credential)
		place = withdrawal_text(misskey_withdrawal(software, credential->method));
	if (json_add_string(object, "software", software))
		return ERR_NOMEM;
	return json_add_string(object, "withdrawal", place);
}

struct json *control_json_account(const struct control *control, struct account *account)
{
	struct service *service = control->service;
	const struct credential *credential = service_credential(service, account->name);
	_cleanup_(json_freep) struct json *object = json_new_object();
	struct json *login = NULL;

	if (json_add_string(object, "account", account->name) ||
	    json_add_string(object, "server", account->server.origin) ||
	    json_add_string(object, "source",
			    account->from_config ? SOURCE_CONFIG : SOURCE_LOGIN) ||
	    add_credential(object, credential) || add_credential_digest(object, credential) ||
	    add_time(object, "asked_at",
		     verification_asked_at(service_find_verification(service, account))) ||
	    add_app(object, credential) || add_software(object, credential) ||
	    json_add_string(object, "expected_user", service_expected_user(service, account)) ||
	    permission_add_json(object, "permission", account->permission) ||
	    json_add_string(object, "method", method_text(account->method)) ||
	    json_add_string(object, "obtained_by",
			    credential ? method_text(credential->method) : NULL) ||
	    add_permission_change(object, account, credential))
		return NULL;
	if (!service_find_login(service, account))
		return json_add_null(object, "login") ? NULL : TAKE_PTR(object);
	login = control_json_login(control, account, false);
	return json_add(object, "login", login) ? NULL : TAKE_PTR(object);
}

/* ALL: those too whose first login has not come to a consent page. */
static struct json *account_array(const struct control *control, bool all)
{
	_cleanup_(json_freep) struct json *array = json_new_array();
	struct accounts *accounts = service_accounts(control->service);

	for (size_t n = 0; n < accounts_count(accounts); n++) {
		struct account *account = accounts_at(accounts, n);

		if ((all || !account->is_unlisted) &&
		    json_append(array, control_json_account(control, account)))
			return NULL;
	}
	return TAKE_PTR(array);
}

struct json *control_json_accounts(const struct control *control)
{
	_cleanup_(json_freep) struct json *object = json_new_object();

	if (json_add(object, "accounts", account_array(control, false)))
		return NULL;
	return TAKE_PTR(object);
}

static struct json *problem_array(const struct service *service)
{
	_cleanup_(json_freep) struct json *array = json_new_array();

	for (size_t n = 0; n < service_problem_count(service); n++) {
		const struct service_problem *problem = service_problem_at(service, n);

		if (json_append(array, problem_object(problem->code, problem->text)))
			return NULL;
	}
	return TAKE_PTR(array);
}

static struct json *confinement_object(void)
{
	const struct confinement *confinement = confinement_current();
	_cleanup_(json_freep) struct json *object = json_new_object();
	char summary[CONFINEMENT_SUMMARY_BYTES];

	confinement_summarize(summary);
	if (json_add_bool(object, "wanted", !confinement->is_declined) ||
	    json_add_bool(object, "complete", confinement_is_complete()) ||
	    json_add_integer(object, "landlock_abi", confinement->landlock_abi) ||
	    json_add_bool(object, "seccomp", confinement->has_seccomp) ||
	    json_add_string(object, "summary", summary))
		return NULL;
	return TAKE_PTR(object);
}

struct json *control_json_status(const struct control *control, bool for_agent)
{
	const struct service *service = control->service;
	_cleanup_(json_freep) struct json *object = json_new_object();

	if (json_add_string(object, "version", MISSKEY_AUTHD_VERSION) ||
	    json_add_integer(object, "pid", getpid()) ||
	    json_add_string(object, "callback_url", service_callback_url(service)) ||
	    json_add_string(object, "config", service_config(service)->file) ||
	    json_add_string(object, "state_directory", service_state_directory(service)) ||
	    json_add_bool(object, "proxy", proxy_variable() != NULL) ||
	    json_add(object, "confinement", confinement_object()) ||
	    json_add_bool(object, "agent", control->agent_count > 0) ||
	    json_add(object, "problems", problem_array(service)) ||
	    json_add(object, "accounts", account_array(control, for_agent)))
		return NULL;
	return TAKE_PTR(object);
}

/* ---- The rest ---- */

struct json *control_json_forgotten(struct service *service, const struct account *account)
{
	const struct credential *credential = service_credential(service, account->name);
	_cleanup_(json_freep) struct json *object = json_new_object();

	if (json_add_string(object, "account", account->name) ||
	    json_add_string(object, "server",
			    credential ? credential->server : account->server.origin) ||
	    json_add_string(object, "source",
			    account->from_config ? SOURCE_CONFIG : SOURCE_LOGIN) ||
	    add_credential(object, credential) || add_software(object, credential))
		return NULL;
	return TAKE_PTR(object);
}

struct json *control_json_verification(struct service *service, const struct account *account)
{
	const struct verification *verification = service_find_verification(service, account);
	const struct verification_report *report = verification_report(verification);
	const struct credential *credential = service_credential(service, account->name);
	bool under_way = verification_is_under_way(verification);
	_cleanup_(json_freep) struct json *object = json_new_object();
	int r;

	if (json_add_string(object, "account", account->name) ||
	    json_add_string(object, "server",
			    credential ? credential->server : account->server.origin) ||
	    json_add_bool(object, "answered", !under_way && report->is_known) ||
	    json_add_bool(object, "try_again", under_way || report->is_for_now) ||
	    add_credential(object, credential))
		return NULL;
	if (under_way)
		r = json_add(object, "problem",
			     problem_object("UNDER_WAY", "The server has not answered yet"));
	else if (report->stored)
		r = json_add(object, "problem",
			     problem_object(CODE_NOT_STORED, report->store_problem.text));
	else if (report->problem.text[0])
		r = json_add(
			object, "problem",
			problem_object(report->problem.code[0] ? report->problem.code : CODE_SERVER,
				       report->problem.text));
	else
		r = json_add_null(object, "problem");
	return r ? NULL : TAKE_PTR(object);
}

struct json *control_json_reload(const struct service *service,
				 const struct service_reload_report *report)
{
	_cleanup_(json_freep) struct json *object = json_new_object();

	if (buf_error(&report->added) || buf_error(&report->changed) ||
	    buf_error(&report->removed) ||
	    json_add_string(object, "config", service_config(service)->file) ||
	    add_names(object, "added", buf_text(&report->added)) ||
	    add_names(object, "changed", buf_text(&report->changed)) ||
	    add_names(object, "removed", buf_text(&report->removed)) ||
	    json_add_bool(object, "needs_restart", report->needs_restart))
		return NULL;
	return TAKE_PTR(object);
}

struct json *control_json_credential(const struct credential *credential)
{
	_cleanup_(json_freep) struct json *object = json_new_object();

	if (json_add_string(object, "account", credential->account) ||
	    credential_add_members(object, credential))
		return NULL;
	return TAKE_PTR(object);
}

struct json *control_json_error(const char *code, const char *message)
{
	_cleanup_(json_freep) struct json *object = json_new_object();

	if (json_add(object, "error", message_object(code, message)))
		return NULL;
	return TAKE_PTR(object);
}
