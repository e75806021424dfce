/* SPDX-License-Identifier: MIT */
#include "login_report.h"

#include <stddef.h>
#include <string.h>

#include "common/translate.h"
#include "common/url.h"
#include "terminal/daemon_text.h"
#include "terminal/exit_status.h"
#include "terminal/print_json.h"
#include "terminal/terminal.h"

/* The outcomes of docs/control-api.md. */
static const struct {
	const char *code;
	int status;
} outcomes[] = {
	{"AUTHORIZED", EXIT_STATUS_DONE},	{"UNVERIFIED", EXIT_STATUS_DONE},
	{"WRONG_USER", EXIT_STATUS_WRONG_USER}, {"EXPIRED", EXIT_STATUS_NO_CREDENTIAL},
	{"LOST", EXIT_STATUS_NO_CREDENTIAL},	{"REJECTED", EXIT_STATUS_SERVER},
	{"UNREACHABLE", EXIT_STATUS_SERVER},	{"REFUSED", EXIT_STATUS_SERVER},
	{"BAD_REPLY", EXIT_STATUS_SERVER},	{"ELSEWHERE", EXIT_STATUS_SERVER},
	{"LOCAL", EXIT_STATUS_FAILED},		{"CANCELLED", EXIT_STATUS_NO_CREDENTIAL},
};

static int outcome_status(const char *code)
{
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (strcmp(code, outcomes[i].code) == 0)
			return outcomes[i].status;
	return EXIT_STATUS_FAILED;
}

/* Prints OBJECT (which it frees) on one line, unless putting it together failed with CODE. */
static int print_object(struct json *object, int code)
{
	int status = EXIT_STATUS_FAILED;

	if (code == 0)
		status = print_json(object, false);
	else
		terminal_message(_("misskey-authctl: %s."), _(err_text(code)));
	json_free(object);
	return status;
}

static int add_user(struct json *object, const struct json *user)
{
	_cleanup_(json_freep) struct json *copy = NULL;
	int r;

	if (!json_is_object(user))
		return json_add_null(object, "user");
	copy = json_new_object();
	r = copy ? json_add_string(copy, "id", json_get_string(user, "id")) : ERR_NOMEM;
	if (r == 0)
		r = json_add_string(copy, "username", json_get_string(user, "username"));
	return r < 0 ? r : json_add(object, "user", TAKE_PTR(copy));
}

static int print_signed_in(const struct login_request *request, const struct json *user,
			   const char *state)
{
	_cleanup_(buf_done) struct buf value = {0};
	struct json *object;
	int r;

	if (!request->json) {
		buf_append_text(&value, request->account);
		buf_append_char(&value, '\n');
		return terminal_value(&value);
	}
	object = json_new_object();
	r = object ? json_add_string(object, "account", request->account) : ERR_NOMEM;
	if (r == 0)
		r = json_add_string(object, "server", request->server);
	if (r == 0)
		r = json_add_string(object, "state", state);
	if (r == 0)
		r = add_user(object, user);
	return print_object(object, r);
}

/* The names of the members are those of ACCOUNT in docs/control-api.md. */
static int report_success(const struct login_request *request, const struct json *user,
			  const char *state)
{
	const char *username = json_get_string(user, "username");
	const char *server = request->server ? request->server : _("the server");

	if (username)
		terminal_message(_("Signed in to %s as @%s (account %s)."), server, username,
				 request->account);
	else
		terminal_message(_("Signed in to %s (account %s)."), server, request->account);
	if (strcmp(state, "unverified") == 0)
		terminal_message(
			_("The server could not be asked yet whether the credential works."));
	terminal_message(_("A script uses it with: misskey-token %s"), request->account);
	return print_signed_in(request, user, state);
}

int login_report_finished(const struct login_request *request, const struct json *login)
{
	const char *code = json_get_string(login, "outcome");
	const char *message = json_get_string(login, "message");
	_cleanup_(buf_done) struct buf text = {0};
	int status = code ? outcome_status(code) : EXIT_STATUS_FAILED;

	if (status == EXIT_STATUS_DONE)
		return report_success(request, json_get(login, "user"),
				      strcmp(code, "UNVERIFIED") == 0 ? "unverified" : "verified");
	if (message) {
		daemon_text_append(&text, code, message);
		terminal_message("misskey-authctl: %s", buf_text(&text));
	} else {
		terminal_message(_("misskey-authctl: The login of %s ended with %s."),
				 request->account, code ? code : _("no outcome"));
	}
	return status;
}

int login_report_signed_in(const struct login_request *request, const struct json *account)
{
	const char *state = json_get_string(account, "state");

	return report_success(request, json_get(account, "user"), state ? state : "unverified");
}

int login_report_page(const struct login_request *request, const struct json *login,
		      const char *url)
{
	_cleanup_(buf_done) struct buf value = {0};
	char origin[URL_ORIGIN_BYTES];
	const char *path;
	struct json *object;
	int r;

	/* It comes from the server, and goes to a script or a terminal as it is. */
	if (url_split(url, origin, &path, NULL) < 0) {
		terminal_message(_("misskey-authctl: The page's address is no URL: %s"), url);
		return EXIT_STATUS_SERVER;
	}
	if (!request->json) {
		buf_append_text(&value, url);
		buf_append_char(&value, '\n');
		return terminal_value(&value);
	}
	object = json_new_object();
	r = object ? json_add_string(object, "account", request->account) : ERR_NOMEM;
	if (r == 0)
		r = json_add_string(object, "server", request->server);
	if (r == 0)
		r = json_add_string(object, "url", url);
	if (r == 0)
		r = json_add_string(object, "expires_at", json_get_string(login, "expires_at"));
	return print_object(object, r);
}
