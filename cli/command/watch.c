/* SPDX-License-Identifier: MIT */

/*
 * misskey-authctl watch: shows what happens to the accounts, as it happens.
 */

#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "account_note.h"
#include "client/control_reply.h"
#include "command/command.h"
#include "common/text.h"
#include "common/translate.h"
#include "control_call.h"
#include "terminal/daemon_text.h"
#include "terminal/exit_status.h"
#include "terminal/print_json.h"
#include "terminal/terminal.h"

/* Three heartbeats of the daemon, and a bit. */
#define SILENCE_S 50

struct watch {
	bool json;
	int status;	 /* of the last line that was written */
	bool is_heard;	 /* something came since the connection was made */
	bool is_stopped; /* the daemon said that it stops */
};

/* ---- Lines for a person ---- */

static void append_user(struct buf *line, const struct json *object)
{
	const char *username = json_get_string(json_get(object, "user"), "username");

	if (!username)
		return;
	buf_append_text(line, " (@");
	terminal_append_cell(line, username);
	buf_append_char(line, ')');
}

static void append_credential(struct buf *line, const struct json *account)
{
	terminal_append_cell(line, json_get_string(account, "state"));
	append_user(line, account);
}

static void append_report(struct buf *line, const char *code, const char *message)
{
	_cleanup_(buf_done) struct buf text = {0};

	daemon_text_append(&text, code, message);
	buf_append_text(line, ": ");
	terminal_append_message(line, buf_text(&text));
}

static void append_login_end(struct buf *line, const struct json *login)
{
	const char *outcome = json_get_string(login, "outcome");
	const char *message = json_get_string(login, "message");

	if (outcome_is_success(control_login_outcome(login))) {
		buf_append_text(line, _("login: signed in"));
		append_user(line, login);
		return;
	}
	buf_append_text(line, _("login: "));
	terminal_append_cell(line, outcome);
	if (message)
		append_report(line, outcome, message);
}

static void append_login(struct buf *line, const struct json *login)
{
	static const char *const texts[LOGIN_FINISHED] = {
		[LOGIN_REGISTERING] = N_("registering the app"),
		[LOGIN_SESSION] = N_("asking for a session"),
		[LOGIN_CONSENT] = N_("waiting for consent"),
		[LOGIN_SECURING] = N_("making room for the credential"),
		[LOGIN_EXCHANGING] = N_("fetching the credential"),
		[LOGIN_STORING] = N_("storing the credential"),
		[LOGIN_VERIFYING] = N_("asking whether the credential works"),
	};
	enum login_state state = control_login_state(login);
	const struct json *problem = json_get(login, "problem");
	const char *browser_problem = json_get_string(login, "browser_problem");
	const char *page = control_login_page(login);

	if (state == LOGIN_FINISHED) {
		append_login_end(line, login);
		return;
	}
	buf_append_text(line, _("login: "));
	if (texts[state])
		buf_append_text(line, _(texts[state]));
	if (json_get_string(problem, "message"))
		append_report(line, json_get_string(problem, "code"),
			      json_get_string(problem, "message"));
	if (browser_problem && page) {
		buf_append_text(line, ": ");
		terminal_append_message(line, browser_problem);
		buf_append_text(line, _(" Open it by hand: "));
		terminal_append_message(line, page);
	}
}

/* "12:00:01  misskey.example  ": the time where the person is. */
static void append_beginning(struct buf *line, const struct json *event, const struct json *account)
{
	const char *text = json_get_string(event, "time");
	int64_t unix_s = 0;
	struct tm local;
	time_t seconds;

	if (!text || text_time_parse(text, &unix_s) < 0)
		unix_s = (int64_t)time(NULL);
	seconds = (time_t)unix_s;
	localtime_r(&seconds, &local);
	buf_append_format(line, "%02d:%02d:%02d  ", local.tm_hour, local.tm_min, local.tm_sec);
	terminal_append_cell(line, json_get_string(account, "account"));
	buf_append_text(line, "  ");
}

