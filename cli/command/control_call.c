/* SPDX-License-Identifier: MIT */
#include "control_call.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/translate.h"
#include "terminal/advice.h"
#include "terminal/daemon_text.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"

const char *control_error_code(const struct control_reply *reply)
{
	const char *code = json_get_string(json_get(reply->body, "error"), "code");

	return code ? code : "";
}

/* As sd_booted() of libsystemd has it, which this program does without. */
static bool has_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

/* Says what can be done about a request that ended with CODE; returns the exit status. */
static int advise(int code)
{
	switch (code) {
	case ERR_NOT_FOUND:
		if (has_systemd())
			terminal_message(
				_("Start the daemon, now and whenever it is needed, with: %s"),
				ADVICE_START_BY_SYSTEMD);
		else
			terminal_message(_("There is no systemd here. Start the daemon by hand, in "
					   "another terminal or with your session: %s"),
					 "misskey-authd");
		return EXIT_STATUS_NO_DAEMON;
	case ERR_IO:
	case ERR_BUSY:
		terminal_message(
			_("To see what the daemon says: journalctl --user -u misskey-authd"));
		terminal_message(_("To start it again: %s"), ADVICE_RESTART);
		return EXIT_STATUS_NO_DAEMON;
	case ERR_DAMAGED:
		terminal_message(_("If it is misskey-authd of another version, start it again: %s"),
				 ADVICE_RESTART);
		return EXIT_STATUS_FAILED;
	case ERR_UNSAFE:
		terminal_message(
			_("Check whose XDG_RUNTIME_DIR is: su and sudo do not change it."));
		return EXIT_STATUS_UNSAFE;
	default:
		return EXIT_STATUS_FAILED;
	}
}

int control_call_unanswered(int code, const struct err_detail *detail)
{
	terminal_message("misskey-authctl: %s", detail->text);
	return advise(code);
}

int control_call_not_understood(void)
{
	terminal_message(_("misskey-authctl: The daemon's answer cannot be understood."));
	return advise(ERR_DAMAGED);
}

/* Of what a daemon that cannot work says in its status: is it a file that must not be used? */
static bool problems_name_file(const struct json *status)
{
	const struct json *problem = json_first(json_get(status, "problems"));

	for (; problem; problem = json_next(problem)) {
		const char *code = json_get_string(problem, "code");

		if (code &&
		    (strcmp(code, "STATE_DAMAGED") == 0 || strcmp(code, "UNSAFE_CONFIG") == 0))
			return true;
	}
	return false;
}

/* UNAVAILABLE is a bad config, or a file that is damaged or not safe to use. The status tells them
 * apart; a daemon that does not even give that names the files in its message. */
static bool file_is_unusable(struct control_client *client, const char *message)
{
	struct control_reply status = {0};
	bool unusable;

	if (control_client_request(client, "GET", "/v1/status", NULL, CONTROL_CALL_TIMEOUT_MS,
				   &status, NULL) == 0 &&
	    json_is_array(json_get(status.body, "problems")))
		unusable = problems_name_file(status.body);
	else
		unusable = strstr(message, "credentials.json") ||
			   strstr(message, "registry.json") || strstr(message, "state");
	control_reply_done(&status);
	return unusable;
}

static void say_refusal(const char *code, const char *message)
{
	_cleanup_(buf_done) struct buf text = {0};

	daemon_text_append(&text, code, message);
	terminal_message("misskey-authctl: %s", buf_text(&text));
}

int control_call_refused(struct control_client *client, const struct control_reply *reply)
{
	const char *message = json_get_string(json_get(reply->body, "error"), "message");
	const char *code = control_error_code(reply);

	if (message)
		say_refusal(code, message);
	else
		terminal_message(
			_("misskey-authctl: The daemon refused the request with HTTP status "
			  "%ld."),
			reply->status);
	if (strcmp(code, "NO_SUCH_ACCOUNT") == 0)
		return EXIT_STATUS_NO_ACCOUNT;
	if (strcmp(code, "NO_CREDENTIAL") == 0)
		return EXIT_STATUS_NO_CREDENTIAL;
	if (strcmp(code, "UNSAFE_CONFIG") == 0)
		return EXIT_STATUS_UNSAFE;
	if (strcmp(code, "UNAVAILABLE") == 0 && file_is_unusable(client, message ? message : ""))
		return EXIT_STATUS_UNSAFE;
	return EXIT_STATUS_FAILED;
}

int control_call(struct control_client *client, const char *method, const char *path,
		 const struct json *body, struct json **ret_body)
{
	struct control_reply reply = {0};
	struct err_detail detail = {0};
	int status = EXIT_STATUS_DONE;
	int r;

	r = control_client_request(client, method, path, body, CONTROL_CALL_TIMEOUT_MS, &reply,
				   &detail);
	if (r < 0)
		return control_call_unanswered(r, &detail);
	if (reply.status >= 400)
		status = control_call_refused(client, &reply);
	else
		*ret_body = TAKE_PTR(reply.body);
	control_reply_done(&reply);
	return status;
}

const struct json *control_find_account(const struct json *accounts, const char *name)
{
	const struct json *account = json_first(accounts);

	for (; account; account = json_next(account)) {
		const char *known = json_get_string(account, "account");

		if (known && strcmp(known, name) == 0)
			return account;
	}
	return NULL;
}
