/* SPDX-License-Identifier: MIT */
/*
 * Logins: starting and joining one, waiting for what comes of it, and going on with one whose
 * browser is elsewhere.
 */

#include "common/callback_address.h"
#include "common/vocabulary.h"
#include "control_json.h"
#include "control_messages.h"

/* ---- Waiting ---- */

static bool may_open(const struct control_waiter *waiter)
{
	return waiter->for_page || waiter->has_revision;
}

static bool has_come(const struct control_waiter *waiter)
{
	const struct login *login = service_find_login(waiter->control->service, waiter->account);
	const struct login_view *view = login_view(login);

	if (view->state == MACHINE_FINISHED)
		return true;
	if (waiter->for_page)
		return (view->state == MACHINE_CONSENT && !login_awaits_renewal(login)) ||
		       (view->state > MACHINE_CONSENT && view->problem[0]);
	return waiter->has_revision && view->revision != waiter->revision;
}

/* MAY_OPEN: the caller follows the login and opens its page if nobody else does. */
static void reply_login(struct control *control, struct http_request *request,
			struct account *account, bool may_open)
{
	const struct login_view *view = login_view(service_find_login(control->service, account));
	bool open = may_open && view->state == MACHINE_CONSENT &&
		    service_take_page(control->service, account, clock_now());

	control_reply_json(request, 200, control_json_login(control, account, open));
}

static void reply(const struct control_waiter *waiter, struct http_request *request)
{
	reply_login(waiter->control, request, waiter->account, may_open(waiter));
}

unsigned control_count_waiting(const struct control *control, const struct account *account)
{
	const struct http_request *request = NULL;
	unsigned count = 0;

	while ((request = control_next_waiting(control, request))) {
		const struct control_waiter *waiter = http_request_context(request);

		count += waiter->has_come == has_come && may_open(waiter) &&
			 waiter->account == account;
	}
	return count;
}

/* ---- Requests ---- */

void control_post_login(struct control *control, struct http_request *request, const char *name)
{
	static const char *const known[] = {"server",	   "user",    "permission",
					    "browser",	   "replace", "name",
					    "description", "method",  "if_needed"};
	const struct account *present = accounts_find(service_accounts(control->service), name);
	_cleanup_(json_freep) struct json *body = NULL;
	struct control_waiter waiter = {
		.control = control,
		.has_come = has_come,
		.reply = reply,
		.for_page = true,
	};
	struct service_login login = {
		.account = name,
		.browser = service_config(control->service)->browser,
		.somebody_waits = present && control_count_waiting(control, present) > 0,
	};
	struct err_detail detail;
	bool is_needed;
	int r = control_body_parse(request, known, sizeof(known) / sizeof(known[0]), &body,
				   &detail);

	if (!r)
		r = control_body_login(body, &login, &detail);
	if (!r)
		r = service_login(control->service, &login, http_request_time(request),
				  &waiter.account, &is_needed, &detail);
	if (r)
		control_reply_err(request, r, &detail);
	else if (!is_needed)
		control_reply_json(request, 200,
				   control_json_needless_login(control, waiter.account));
	else
		control_wait(request, &waiter, CONTROL_LOGIN_HOLD_MS);
}

void control_get_login(struct control *control, struct http_request *request,
		       const struct control_request *parsed)
{
	struct control_waiter waiter = {
		.control = control,
		.has_come = has_come,
		.reply = reply,
		.account = accounts_find(service_accounts(control->service), parsed->account),
		.has_revision = parsed->has_revision,
		.revision = parsed->revision,
	};

	if (!waiter.account)
		control_reply_no_account(request, parsed->account);
	else if (!service_find_login(control->service, waiter.account))
		control_reply_error(request, 404, CODE_NOT_FOUND,
				    "There was no login of this account since the daemon started.");
	else
		control_wait(request, &waiter, (int64_t)parsed->wait_s * 1000);
}

void control_delete_login(struct control *control, struct http_request *request, const char *name)
{
	struct account *account = accounts_find(service_accounts(control->service), name);
	struct err_detail detail;
	int r = 0;

	if (account)
		r = service_cancel_login(control->service, account, http_request_time(request),
					 &detail);
	if (!account)
		control_reply_no_account(request, name);
	else if (r == ERR_NOT_FOUND)
		control_reply_detail(request, 404, CODE_NOT_FOUND, detail.text);
	else if (r)
		control_reply_err(request, r, &detail);
	else
		reply_login(control, request, account, false);
}

void control_post_browser(struct control *control, struct http_request *request, const char *name)
{
	static const char *const known[] = {"problem"};
	struct account *account = accounts_find(service_accounts(control->service), name);
	_cleanup_(json_freep) struct json *body = NULL;
	const char *problem = NULL;
	struct err_detail detail;
	int r = control_body_parse(request, known, 1, &body, &detail);

	if (!r)
		r = control_body_problem(body, &problem, &detail);
	if (!r && account)
		r = service_browser_failed(control->service, account, problem,
					   http_request_time(request), &detail);
	if (!account)
		control_reply_no_account(request, name);
	else if (r == ERR_NOT_FOUND)
		control_reply_error(request, 404, CODE_NOT_FOUND, detail.text);
	else if (r)
		control_reply_err(request, r, &detail);
	else
		reply_login(control, request, account, false);
}

/* Whether FINISHED, whose login has ended, still says how things stand. */
static bool is_latest(struct service *service, const struct registry_finished *finished)
{
	const struct credential *credential = service_credential(service, finished->account);
	struct account *account = accounts_find(service_accounts(service), finished->account);

	if (outcome_is_success(finished->outcome))
		return credential && credential_state_is_good(credential->state) &&
		       digest_text_equal(credential->session_digest, finished->token_digest);
	/* A new session is in its place, or a later login. */
	return finished->outcome != OUTCOME_OPENED_TWICE &&
	       (!account || login_phase(service_find_login(service, account)) == LOGIN_IS_OVER);
}

/* The session of TOKEN, whose login has ended, or NULL. */
static const struct registry_finished *find_finished(struct service *service, const char *token)
{
	const struct registry *registry = service_registry(service);
	const struct registry_finished *finished =
		registry ? registry_finished_by_token(registry, token) : NULL;

	return finished && is_latest(service, finished) ? finished : NULL;
}

void control_post_callback(struct control *control, struct http_request *request)
{
	static const char *const known[] = {"url"};
	_cleanup_(json_freep) struct json *body = NULL;
	const struct registry_finished *finished;
	struct account *account;
	struct err_detail detail;
	char token[CALLBACK_TOKEN_BYTES];
	int r = control_body_parse(request, known, 1, &body, &detail);

	if (r) {
		control_reply_err(request, r, &detail);
		return;
	}
	if (!json_get_string(body, "url") ||
	    callback_pasted_token(json_get_string(body, "url"), token)) {
		control_reply_error(request, 400, CODE_INVALID_REQUEST,
				    "This is not the address that the browser was sent to, "
				    "http://127.0.0.1:PORT/callback?token=…, nor the token in it.");
		return;
	}
	finished = find_finished(control->service, token);
	if (service_callback(control->service, token, REGISTRY_PROOF_OWNER,
			     http_request_time(request), &account) == 0)
		reply_login(control, request, account, false);
	else if (finished)
		control_reply_json(request, 200, control_json_finished_login(control, finished));
	else
		control_reply_error(
			request, 404, CODE_NO_SUCH_SESSION,
			"No pending login waits for this address. Perhaps it is finished, "
			"which misskey-authctl list shows. Otherwise log in again with: "
			"misskey-authctl login ACCOUNT");
	secret_erase(token, sizeof(token));
}
