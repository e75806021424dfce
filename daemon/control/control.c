/* SPDX-License-Identifier: MIT */
#include "control/control.h"

#include <stdlib.h>
#include <string.h>

#include "common/vocabulary.h"

#include "control_json.h"
#include "control_messages.h"

/* ---- Routes ---- */

static void serve_account(struct control *control, struct http_request *request,
			  const struct control_request *parsed)
{
	const char *method = http_request_method(request);

	switch (parsed->route) {
	case CONTROL_ACCOUNT:
		if (strcmp(method, "DELETE") == 0)
			control_delete_account(control, request, parsed->account);
		else
			control_get_account(control, request, parsed->account);
		break;
	case CONTROL_LOGIN:
		if (strcmp(method, "POST") == 0)
			control_post_login(control, request, parsed->account);
		else if (strcmp(method, "DELETE") == 0)
			control_delete_login(control, request, parsed->account);
		else
			control_get_login(control, request, parsed);
		break;
	case CONTROL_TOKEN:
	case CONTROL_CREDENTIAL:
		control_get_credential(control, request, parsed);
		break;
	case CONTROL_BROWSER:
		control_post_browser(control, request, parsed->account);
		break;
	case CONTROL_RENAME:
		control_post_rename(control, request, parsed->account);
		break;
	default:
		control_post_verify(control, request, parsed->account);
		break;
	}
}

static void post_reload(struct control *control, struct http_request *request)
{
	_cleanup_(service_reload_report_done) struct service_reload_report report = {0};
	struct err_detail detail;
	int r = service_reload(control->service, http_request_time(request), &report, &detail);

	if (r == 0)
		control_reply_json(request, 200, control_json_reload(control->service, &report));
	else if (r == ERR_BUSY)
		control_reply_detail(request, 409, CODE_CONFLICT, detail.text);
	else if (r == ERR_NOMEM || r == ERR_DAMAGED)
		control_reply_err(request, r, &detail);
	else if (r == ERR_UNSAFE)
		control_reply_detail(request, 422, CODE_UNSAFE_CONFIG, detail.text);
	else
		control_reply_detail(request, 422, CODE_BAD_CONFIG, detail.text);
}

static void serve_route(struct control *control, struct http_request *request,
			const struct control_request *parsed)
{
	switch (parsed->route) {
	case CONTROL_STATUS:
		control_reply_shared(control, request, CONTROL_SHARED_STATUS);
		break;
	case CONTROL_ACCOUNTS:
		if (*parsed->query)
			control_get_some_accounts(control, request, parsed->query);
		else
			control_reply_shared(control, request, CONTROL_SHARED_ACCOUNTS);
		break;
	case CONTROL_CALLBACK:
		control_post_callback(control, request);
		break;
	case CONTROL_EVENTS:
		control_get_events(control, request, parsed->is_agent);
		break;
	case CONTROL_RELOAD:
		post_reload(control, request);
		break;
	case CONTROL_NOT_FOUND:
		control_reply_error(request, 404, CODE_NOT_FOUND,
				    "There is no such path. All are in docs/control-api.md.");
		break;
	default:
		serve_account(control, request, parsed);
		break;
	}
}

/* Whether METHOD is among those of ALLOW, which are separated by ", ". */
static bool is_allowed(const char *allow, const char *method)
{
	size_t size = strlen(method);

	for (; *allow; allow += strspn(allow, ", ")) {
		size_t length = strcspn(allow, ",");

		if (length == size && memcmp(allow, method, size) == 0)
			return true;
		allow += length;
	}
	return false;
}

static void serve(struct http_request *request, void *context)
{
	struct control *control = context;
	const char *unavailable = service_unavailable(control->service);
	struct control_request parsed;
	struct err_detail detail;
	const char *allow;

	if (control_request_parse(http_request_target(request), &parsed, &detail)) {
		control_reply_detail(request, 400, CODE_INVALID_REQUEST, detail.text);
		return;
	}
	if (strcmp(http_request_method(request), "GET") != 0)
		control_shared_drop(control);
	allow = control_route_methods(parsed.route);
	if (parsed.route != CONTROL_NOT_FOUND && !is_allowed(allow, http_request_method(request)))
		control_reply_not_allowed(request, allow);
	else if (parsed.route != CONTROL_STATUS && parsed.route != CONTROL_NOT_FOUND && unavailable)
		control_reply_detail(request, 503, service_unavailable_code(control->service),
				     unavailable);
	else
		serve_route(control, request, &parsed);
}

static void on_change(enum service_change change, struct account *account, struct clock_time now,
		      void *context)
{
	struct control *control = context;

	control_shared_drop(control);
	control_wake(control, account);
	control_events_tell(control, change, account, now);
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
		.stream_backlog = CONTROL_EVENTS_BACKLOG_BYTES,
		.reply_limit = CONTROL_REPLY_BYTES,
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

static int64_t events_deadline(void *context, struct clock_time now)
{
	(void)now;
	return control_events_deadline(context);
}

/* In every round of the loop, after the requests of the round. */
static void events_dispatch(void *context, struct clock_time now)
{
	control_shared_drop(context);
	control_events_tick(context, now);
}

int control_attach(struct control *control, struct loop *loop)
{
	struct loop_source events = {
		.fd = -1,
		.deadline = events_deadline,
		.dispatch = events_dispatch,
		.context = control,
	};
	int r = http_server_attach(control->server, loop);

	return r ? r : loop_add(loop, &events);
}

void control_quiesce(struct control *control)
{
	http_server_quiesce(control->server);
}

bool control_is_flushed(const struct control *control)
{
	return http_server_count(control->server) == 0;
}

bool control_is_idle(const struct control *control)
{
	return http_server_count(control->server) == control->agent_count;
}

void control_free(struct control *control)
{
	if (!control)
		return;
	http_server_free(control->server);
	control_shared_drop(control);
	free(control);
}
