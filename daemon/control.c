/* SPDX-License-Identifier: MIT */
#include "daemon/control.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "daemon/callback_request.h"
#include "daemon/control_json.h"
#include "daemon/control_request.h"

/* A client that waits for a login to change. */
struct waiter {
	struct http_request *request;
	struct control *control;
	struct account *account;
	bool for_page;	   /* until there is a page to open, or the end */
	bool has_revision; /* until the revision is another, or the end */
	unsigned revision;
	struct waiter *next;
};

struct control {
	struct service *service;
	struct http_server *server;
	struct waiter *waiters;
};

/* ---- Replies ---- */

/* Takes VALUE; NULL is "no memory". */
static void reply_json(struct http_request *request, unsigned status, struct json *value,
		       const char *allow)
{
	static const char no_memory[] =
		"{\"error\":{\"code\":\"INTERNAL\",\"message\":\"no memory\"}}\n";
	_cleanup_(buf_done) struct buf text = {0};
	struct http_header headers[] = {
		{"Content-Type", "application/json"},
		{"Cache-Control", "no-store"},
		{"Allow", allow},
	};
	int r = value ? json_print(value, false, &text) : ERR_NOMEM;

	json_free(value);
	buf_append_char(&text, '\n');
	if (r || buf_error(&text))
		http_request_reply(request, 500, headers, 2, no_memory, strlen(no_memory));
	else
		http_request_reply(request, status, headers, allow ? 3 : 2, buf_text(&text),
				   text.size);
}

static void reply_error(struct http_request *request, unsigned status, const char *code,
			const char *message)
{
	reply_json(request, status, control_json_error(code, message), NULL);
}

static void reply_err(struct http_request *request, int err, const struct err_detail *detail)
{
	switch (err) {
	case ERR_NOT_FOUND:
		reply_error(request, 404, "NO_SUCH_ACCOUNT", detail->text);
		break;
	case ERR_EXISTS:
		reply_error(request, 409, "CONFLICT", detail->text);
		break;
	case ERR_DAMAGED:
		reply_error(request, 503, "UNAVAILABLE", detail->text);
		break;
	case ERR_INVALID:
	case ERR_SYNTAX:
	case ERR_LIMIT:
		reply_error(request, 400, "INVALID_REQUEST", detail->text);
		break;
	default:
		reply_error(request, 500, "INTERNAL", detail->text);
		break;
	}
}

/* ---- Waiting for a login ---- */

static bool is_over(const struct authorization_view *view)
{
	return view->state == AUTHORIZER_FINISHED;
}

static bool may_open(const struct waiter *waiter)
{
	return waiter->for_page || waiter->has_revision;
}

static bool is_due(const struct waiter *waiter)
{
	const struct authorization_view *view = authorization_view(waiter->account->authorization);

	if (is_over(view))
		return true;
	if (waiter->for_page)
		return view->state == AUTHORIZER_CONSENT ||
		       (view->state > AUTHORIZER_CONSENT && view->problem[0]);
	return waiter->has_revision && view->revision != waiter->revision;
}

/* MAY_OPEN: the caller follows the login and opens its page if nobody else does. */
static void reply_login(struct control *control, struct http_request *request,
			struct account *account, bool may_open)
{
	const struct authorization_view *view = authorization_view(account->authorization);
	bool open = may_open && view->state == AUTHORIZER_CONSENT &&
		    service_take_page(control->service, account);

	reply_json(request, 200, control_json_login(control->service, account, open), NULL);
}

static void waiter_unlink(struct waiter *waiter)
{
	struct waiter **link = &waiter->control->waiters;

	while (*link != waiter)
		link = &(*link)->next;
	*link = waiter->next;
	free(waiter);
}

static void end_waiting(struct http_request *request, enum http_hold_end why, void *context)
{
	struct waiter *waiter = context;

	if (why == HTTP_HOLD_STOPPING)
		reply_error(request, 503, "STOPPING",
			    "the daemon stops; the login goes on when it is started again");
	else if (why == HTTP_HOLD_DUE)
		reply_login(waiter->control, request, waiter->account, may_open(waiter));
	waiter_unlink(waiter);
}

/* Replies when WISH is due, UNTIL_MS at the latest. */
static void wait_for_login(struct control *control, struct http_request *request,
			   const struct waiter *wish, int64_t for_ms)
{
	struct waiter *waiter;

	if (for_ms == 0 || is_due(wish)) {
		reply_login(control, request, wish->account, may_open(wish));
		return;
	}
	waiter = malloc(sizeof(*waiter));
	if (!waiter) {
		reply_error(request, 500, "INTERNAL", "no memory");
		return;
	}
	*waiter = *wish;
	waiter->request = request;
	waiter->control = control;
	waiter->next = control->waiters;
	control->waiters = waiter;
	http_request_hold(request, http_request_time(request).mono_ms + for_ms, end_waiting,
			  waiter);
}

