/* SPDX-License-Identifier: MIT */
/*
 * Accounts and their credentials: shown, given out, verified, renamed, forgotten.
 */
#include "common/vocabulary.h"
#include "control_json.h"
#include "control_messages.h"

static struct account *find(const struct control *control, const char *name)
{
	return accounts_find(service_accounts(control->service), name);
}

void control_get_account(struct control *control, struct http_request *request, const char *name)
{
	struct account *account = find(control, name);

	if (account)
		control_reply_json(request, 200, control_json_account(control, account));
	else
		control_reply_no_account(request, name);
}

void control_delete_account(struct control *control, struct http_request *request, const char *name)
{
	struct account *account = find(control, name);
	struct json *forgotten;
	struct err_detail detail;
	int r;

	if (!account) {
		control_reply_no_account(request, name);
		return;
	}
	/* Before it is gone. */
	forgotten = control_json_forgotten(control->service, account);
	r = service_logout(control->service, account, http_request_time(request), &detail);
	if (!r) {
		control_reply_json(request, 200, forgotten);
		return;
	}
	json_free(forgotten);
	control_reply_err(request, r, &detail);
}

void control_get_credential(struct control *control, struct http_request *request,
			    const struct control_request *parsed)
{
	const struct credential *credential = service_credential(control->service, parsed->account);
	bool must_be_good = parsed->route == CONTROL_TOKEN;

	if (credential && (!must_be_good || credential_is_good(credential)))
		control_reply_json(request, 200, control_json_credential(credential));
	else if (credential || find(control, parsed->account))
		control_reply_no_credential(request, parsed->account);
	else
		control_reply_no_account(request, parsed->account);
}

void control_post_rename(struct control *control, struct http_request *request, const char *name)
{
	static const char *const known[] = {"to"};
	struct account *account = find(control, name);
	_cleanup_(json_freep) struct json *body = NULL;
	const char *new_name = NULL;
	struct err_detail detail;
	int r = control_body_parse(request, known, 1, &body, &detail);

	if (!r)
		r = control_body_new_name(body, &new_name, &detail);
	if (!r && account)
		r = service_rename(control->service, account, new_name, http_request_time(request),
				   &account, &detail);
	if (!account)
		control_reply_no_account(request, name);
	else if (r)
		control_reply_err(request, r, &detail);
	else
		control_reply_json(request, 200, control_json_account(control, account));
}

/* ---- Verifying ---- */

static const struct verification *verification_of(const struct control_waiter *waiter)
{
	return service_find_verification(waiter->control->service, waiter->account);
}

static bool is_answered(const struct control_waiter *waiter)
{
	return !verification_is_under_way(verification_of(waiter));
}

static void reply_verification(const struct control_waiter *waiter, struct http_request *request)
{
	if (verification_of(waiter))
		control_reply_json(
			request, 200,
			control_json_verification(waiter->control->service, waiter->account));
	else
		control_reply_error(request, 404, CODE_NO_CREDENTIAL,
				    "The account was forgotten meanwhile.");
}

void control_post_verify(struct control *control, struct http_request *request, const char *name)
{
	struct control_waiter waiter = {
		.control = control,
		.has_come = is_answered,
		.reply = reply_verification,
		.account = find(control, name),
	};
	int64_t request_ms = service_config(control->service)->request_time_s * 1000;
	struct err_detail detail;
	int r;

	if (!waiter.account) {
		control_reply_no_account(request, name);
		return;
	}
	r = service_verify(control->service, waiter.account, &detail);
	if (r == ERR_NOT_FOUND)
		control_reply_error(request, 404, CODE_NO_CREDENTIAL, detail.text);
	else if (r)
		control_reply_err(request, r, &detail);
	else
		control_wait(request, &waiter, request_ms + CONTROL_VERIFY_MARGIN_MS);
}
