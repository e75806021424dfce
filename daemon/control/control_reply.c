/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "common/text.h"
#include "common/vocabulary.h"
#include "control_json.h"
#include "control_messages.h"

static const struct http_header json_headers[] = {
	{"Content-Type", "application/json"},
	{"Cache-Control", "no-store"},
};

/* ALLOW may be NULL. */
static void reply(struct http_request *request, unsigned status, struct json *value,
		  const char *allow)
{
	static const char no_memory[] =
		"{\"error\":{\"code\":\"INTERNAL\",\"message\":\"There is no memory left.\"}}\n";
	_cleanup_(buf_done) struct buf text = {0};
	const struct http_header headers[] = {json_headers[0], json_headers[1], {"Allow", allow}};
	int r = value ? json_print(value, false, &text) : ERR_NOMEM;

	json_free(value);
	buf_append_char(&text, '\n');
	if (r || buf_error(&text))
		http_request_reply(request, 500, json_headers, 2, no_memory, strlen(no_memory));
	else
		http_request_reply_buf(request, status, headers, allow ? 3 : 2, &text);
}

void control_reply_json(struct http_request *request, unsigned status, struct json *value)
{
	reply(request, status, value, NULL);
}

void control_reply_error(struct http_request *request, unsigned status, const char *code,
			 const char *message)
{
	reply(request, status, control_json_error(code, message), NULL);
}

void control_reply_not_allowed(struct http_request *request, const char *allow)
{
	reply(request, 405,
	      control_json_error(CODE_METHOD_NOT_ALLOWED, "This path does not take this method."),
	      allow);
}

void control_reply_detail(struct http_request *request, unsigned status, const char *code,
			  const char *detail)
{
	_cleanup_(buf_done) struct buf message = {0};

	text_append_sentence(&message, detail);
	control_reply_error(request, status, code, buf_text(&message));
}

void control_reply_err(struct http_request *request, int err, const struct err_detail *detail)
{
	switch (err) {
	case ERR_NOT_FOUND:
		control_reply_detail(request, 404, CODE_NO_SUCH_ACCOUNT, detail->text);
		break;
	case ERR_OTHER_USER:
		control_reply_detail(request, 409, CODE_OTHER_USER, detail->text);
		break;
	case ERR_EXISTS:
		control_reply_detail(request, 409, CODE_CONFLICT, detail->text);
		break;
	case ERR_INVALID:
	case ERR_SYNTAX:
	case ERR_LIMIT:
		control_reply_detail(request, 400, CODE_INVALID_REQUEST, detail->text);
		break;
	default:
		control_reply_detail(request, 500, CODE_INTERNAL, detail->text);
		break;
	}
}

void control_reply_no_account(struct http_request *request, const char *name)
{
	_cleanup_(buf_done) struct buf message = {0};

	buf_append_format(&message, "There is no account %s. To see all: misskey-authctl list",
			  name);
	control_reply_error(request, 404, CODE_NO_SUCH_ACCOUNT, buf_text(&message));
}

void control_reply_no_credential(struct http_request *request, const char *name)
{
	_cleanup_(buf_done) struct buf message = {0};

	buf_append_format(&message,
			  "The account %s has no credential that can be used. Log in with: "
			  "misskey-authctl login %s",
			  name, name);
	control_reply_error(request, 404, CODE_NO_CREDENTIAL, buf_text(&message));
}

/* ---- Answers that are the same for everybody ---- */

struct http_bytes *control_shared(struct control *control, enum control_shared which)
{
	_cleanup_(json_freep) struct json *value = NULL;
	_cleanup_(buf_done) struct buf text = {0};

	if (control->shared[which])
		return control->shared[which];
	value = which == CONTROL_SHARED_ACCOUNTS
			? control_json_accounts(control, NULL)
			: control_json_status(control, which == CONTROL_SHARED_STATUS_FOR_AGENT);
	if (!value || json_print(value, false, &text))
		return NULL;
	buf_append_char(&text, '\n');
	control->shared[which] = http_bytes_new(&text);
	return control->shared[which];
}

void control_reply_shared(struct control *control, struct http_request *request,
			  enum control_shared which)
{
	struct http_bytes *text = control_shared(control, which);

	if (text)
		http_request_reply_shared(request, 200, json_headers, 2, text);
	else
		control_reply_json(request, 200, NULL);
}

void control_shared_drop(struct control *control)
{
	for (size_t n = 0; n < CONTROL_SHARED_COUNT; n++) {
		http_bytes_free(control->shared[n]);
		control->shared[n] = NULL;
	}
}