static void on_change(enum service_change change, struct account *account, struct moment now,
		      void *context)
{
	struct control *control = context;
	struct waiter *next;

	(void)now;
	if (change != SERVICE_LOGIN_CHANGED)
		return;
	for (struct waiter *waiter = control->waiters; waiter; waiter = next) {
		next = waiter->next;
		if (waiter->account != account || !is_due(waiter))
			continue;
		reply_login(control, waiter->request, account, may_open(waiter));
		waiter_unlink(waiter);
	}
}

static bool somebody_waits(const struct control *control, const char *account)
{
	for (const struct waiter *waiter = control->waiters; waiter; waiter = waiter->next)
		if (may_open(waiter) && strcmp(waiter->account->name, account) == 0)
			return true;
	return false;
}

/* ---- Bodies ---- */

/* Takes the text member KEY, which may be left out: *ret_text is NULL then. */
static int take_text(const struct json *body, const char *key, const char **ret_text,
		     struct err_detail *detail)
{
	const struct json *member = json_get(body, key);

	*ret_text = json_string(member);
	if (member && !json_is_null(member) && !*ret_text)
		return err_set(detail, ERR_INVALID, "\"%s\" must be a text", key);
	return 0;
}

static int check_members(const struct json *body, const char *const *known, size_t count,
			 struct err_detail *detail)
{
	for (const struct json *member = json_first(body); member; member = json_next(member)) {
		bool found = false;

		for (size_t n = 0; n < count; n++)
			found |= strcmp(json_key(member), known[n]) == 0;
		if (!found)
			return err_set(detail, ERR_INVALID,
				       "the body has a member that this request does not know");
	}
	return 0;
}

/* The body as an object; an empty body is an empty object. */
static int parse_body(const struct http_request *request, struct json **ret_body,
		      struct err_detail *detail)
{
	int r;

	if (http_request_body_size(request) == 0) {
		*ret_body = json_new_object();
		return *ret_body ? 0 : err_set(detail, ERR_NOMEM, "no memory");
	}
	r = json_parse(http_request_body(request), http_request_body_size(request),
		       CONTROL_BODY_BYTES, ret_body, detail);
	if (!r && !json_is_object(*ret_body))
		r = err_set(detail, ERR_INVALID, "the body must be a JSON object");
	return r;
}

static int read_login(const struct json *body, struct service_login *login,
		      struct err_detail *detail)
{
	static const char *const known[] = {"server", "user", "permission", "browser"};
	const struct json *browser = json_get(body, "browser");
	int r = check_members(body, known, sizeof(known) / sizeof(known[0]), detail);

	if (!r)
		r = take_text(body, "server", &login->server, detail);
	if (!r)
		r = take_text(body, "user", &login->user, detail);
	if (!r)
		r = take_text(body, "permission", &login->permission, detail);
	login->browser = true;
	if (!r && browser && !json_get_bool(body, "browser", &login->browser))
		r = err_set(detail, ERR_INVALID, "\"browser\" must be true or false");
	return r;
}

/* ---- Routes ---- */

static void post_login(struct control *control, struct http_request *request,
		       const char *account_name)
{
	_cleanup_(json_freep) struct json *body = NULL;
	struct waiter wish = {.for_page = true};
	struct service_login login = {
		.account = account_name,
		.somebody_waits = somebody_waits(control, account_name),
	};
	struct err_detail detail;
	int r = parse_body(request, &body, &detail);

	if (!r)
		r = read_login(body, &login, &detail);
	if (!r)
		r = service_login(control->service, &login, http_request_time(request),
				  &wish.account, &detail);
	if (r)
		reply_err(request, r, &detail);
	else
		wait_for_login(control, request, &wish, CONTROL_LOGIN_HOLD_MS);
}

static void get_login(struct control *control, struct http_request *request,
		      const struct control_request *parsed)
{
	struct waiter wish = {
		.account = accounts_find(service_accounts(control->service), parsed->account),
		.has_revision = parsed->has_revision,
		.revision = parsed->revision,
	};

	if (!wish.account)
		reply_error(request, 404, "NO_SUCH_ACCOUNT", "there is no such account");
	else if (!wish.account->authorization)
		reply_error(request, 404, "NOT_FOUND",
			    "there was no login of this account since the daemon started");
	else
		wait_for_login(control, request, &wish, (int64_t)parsed->wait_s * 1000);
}

static void get_account(struct control *control, struct http_request *request, const char *name)
{
	struct account *account = accounts_find(service_accounts(control->service), name);

	if (account)
		reply_json(request, 200, control_json_account(control->service, account), NULL);
	else
		reply_error(request, 404, "NO_SUCH_ACCOUNT", "there is no such account");
}

