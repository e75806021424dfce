/* SPDX-License-Identifier: MIT */
#include "login_report.h"

#include "client/control_reply.h"
#include "common/translate.h"
#include "common/url.h"
#include "places_note.h"
#include "terminal/daemon_text.h"
#include "terminal/exit_status.h"
#include "terminal/print_json.h"
#include "terminal/terminal.h"

static const int outcome_statuses[OUTCOME_COUNT] = {
	[OUTCOME_NONE] = EXIT_STATUS_FAILED,
	[OUTCOME_AUTHORIZED] = EXIT_STATUS_DONE,
	[OUTCOME_UNVERIFIED] = EXIT_STATUS_DONE,
	[OUTCOME_WRONG_USER] = EXIT_STATUS_WRONG_USER,
	[OUTCOME_EXPIRED] = EXIT_STATUS_NO_CREDENTIAL,
	[OUTCOME_LOST] = EXIT_STATUS_NO_CREDENTIAL,
	[OUTCOME_REJECTED] = EXIT_STATUS_SERVER,
	[OUTCOME_UNREACHABLE] = EXIT_STATUS_SERVER,
	[OUTCOME_REFUSED] = EXIT_STATUS_SERVER,
	[OUTCOME_BAD_REPLY] = EXIT_STATUS_SERVER,
	[OUTCOME_ELSEWHERE] = EXIT_STATUS_SERVER,
	[OUTCOME_LOCAL] = EXIT_STATUS_FAILED,
	[OUTCOME_CANCELLED] = EXIT_STATUS_NO_CREDENTIAL,
	[OUTCOME_OPENED_TWICE] = EXIT_STATUS_NO_CREDENTIAL,
};

/* Prints TEXT, or with --json OBJECT (which it frees) on one line. */
static int print_result(const struct login_request *request, const char *text, struct json *object)
{
	_cleanup_(json_freep) struct json *owned = object;
	_cleanup_(buf_done) struct buf value = {0};

	if (request->json)
		return owned ? print_json(owned, false) : terminal_failed(ERR_NOMEM);
	buf_append_format(&value, "%s\n", text);
	return terminal_value(&value);
}

/* The members that every result has; NULL without memory. */
static struct json *new_result(const struct login_request *request)
{
	_cleanup_(json_freep) struct json *object = json_new_object();

	if (json_add_string(object, "account", request->account) < 0 ||
	    json_add_string(object, "server", request->server) < 0)
		return NULL;
	return TAKE_PTR(object);
}

static int add_user(struct json *object, const struct json *user)
{
	_cleanup_(json_freep) struct json *copy = NULL;

	if (!json_is_object(user))
		return json_add_null(object, "user");
	copy = json_new_object();
	if (json_add_string(copy, "id", json_get_string(user, "id")) < 0 ||
	    json_add_string(copy, "username", json_get_string(user, "username")) < 0)
		return ERR_NOMEM;
	return json_add(object, "user", TAKE_PTR(copy));
}

static int print_signed_in(const struct login_request *request, const struct json *user,
			   enum credential_state state)
{
	_cleanup_(json_freep) struct json *object = new_result(request);

	if (json_add_string(object, "state", credential_state_text(state)) < 0 ||
	    add_user(object, user) < 0)
		json_free(TAKE_PTR(object));
	return print_result(request, request->account, TAKE_PTR(object));
}

/* IS_KEPT: the credential was there before. */
static int report_success(const struct login_request *request, const struct json *user,
			  enum credential_state state, bool is_kept)
{
	const char *username = json_get_string(user, "username");
	const char *server = request->server ? request->server : _("the server");

	if (username && is_kept)
		terminal_message(_("Already signed in to %s as @%s (account %s)."), server,
				 username, request->account);
	else if (username)
		terminal_message(_("Signed in to %s as @%s (account %s)."), server, username,
				 request->account);
	else
		terminal_message(_("Signed in to %s (account %s)."), server, request->account);
	if (state == CREDENTIAL_UNVERIFIED)
		terminal_message(
			_("The server could not be asked yet whether the credential works."));
	places_note_files(request->daemon);
	terminal_message(_("A script uses it with: misskey-token %s"), request->account);
	return print_signed_in(request, user, state);
}

int login_report_finished(const struct login_request *request, const struct json *login)
{
	enum outcome outcome = control_login_outcome(login);
	const char *code = json_get_string(login, "outcome");
	const char *message = json_get_string(login, "message");

	if (outcome_is_success(outcome))
		return report_success(request, json_get(login, "user"),
				      outcome == OUTCOME_UNVERIFIED ? CREDENTIAL_UNVERIFIED
								    : CREDENTIAL_VERIFIED,
				      false);
	if (message)
		daemon_text_say(code, message);
	else
		terminal_message(_("misskey-authctl: The login of %s ended with %s."),
				 request->account, code ? code : _("no outcome"));
	if (outcome == OUTCOME_UNREACHABLE)
		places_note_proxy(request->daemon);
	return outcome_statuses[outcome];
}

int login_report_kept(const struct login_request *request, const struct json *login)
{
	return report_success(request, json_get(login, "user"),
			      control_login_outcome(login) == OUTCOME_UNVERIFIED
				      ? CREDENTIAL_UNVERIFIED
				      : CREDENTIAL_VERIFIED,
			      true);
}

int login_report_signed_in(const struct login_request *request, const struct json *account)
{
	return report_success(request, json_get(account, "user"), control_credential_state(account),
			      false);
}

/* Whether the server has not done its part yet; the person could not consent, or has. */
static bool waits_for_server(const struct json *login)
{
	enum login_state state = control_login_state(login);

	return state != LOGIN_IDLE && state != LOGIN_CONSENT && state != LOGIN_FINISHED;
}

int login_report_late(const struct login_request *request, const struct json *login)
{
	const struct json *problem = json_get(login, "problem");
	const char *message = json_get_string(problem, "message");

	if (!waits_for_server(login)) {
		terminal_message(_("misskey-authctl: Timed out: nobody approved %s. The login is "
				   "still pending. To go on with it: misskey-authctl login %s"),
				 request->account, request->account);
		return EXIT_STATUS_NO_CREDENTIAL;
	}
	if (message)
		daemon_text_say(json_get_string(problem, "code"), message);
	terminal_message(_("misskey-authctl: %s did not answer in time. The login is still "
			   "pending; go on with: misskey-authctl login %s"),
			 request->server ? request->server : _("The server"), request->account);
	places_note_proxy(request->daemon);
	return EXIT_STATUS_SERVER;
}

int login_report_page(const struct login_request *request, const struct json *login,
		      const char *url)
{
	_cleanup_(json_freep) struct json *object = new_result(request);
	char origin[URL_ORIGIN_BYTES];
	const char *path;

	/* The server chose it, and it goes to a script or a terminal as it is. */
	if (url_split(url, origin, &path, NULL) < 0) {
		terminal_message(_("misskey-authctl: The page's address is no URL: %s"), url);
		return EXIT_STATUS_SERVER;
	}
	if (json_add_string(object, "url", url) < 0 ||
	    json_add_string(object, "expires_at", json_get_string(login, "expires_at")) < 0)
		json_free(TAKE_PTR(object));
	return print_result(request, url, TAKE_PTR(object));
}
