/* SPDX-License-Identifier: MIT */

/*
 * misskey-authctl login: which account and server are meant, and what to ask the daemon for.
 */

#include <stdio.h>
#include <string.h>

#include "account_note.h"
#include "client/control_reply.h"
#include "command/command.h"
#include "common/account_name.h"
#include "common/permission.h"
#include "common/translate.h"
#include "common/url.h"
#include "control_call.h"
#include "login_browser.h"
#include "login_missing.h"
#include "login_wait.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"
#include "web_browser/web_browser.h"

/* Whom the person wants to sign in. */
struct target {
	char account[ACCOUNT_NAME_BYTES];
	char server[URL_ORIGIN_BYTES];
	char user[URL_USER_BYTES]; /* "": anybody */
	bool named_server;	   /* the daemon has to be told the server */
};

static int set_text(char *ret_text, size_t capacity, const char *text)
{
	if (!text || strlen(text) >= capacity)
		return ERR_DAMAGED;
	strcpy(ret_text, text);
	return 0;
}

/* ACCOUNT is one that the daemon knows. */
static int target_known(const struct json *account, struct target *ret_target)
{
	const char *name = json_get_string(account, "account");
	const char *server = json_get_string(account, "server");

	if (!name || !account_name_valid(name) ||
	    set_text(ret_target->account, sizeof(ret_target->account), name) < 0 ||
	    set_text(ret_target->server, sizeof(ret_target->server), server) < 0)
		return control_call_not_understood();
	account_note_permission(account, false);
	return EXIT_STATUS_DONE;
}

/* SERVER is what a person writes for one; AS names the account (NULL: after the host). */
static int target_server(const char *server, const char *as, struct target *ret_target)
{
	struct err_detail detail = {0};
	struct url_server parsed;
	const char *name;

	if (url_server_parse(server, &parsed, &detail) < 0) {
		terminal_message(_("misskey-authctl: %s."), detail.text);
		return EXIT_STATUS_USAGE;
	}
	name = as ? as : parsed.host;
	if (!account_name_valid(name)) {
		terminal_message(_("misskey-authctl: %s cannot be the name of an account, which is "
				   "at most 64 letters, digits and ._@:- and begins with a letter "
				   "or digit. Choose one with --as."),
				 name);
		return EXIT_STATUS_USAGE;
	}
	strcpy(ret_target->account, name);
	strcpy(ret_target->server, parsed.origin);
	strcpy(ret_target->user, parsed.user);
	ret_target->named_server = true;
	return EXIT_STATUS_DONE;
}

/* Without an argument it is the only account that there is. */
static int target_only(const struct json *accounts, struct target *ret_target)
{
	const struct json *account = json_first(accounts);
	_cleanup_(buf_done) struct buf names = {0};

	if (account && !json_next(account))
		return target_known(account, ret_target);
	if (!account) {
		terminal_message(_("misskey-authctl: There is no account yet. Name a server: "
				   "misskey-authctl login misskey.example"));
		return EXIT_STATUS_USAGE;
	}
	for (; account; account = json_next(account)) {
		const char *name = json_get_string(account, "account");

		buf_append_format(&names, "%s%s", names.size ? ", " : "", name ? name : "?");
	}
	terminal_message(_("misskey-authctl: Which account? There are: %s"), buf_text(&names));
	return EXIT_STATUS_USAGE;
}

static int target_choose(const struct command_options *options, const struct json *accounts,
			 struct target *ret_target)
{
	const char *argument = options->argument ? options->argument : options->as;
	const struct json *known;
	const char *server;

	if (!argument)
		return target_only(accounts, ret_target);
	known = control_find(accounts, "account", argument);
	if (known && (!options->as || strcmp(options->as, argument) == 0))
		return target_known(known, ret_target);
	if (!options->argument) {
		terminal_message(_("misskey-authctl: There is no account %s yet. Name its server "
				   "too: misskey-authctl login misskey.example --as %s"),
				 options->as, options->as);
		return EXIT_STATUS_USAGE;
	}
	/* An account is mostly named after its host; with --as a second one is wanted there. */
	server = json_get_string(known, "server");
	return target_server(server ? server : argument, options->as, ret_target);
}

