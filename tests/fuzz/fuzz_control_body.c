/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "account/accounts.h"
#include "common/callback_address.h"
#include "common/permission.h"
#include "common/text.h"
#include "control_messages.h"
#include "fuzz.h"
#include "http_connections.h"
#include "registry_rows.h"
#include "service_state.h"

#define NAME "me"
/* service_resolve.c when the registry refuses an account. */

static void require(bool is_so)
{
	if (!is_so)
		abort();
}

/* What the requests do with what was in the body. */
static struct service new_service(void)
{
	struct service service = {.registry = calloc(1, sizeof(struct registry))};

	require(service.registry && accounts_new(&service.accounts) == 0);
	return service;
}

static void service_done(struct service *service)
{
	accounts_free(service->accounts);
	registry_free(service->registry);
}

/* What a request puts into the registry is read again at the next start, and is the same. */
static void check_registry(const struct registry *registry)
{
	_cleanup_(registry_freep) struct registry *again = calloc(1, sizeof(*again));
	_cleanup_(buf_done) struct buf first = {0};
	_cleanup_(buf_done) struct buf second = {0};
	struct err_detail detail;

	require(again && state_file_print(&registry_file, registry->lists, &first) == 0 &&
		state_file_parse(&registry_file, -1, buf_text(&first), first.size, again->lists,
				 &detail) == 0 &&
		state_file_print(&registry_file, again->lists, &second) == 0);
	require(strcmp(buf_text(&first), buf_text(&second)) == 0);
}

static struct json *parse(const struct http_request *request, const char *const *known,
			  size_t count)
{
	struct json *body = NULL;
	struct err_detail detail = {""};

	if (control_body_parse(request, known, count, &body, &detail))
		require(detail.text[0] && text_is_plain(detail.text));
	else
		require(json_is_object(body));
	return body;
}

/* ---- POST /v1/accounts/NAME/login ---- */

/* What was asked for, or the default where nothing was said. */
static void check_wish(const struct account *account, const struct wish *wish,
		       const struct service_login *login)
{
	struct url_server server;

	require(url_server_parse(login->server, &server, NULL) == 0 &&
		strcmp(server.origin, account->server.origin) == 0);
	require(account->server.tls || account->server.loopback);
	require(account->is_provisional && !account->user);
	require(login->permission || strcmp(wish->permission, PERMISSION_DEFAULT) == 0);
	require(!wish->user || (text_is_plain(wish->user) && wish->user[0] &&
				strlen(wish->user) < URL_USER_BYTES && !strpbrk(wish->user, "@ ")));
	require(!login->user || !login->user[login->user[0] == '@'] ||
		strcmp(wish->user, login->user + (login->user[0] == '@')) == 0);
	require(wish->replace == login->replace);
	require(strcmp(wish->app_name, login->app_name ? login->app_name : account->app_name) == 0);
}

/* What a login keeps of its wish. */
static void add_wish(struct registry *registry, const struct account *account,
		     const struct wish *wish)
{
	char origin[URL_ORIGIN_BYTES];
	char none[] = "";
	char id[] = "app";
	struct registry_app app = {
		.account = NAME,
		.server = origin,
		.name = wish->app_name,
		.description = wish->description,
		.permission = wish->permission,
		.callback_url = none,
		.id = id,
	};

	strcpy(origin, account->server.origin);
	require(secret_set_text(&app.secret, "secret") == 0 &&
		registry_app_put(registry, &app) == 0);
	secret_done(&app.secret);
}

static void check_login(const struct http_request *request)
{
	static const char *const known[] = {"server",	   "user",    "permission",
					    "browser",	   "replace", "name",
					    "description", "method",  "if_needed"};
	_cleanup_(json_freep) struct json *body =
		parse(request, known, sizeof(known) / sizeof(known[0]));
	_cleanup_(wish_done) struct wish wish = {0};
	struct service_login login = {.account = NAME, .browser = true};
	struct service service;
	struct err_detail detail = {""};
	struct account *account;

	if (!body)
		return;
	if (control_body_login(body, &login, &detail)) {
		require(detail.text[0]);
		return;
	}
	require(login.browser || json_get(body, "browser"));
	service = new_service();
	if (service_resolve_account(&service, &login, &account, &wish, &detail)) {
		require(detail.text[0]);
		require(accounts_count(service.accounts) == 0);
	} else {
		check_wish(account, &wish, &login);
		/* The registry takes all that the service does. */
		add_wish(service.registry, account, &wish);
		check_registry(service.registry);
	}
	service_done(&service);
}

/* ---- POST /v1/accounts/NAME/browser ---- */

/* A page of NAME waits for a browser. */
static void add_session(struct registry *registry)
{
	char server[] = "https://misskey.example";
	char app[] = "app";
	char page[] = "https://misskey.example/auth/token";
	char permission[] = "read:account";
	char nothing[] = "";
	struct registry_session session = {
		.account = NAME,
		.server = server,
		.method = METHOD_APP,
		.permission = permission,
		.app_name = app,
		.description = nothing,
		.callback_url = nothing,
		.app_id = app,
		.consent_url = page,
		.browser = true,
	};

	require(secret_set_text(&session.token, "token") == 0 && random_id(session.start) == 0 &&
		random_id(session.cookie) == 0 && random_id(session.result) == 0 &&
		registry_session_put(registry, &session) == 0);
	secret_done(&session.token);
}

static void check_problem(const struct http_request *request)
{
	static const char *const known[] = {"problem"};
	_cleanup_(json_freep) struct json *body = parse(request, known, 1);
	_cleanup_(registry_freep) struct registry *registry = NULL;
	struct err_detail detail = {""};
	const char *problem;

	if (!body)
		return;
	if (control_body_problem(body, &problem, &detail)) {
		require(detail.text[0]);
		return;
	}
	require(*problem && strlen(problem) <= CONTROL_PROBLEM_MAX);
	registry = calloc(1, sizeof(*registry));
	require(registry);
	add_session(registry);
	registry->dirfd = -1; /* there is nowhere to save it */
	require(registry_session_mark_browser_failed(registry, NAME, problem, 0, &detail) < 0);
	check_registry(registry);
}

/* ---- POST /v1/callback ---- */

static void check_callback(const struct http_request *request)
{
	static const char *const known[] = {"url"};
	_cleanup_(json_freep) struct json *body = parse(request, known, 1);
	const char *url = json_get_string(body, "url");
	char token[CALLBACK_TOKEN_BYTES];

	if (url && callback_pasted_token(url, token) == 0)
		require(url_is_uuid(token) && strstr(url, token));
}

/* The input is the body of each request that has one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_request request = {0};

	json_init();
	/* More is refused before. */
	if (size > CONTROL_BODY_BYTES)
		return 0;
	buf_append(&request.body, data, size);
	check_login(&request);
	check_problem(&request);
	check_callback(&request);
	buf_done(&request.body);
	return 0;
}
