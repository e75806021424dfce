/* SPDX-License-Identifier: MIT */
#include "control_call.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/translate.h"
#include "common/vocabulary.h"
#include "terminal/advice.h"
#include "terminal/daemon_text.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"

/* As sd_booted() of libsystemd has it, which this program does without. */
static bool has_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

static void say_restart(void)
{
	if (has_systemd())
		terminal_message(_("To start it again: %s"), ADVICE_RESTART);
	else
		terminal_message(_("There is no systemd here. End misskey-authd, then start it "
				   "again by hand: %s"),
				 "misskey-authd");
}

/* Says what can be done about a request that ended with CODE; returns the exit status. */
static int advise(int code)
{
	switch (code) {
	case ERR_NOT_FOUND:
		if (has_systemd())
			terminal_message(
				_("Start the daemon, now and whenever it is needed, with: %s"),
				ADVICE_ENABLE);
		else
			terminal_message(_("There is no systemd here. Start the daemon by hand, in "
					   "another terminal or with your session: %s"),
					 "misskey-authd");
		return EXIT_STATUS_NO_DAEMON;
	case ERR_IO:
	case ERR_BUSY:
		terminal_message(
			_("To see what the daemon says: journalctl --user -u misskey-authd"));
		say_restart();
		return EXIT_STATUS_NO_DAEMON;
	case ERR_DAMAGED:
		terminal_message(_("If it is misskey-authd of another version, start it again."));
		say_restart();
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

/* Of errors that end with another status than EXIT_STATUS_FAILED. */
static const struct {
	const char *code;
	int status;
} statuses[] = {
	{CODE_NO_SUCH_ACCOUNT, EXIT_STATUS_NO_ACCOUNT},
	{CODE_NO_CREDENTIAL, EXIT_STATUS_NO_CREDENTIAL},
	{CODE_OTHER_USER, EXIT_STATUS_WRONG_USER},
	{CODE_UNSAFE_CONFIG, EXIT_STATUS_UNSAFE},
	{CODE_STATE_DAMAGED, EXIT_STATUS_UNSAFE},
};

int control_call_refused(const struct control_reply *reply)
{
	const char *message = json_get_string(json_get(reply->body, "error"), "message");
	const char *code = control_reply_code(reply);

	if (message)
		daemon_text_say(code, message);
	else
		terminal_message(
			_("misskey-authctl: The daemon refused the request with HTTP status %ld."),
			reply->status);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (strcmp(code, statuses[i].code) == 0)
			return statuses[i].status;
	return EXIT_STATUS_FAILED;
}

int control_call_within(struct control_client *client, const char *method, const char *path,
			const struct json *body, int64_t timeout_ms, struct json **ret_body)
{
	_cleanup_(control_reply_done) struct control_reply reply = {0};
	struct err_detail detail = {0};
	int r = control_client_request(client, method, path, body, timeout_ms, &reply, &detail);

	if (r < 0)
		return control_call_unanswered(r, &detail);
	if (reply.status >= 400)
		return control_call_refused(&reply);
	*ret_body = TAKE_PTR(reply.body);
	return EXIT_STATUS_DONE;
}

int control_call(struct control_client *client, const char *method, const char *path,
		 const struct json *body, struct json **ret_body)
{
	return control_call_within(client, method, path, body, CONTROL_TIMEOUT_MS, ret_body);
}

int control_call_no_account(const char *name)
{
	terminal_message(_("misskey-authctl: There is no account %s. To see all: misskey-authctl "
			   "list"),
			 name);
	return EXIT_STATUS_NO_ACCOUNT;
}

struct json *control_call_look_up(struct control_client *client, const char *name)
{
	char path[CONTROL_PATH_BYTES];

	snprintf(path, sizeof(path), "/v1/accounts/%s", name);
	return control_client_get(client, path);
}

int control_call_bad_name(const char *name)
{
	terminal_message(_("misskey-authctl: No account can be called %s. A name is 1 to 64 of the "
			   "characters A-Z a-z 0-9 ._@:- and begins with a letter or digit."),
			 name);
	return EXIT_STATUS_USAGE;
}

int control_call_account(struct control_client *client, const char *method, const char *name,
			 const char *below, const struct json *body, struct json **ret_body)
{
	char path[CONTROL_PATH_BYTES];

	if (!account_name_valid(name))
		return control_call_no_account(name);
	snprintf(path, sizeof(path), "/v1/accounts/%s%s", name, below);
	return control_call(client, method, path, body, ret_body);
}