/* --user, or the user of @user@server; both must be the same. */
static int target_set_user(struct target *target, const char *user)
{
	if (!user)
		return EXIT_STATUS_DONE;
	if (*user == '@')
		user++;
	if (!*user || (*target->user && strcmp(target->user, user) != 0) ||
	    set_text(target->user, sizeof(target->user), user) < 0) {
		terminal_message(_("misskey-authctl: --user must be one user's name, the same as "
				   "in @user@server."));
		return EXIT_STATUS_USAGE;
	}
	return EXIT_STATUS_DONE;
}

static int build_body(const struct target *target, const char *permission,
		      enum login_browser browser, struct json **ret_body)
{
	_cleanup_(json_freep) struct json *body = json_new_object();
	int r = body ? login_browser_add(body, browser) : ERR_NOMEM;

	if (r == 0 && target->named_server)
		r = json_add_string(body, "server", target->server);
	if (r == 0 && *target->user)
		r = json_add_string(body, "user", target->user);
	if (r == 0 && permission)
		r = json_add_string(body, "permission", permission);
	if (r < 0)
		return terminal_failed(r);
	*ret_body = TAKE_PTR(body);
	return EXIT_STATUS_DONE;
}

/* Asks for the login of TARGET and follows it. */
static int login_target(struct control_client *client, const struct command_options *options,
			const struct target *target, const char *permission)
{
	enum login_browser browser = login_browser_choose(options);
	_cleanup_(json_freep) struct json *body = NULL;
	int status;

	status = build_body(target, permission, browser, &body);
	if (status != EXIT_STATUS_DONE)
		return status;
	return login_wait(client, &(struct login_request){
					  .account = target->account,
					  .server = target->server,
					  .body = body,
					  .timeout_s = options->timeout_s,
					  .open_browser = browser != LOGIN_BROWSER_NO &&
							  browser_is_possible(),
					  .no_wait = options->no_wait,
					  .open_only = options->unattended,
					  .json = options->json,
				  });
}

int login_known(struct control_client *client, const struct command_options *options,
		const struct json *account)
{
	struct target target = {0};
	int status = target_known(account, &target);

	return status == EXIT_STATUS_DONE ? login_target(client, options, &target, NULL) : status;
}

/* The one account that the person means. */
static int login_one(struct control_client *client, const struct command_options *options,
		     const struct json *accounts, const char *permission)
{
	struct target target = {0};
	int status = target_choose(options, accounts, &target);

	if (status == EXIT_STATUS_DONE)
		status = target_set_user(&target, options->user);
	if (status != EXIT_STATUS_DONE)
		return status;
	return login_target(client, options, &target, permission);
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

int command_login(struct control_client *client, const struct command_options *options)
{
	_cleanup_(json_freep) struct json *reply = NULL;
	_cleanup_(freep) char *permission = NULL;
	struct err_detail detail = {0};
	int status;

	status = check_unattended(options);
	if (status != EXIT_STATUS_DONE)
		return status;
	if (options->missing)
		return login_missing(client, options);
	if (options->limit > 0) {
		terminal_message(_("misskey-authctl: --limit goes with --missing alone."));
		return EXIT_STATUS_USAGE;
	}
	if (options->unattended && !login_has_desktop())
		return EXIT_STATUS_DONE;
	if (options->permission &&
	    permission_parse(options->permission, &permission, &detail) < 0) {
		terminal_message(_("misskey-authctl: --permission: %s."), detail.text);
		return EXIT_STATUS_USAGE;
	}
	status = control_call(client, "GET", "/v1/accounts", NULL, &reply);
	if (status != EXIT_STATUS_DONE)
		return status;
	return login_one(client, options, json_get(reply, "accounts"), permission);
}
