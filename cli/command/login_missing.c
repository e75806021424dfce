/* SPDX-License-Identifier: MIT */
#include "login_missing.h"

#include <time.h>

#include "client/control_reply.h"
#include "common/translate.h"
#include "control_call.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"
#include "web_browser/web_browser.h"

/* At the start of a session the network may come late: a server that cannot be reached is tried
 * again after these times. */
static const time_t pauses_s[] = {5, 15, 60, 180, 300};
#define PAUSE_COUNT (sizeof(pauses_s) / sizeof(pauses_s[0]))
/* Each server that cannot be reached costs some seconds. */
#define OFFLINE_MAX 10

struct missing {
	struct control_client *client;
	const struct command_options *options;
	int64_t room;	 /* how many more pages may be opened */
	bool given_up;	 /* the rest is left: nobody is there, or nothing works */
	int offline;	 /* how many servers could not be reached */
	int status;	 /* the first that is not EXIT_STATUS_DONE */
	struct buf left; /* names of the accounts that are left, if any */
	unsigned left_count;
};

static bool is_missing(const struct json *account)
{
	enum credential_state state = control_credential_state(account);

	return control_is_configured(account) &&
	       (state == CREDENTIAL_ABSENT || state == CREDENTIAL_REVOKED);
}

/* Whether somebody works on the login, or has its page already. */
static bool is_under_way(const struct json *account)
{
	const struct json *login = json_get(account, "login");
	enum login_state state = control_login_state(login);
	bool browser = false;
	bool given = true;

	if (state == LOGIN_IDLE || state == LOGIN_FINISHED)
		return false;
	(void)json_get_bool(login, "browser", &browser);
	(void)json_get_bool(login, "page_given", &given);
	return state != LOGIN_CONSENT || !browser || given;
}

static void leave(struct missing *missing, const struct json *account)
{
	const char *name = json_get_string(account, "account");

	buf_append_format(&missing->left, "%s%s", missing->left_count ? ", " : "",
			  name ? name : "?");
	missing->left_count++;
}

static void log_in(struct missing *missing, const struct json *account)
{
	int status = login_known(missing->client, missing->options, account);
	bool is_offline = status == EXIT_STATUS_SERVER;

	if (!is_offline || !missing->options->unattended)
		missing->room--;
	missing->offline += is_offline;
	if (missing->status == EXIT_STATUS_DONE)
		missing->status = status;
	/* Who ignores a page does not want the next one; nor is there one without the daemon or the
	 * network. */
	missing->given_up |= status == EXIT_STATUS_NO_CREDENTIAL ||
			     status == EXIT_STATUS_NO_DAEMON || missing->offline == OFFLINE_MAX;
}

static void say_left(const struct missing *missing)
{
	if (missing->left_count > 0)
		terminal_message(translate_count("Without a credential is left: %s. Go on with: "
						 "misskey-authctl login --missing",
						 "Without a credential are left: %s. Go on with: "
						 "misskey-authctl login --missing",
						 missing->left_count),
				 buf_text(&missing->left));
}

/* ---- For a person ---- */

/* One after the other, so that there is one page at a time. */
static int log_in_each(struct missing *missing, const struct json *accounts)
{
	const struct json *account = json_first(accounts);
	bool found = false;

	for (; account; account = json_next(account)) {
		if (!is_missing(account))
			continue;
		found = true;
		if (missing->given_up || missing->room == 0)
			leave(missing, account);
		else
			log_in(missing, account);
	}
	if (!found)
		terminal_message(_("Every account of the config has a credential."));
	say_left(missing);
	return missing->status;
}

/* ---- At the start of a session ---- */

/* Opens what is not open. Pages that are count for the limit, however often this is done. */
static void open_pages(struct missing *missing, const struct json *accounts)
{
	const struct json *account;

	for (account = json_first(accounts); account; account = json_next(account))
		missing->room -= is_missing(account) && is_under_way(account);
	for (account = json_first(accounts); account; account = json_next(account)) {
		if (!is_missing(account) || is_under_way(account))
			continue;
		if (missing->given_up || missing->room <= 0)
			leave(missing, account);
		else
			log_in(missing, account);
	}
	say_left(missing);
}

static int try_pages(struct missing *missing)
{
	_cleanup_(json_freep) struct json *reply = NULL;
	int status = control_call(missing->client, "GET", "/v1/status", NULL, &reply);

	if (status != EXIT_STATUS_DONE)
		return status;
	/* The page could be shown, but not opened: its address is not for arguments or a log. */
	if (!json_get_string(reply, "callback_url")) {
		terminal_message(_("misskey-authctl: The daemon has no callback port, so no page "
				   "can be opened. See why: misskey-authctl status"));
		return EXIT_STATUS_FAILED;
	}
	open_pages(missing, json_get(reply, "accounts"));
	return missing->status;
}

static int open_each(struct missing *missing)
{
	if (!login_has_desktop())
		return EXIT_STATUS_DONE;
	for (size_t n = 0;; n++) {
		const struct missing fresh = *missing;
		int status = try_pages(missing);

		if (missing->offline == 0 || n == PAUSE_COUNT)
			return status;
		nanosleep(&(struct timespec){.tv_sec = pauses_s[n]}, NULL);
		buf_done(&missing->left);
		*missing = fresh;
	}
}

static int check_options(const struct command_options *options)
{
	if (options->argument || options->as || options->user || options->permission ||
	    options->method || options->replace || options->if_needed) {
		terminal_message(_(
			"misskey-authctl: --missing is for all accounts of the config, as they are "
			"there: no SERVER, ACCOUNT, --as, --user, --replace, --permission, "
			"--method or "
			"--if-needed goes with it."));
		return EXIT_STATUS_USAGE;
	}
	return EXIT_STATUS_DONE;
}

static void missing_done(struct missing *missing)
{
	buf_done(&missing->left);
}

int login_missing(struct control_client *client, const struct command_options *options)
{
	_cleanup_(missing_done) struct missing missing = {
		.client = client,
		.options = options,
		.room = options->limit > 0 ? options->limit : LOGIN_MISSING_LIMIT,
	};
	_cleanup_(json_freep) struct json *reply = NULL;
	int status = check_options(options);

	if (status != EXIT_STATUS_DONE)
		return status;
	if (options->unattended)
		return open_each(&missing);
	status = control_call(client, "GET", "/v1/accounts", NULL, &reply);
	if (status != EXIT_STATUS_DONE)
		return status;
	return log_in_each(&missing, json_get(reply, "accounts"));
}