static void append_change(struct buf *line, const char *name, const struct json *account)
{
	if (strcmp(name, EVENT_LOGIN) == 0)
		append_login(line, json_get(account, "login"));
	else if (strcmp(name, EVENT_REMOVED) == 0)
		buf_append_text(line, _("removed"));
	else if (strcmp(name, EVENT_ACCOUNT) == 0)
		buf_append_text(line, _("changed in the config"));
	else
		append_credential(line, account);
}

static void append_snapshot(struct buf *lines, const struct json *event)
{
	const struct json *account = json_first(json_get(json_get(event, "status"), "accounts"));

	for (; account; account = json_next(account)) {
		append_beginning(lines, event, account);
		append_credential(lines, account);
		buf_append_char(lines, '\n');
	}
}

static int show_event(const struct json *event, const char *name)
{
	_cleanup_(buf_done) struct buf lines = {0};
	const struct json *account = json_get(event, "account");

	if (strcmp(name, EVENT_SNAPSHOT) == 0) {
		append_snapshot(&lines, event);
	} else if (json_is_object(account)) {
		append_beginning(&lines, event, account);
		append_change(&lines, name, account);
		buf_append_char(&lines, '\n');
	}
	return lines.size > 0 || buf_error(&lines) ? terminal_value(&lines) : EXIT_STATUS_DONE;
}

/* ---- The stream ---- */

/* Whether nobody reads the pipe any more. A write would notice it too, but the next change may come
 * tomorrow. */
static bool is_reader_gone(void)
{
	struct pollfd output = {.fd = STDOUT_FILENO};

	return poll(&output, 1, 0) > 0 && (output.revents & POLLERR);
}

static void take_event(const struct json *event, void *context)
{
	struct watch *watch = context;
	const char *name = json_get_string(event, "event");

	if (!name || watch->status != EXIT_STATUS_DONE)
		return;
	watch->is_heard = true;
	watch->is_stopped = strcmp(name, EVENT_STOPPING) == 0;
	watch->status = watch->json ? print_json(event, false) : show_event(event, name);
	if (watch->status == EXIT_STATUS_DONE && is_reader_gone())
		watch->status = EXIT_STATUS_FAILED;
}

/* Shows the events to their end. */
static int follow(struct control_client *client, struct watch *watch,
		  struct control_reply *ret_reply, struct err_detail *detail)
{
	_cleanup_(control_stream_freep) struct control_stream *stream = NULL;
	int r = control_stream_open(client, "/v1/events", &stream, detail);

	while (!r && watch->status == EXIT_STATUS_DONE && ret_reply->status == 0) {
		struct pollfd wait = {.fd = control_stream_fd(stream), .events = POLLIN};

		if (poll(&wait, 1, SILENCE_S * 1000) == 0)
			return err_set(detail, ERR_BUSY,
				       _("The daemon at %s did not answer in time."),
				       control_client_path(client));
		r = control_stream_read(stream, take_event, watch, ret_reply, detail);
	}
	return r;
}

int command_watch(struct control_client *client, const struct command_options *options)
{
	struct watch watch = {.json = options->json};
	struct err_detail detail = {0};
	int64_t lost_ms = 0;

	for (;;) {
		_cleanup_(control_reply_done) struct control_reply reply = {0};
		int r = follow(client, &watch, &reply, &detail);

		if (watch.status != EXIT_STATUS_DONE)
			return watch.status;
		if (reply.status >= 400)
			return control_call_refused(&reply);
		if (watch.is_heard) {
			lost_ms = control_client_now_ms();
			terminal_message(
				watch.is_stopped
					? _("The daemon stopped; waiting for it to come back…")
					: _("The daemon does not answer any more; waiting for it "
					    "to come back…"));
		}
		if (!control_client_may_retry(r) || lost_ms == 0 ||
		    control_client_now_ms() - lost_ms > CONTROL_RESTART_MS)
			return control_call_unanswered(r, &detail);
		watch.is_heard = watch.is_stopped = false;
		control_client_pause();
	}
}
