/* SPDX-License-Identifier: MIT */

/*
 * misskey-authctl login: what to ask the daemon for.
 */

#include "command/command.h"
#include "common/cleanup.h"
#include "common/permission.h"
#include "common/translate.h"
#include "control_call.h"
#include "login_browser.h"
#include "login_missing.h"
#include "login_target.h"
#include "login_wait.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"
#include "web_browser/web_browser.h"

static int build_body(const struct command_options *options, const struct login_target *target,
		      enum login_browser browser, struct json **ret_body)
{
	_cleanup_(json_freep) struct json *body = json_new_object();
	int r = body ? login_browser_add(body, browser) : ERR_NOMEM;

	if (r == 0 && target->named_server)
		r = json_add_string(body, "server", target->server);
	if (r == 0 && *target->user)
		r = json_add_string(body, "user", target->user);
	if (r == 0 && options->permission)
		r = json_add_string(body, "permission", options->permission);
	if (r == 0 && options->method)
		r = json_add_string(body, "method", options->method);
	if (r == 0 && options->replace)
		r = json_add_bool(body, "replace", true);
	if (r == 0 && options->if_needed)
		r = json_add_bool(body, "if_needed", true);
	if (r < 0)
		return terminal_failed(r);
	*ret_body = TAKE_PTR(body);
	return EXIT_STATUS_DONE;
}

/* Asks for the login of TARGET and follows it. */
static int login_target(struct control_client *client, const struct command_options *options,
			const struct login_target *target)
{
	_cleanup_(json_freep) struct json *daemon = control_client_get(client, "/v1/status");
	enum login_browser browser = login_browser_choose(options);
	_cleanup_(json_freep) struct json *body = NULL;
	_cleanup_(json_freep) struct json *device_body = NULL;
	int status;

	status = build_body(options, target, browser, &body);
	if (status == EXIT_STATUS_DONE)
		status = build_body(options, target, LOGIN_BROWSER_NO, &device_body);
	if (status != EXIT_STATUS_DONE)
		return status;
	return login_wait(client, &(struct login_request){
					  .account = target->account,
					  .server = target->server,
					  .body = body,
					  .device_body = device_body,
					  .daemon = daemon,
					  .timeout_s = options->timeout_s,
					  .open_browser = browser != LOGIN_BROWSER_NO &&
							  browser_is_possible(),
					  .no_wait = options->no_wait,
					  .open_only = options->unattended,
					  .if_needed = options->if_needed,
					  .json = options->json,
				  });
}

int login_known(struct control_client *client, const struct command_options *options,
		const struct json *account)
{
	struct login_target target = {0};
	int status = login_target_known(account, &target);

	return status == EXIT_STATUS_DONE ? login_target(client, options, &target) : status;
}

/* The daemon decides what a relative list begins with. Here it is only seen whether it is one. */
static int check_permission(const char *permission)
{
	_cleanup_(freep) char *list = NULL;
	struct err_detail detail = {0};

	if (permission_apply("", permission, &list, &detail) < 0) {
		terminal_message(_("misskey-authctl: --permission: %s."), detail.text);
		return EXIT_STATUS_USAGE;
	}
	while (permission_next_unknown(&permission, &detail))
		terminal_message("misskey-authctl: %s", detail.text);
	return EXIT_STATUS_DONE;
}

bool login_has_desktop(void)
{
	if (browser_has_desktop())
		return true;
	terminal_message(_("There is no desktop here (DISPLAY and WAYLAND_DISPLAY are not set), so "
			   "no page is opened. If there is one, its session has to say so: "
			   "systemctl --user import-environment DISPLAY WAYLAND_DISPLAY"));
	return false;
}

static int check_unattended(const struct command_options *options)
{
	if (!options->unattended || (!options->no_browser && !options->no_wait && !options->json &&
				     options->timeout_s == 0))
		return EXIT_STATUS_DONE;
	terminal_message(_("misskey-authctl: --unattended opens pages and prints nothing: no "
			   "--no-browser, --no-wait, --timeout or --json goes with it."));
	return EXIT_STATUS_USAGE;
}

static int check_options(const struct command_options *options)
{
	if (options->limit > 0) {
		terminal_message(_("misskey-authctl: --limit goes with --missing alone."));
		return EXIT_STATUS_USAGE;
	}
	return options->permission ? check_permission(options->permission) : EXIT_STATUS_DONE;
}

int command_login(struct control_client *client, const struct command_options *options)
{
	_cleanup_(json_freep) struct json *reply = NULL;
	struct login_target target = {0};
	int status;

	status = check_unattended(options);
	if (status != EXIT_STATUS_DONE)
		return status;
	if (options->missing)
		return login_missing(client, options);
	status = check_options(options);
	if (status != EXIT_STATUS_DONE)
		return status;
	if (options->unattended && !login_has_desktop())
		return EXIT_STATUS_DONE;
	status = control_call(client, "GET", "/v1/accounts", NULL, &reply);
	if (status == EXIT_STATUS_DONE)
		status = login_target_choose(options, json_get(reply, "accounts"), &target);
	return status == EXIT_STATUS_DONE ? login_target(client, options, &target) : status;
}