static void get_token(struct control *control, struct http_request *request, const char *name)
{
	const struct credential *credential = service_credential(control->service, name);

	if (credential && credential_is_good(credential))
		reply_json(request, 200, control_json_token(credential), NULL);
	else if (credential || accounts_find(service_accounts(control->service), name))
		reply_error(request, 404, "NO_CREDENTIAL",
			    "the account has no good credential; log in with misskey-authctl");
	else
		reply_error(request, 404, "NO_SUCH_ACCOUNT", "there is no such account");
}

static void post_callback(struct control *control, struct http_request *request)
{
	static const char *const known[] = {"url"};
	_cleanup_(json_freep) struct json *body = NULL;
	struct account *account;
	struct err_detail detail;
	char token[CALLBACK_TOKEN_BYTES];
	int r = parse_body(request, &body, &detail);

	if (!r)
		r = check_members(body, known, 1, &detail);
	if (r) {
		reply_err(request, r, &detail);
		return;
	}
	if (!json_get_string(body, "url") ||
	    callback_pasted_token(json_get_string(body, "url"), token)) {
		reply_error(request, 400, "INVALID_REQUEST",
			    "\"url\" must be the address that the browser was sent to, "
			    "http://127.0.0.1:PORT/callback?token=…, or the token in it");
		return;
	}
	if (service_callback(control->service, token, http_request_time(request), &account))
		reply_error(request, 404, "NO_SUCH_SESSION",
			    "no pending login waits for this address; it may be finished (see "
			    "misskey-authctl list) or given up: log in again");
	else
		reply_login(control, request, account, false);
	secret_erase(token, sizeof(token));
}

static void serve_route(struct control *control, struct http_request *request,
			const struct control_request *parsed, bool is_post)
{
	switch (parsed->route) {
	case CONTROL_STATUS:
		reply_json(request, 200, control_json_status(control->service), NULL);
		break;
	case CONTROL_ACCOUNTS:
		reply_json(request, 200, control_json_accounts(control->service), NULL);
		break;
	case CONTROL_ACCOUNT:
		get_account(control, request, parsed->account);
		break;
	case CONTROL_LOGIN:
		if (is_post)
			post_login(control, request, parsed->account);
		else
			get_login(control, request, parsed);
		break;
	case CONTROL_TOKEN:
		get_token(control, request, parsed->account);
		break;
	case CONTROL_CALLBACK:
		post_callback(control, request);
		break;
	case CONTROL_NOT_FOUND:
		reply_error(request, 404, "NOT_FOUND",
			    "there is no such path; docs/control-api.md has all");
		break;
	}
}

static void serve(struct http_request *request, void *context)
{
	struct control *control = context;
	const char *method = http_request_method(request);
	const char *unavailable = service_unavailable(control->service);
	bool is_post = strcmp(method, "POST") == 0;
	struct control_request parsed;
	struct err_detail detail;
	const char *allow;

	if (control_request_parse(http_request_target(request), &parsed, &detail)) {
		reply_error(request, 400, "INVALID_REQUEST", detail.text);
		return;
	}
	allow = control_route_methods(parsed.route);
	if (parsed.route != CONTROL_NOT_FOUND &&
	    !((is_post || strcmp(method, "GET") == 0) && strstr(allow, method))) {
		reply_json(request, 405,
			   control_json_error("METHOD_NOT_ALLOWED",
					      "this path does not take this method"),
			   allow);
		return;
	}
	if (parsed.route != CONTROL_STATUS && parsed.route != CONTROL_NOT_FOUND && unavailable) {
		reply_error(request, 503, "UNAVAILABLE", unavailable);
		return;
	}
	serve_route(control, request, &parsed, is_post);
}

/* ---- Life ---- */

int control_new(int listen_fd, struct service *service, struct control **ret_control,
		struct err_detail *detail)
{
	_cleanup_(control_freep) struct control *control = calloc(1, sizeof(*control));
	struct http_server_options options = {
		.listen_fd = listen_fd,
		.handler = serve,
		.context = control,
		.connection_limit = CONTROL_CONNECTIONS,
		.body_limit = CONTROL_BODY_BYTES,
		.own_user_only = true,
	};
	int r;

	if (!control)
		return err_set(detail, ERR_NOMEM, "no memory for the control socket");
	control->service = service;
	r = http_server_new(&options, &control->server, detail);
	if (r)
		return r;
	service_watch(service, on_change, control);
	*ret_control = TAKE_PTR(control);
	return 0;
}

int control_attach(struct control *control, struct loop *loop)
{
	return http_server_attach(control->server, loop);
}

void control_quiesce(struct control *control)
{
	http_server_quiesce(control->server);
}

bool control_is_idle(const struct control *control)
{
	return http_server_is_idle(control->server);
}

void control_free(struct control *control)
{
	struct waiter *next;

	if (!control)
		return;
	http_server_free(control->server);
	for (struct waiter *waiter = control->waiters; waiter; waiter = next) {
		next = waiter->next;
		free(waiter);
	}
	free(control);
}
