/* SPDX-License-Identifier: MIT */
#include "login_show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account_note.h"
#include "common/account_name.h"
#include "common/translate.h"
#include "control_call.h"
#include "terminal/daemon_text.h"
#include "terminal/qr.h"
#include "terminal/terminal.h"

/* "/v1/accounts/", a name and "/browser". */
#define PATH_BYTES (32 + ACCOUNT_NAME_BYTES)

void login_shown_done(struct login_shown *shown)
{
	free(shown->page);
	free(shown->problem);
	browser_done(&shown->browser);
}

/* Keeps a copy of TEXT (may be NULL) in *KEPT; returns whether it is another text than before. */
static bool keep_text(char **kept, const char *text)
{
	if (text && *kept && strcmp(text, *kept) == 0)
		return false;
	free(*kept);
	*kept = text ? strdup(text) : NULL;
	return text != NULL;
}

void login_shown_note(struct login_shown *shown, const struct json *login)
{
	(void)keep_text(&shown->page, login_page(login));
}

/* For a phone's camera. --json and a redirected standard output are no reason against it: standard
 * error is what the person looks at. */
static void draw_page(const char *url)
{
	_cleanup_(buf_done) struct buf drawing = {0};
	struct terminal terminal;
	struct err_detail detail = {0};
	enum qr_style style;

	if (!terminal_look(&terminal) || !qr_style_choose(terminal.utf8, terminal.colors, &style))
		return;
	if (qr_append(&drawing, url, style, terminal.columns, &detail) == 0)
		terminal_draw(&drawing);
	else
		terminal_message("%s", detail.text);
}

/* Whether it is because of the daemon's taken port that no browser can come back. */
static bool has_no_callback(struct control_client *client)
{
	struct control_reply reply = {0};
	bool without = false;

	if (control_client_request(client, "GET", "/v1/status", NULL, CONTROL_CALL_TIMEOUT_MS,
				   &reply, NULL) == 0)
		without = reply.status == 200 && !json_get_string(reply.body, "callback_url");
	control_reply_done(&reply);
	return without;
}

/* Others who ask about the login are told too. False: a browser has the page after all. */
static bool tell_daemon(struct control_client *client, const struct login_request *request,
			const char *problem)
{
	_cleanup_(json_freep) struct json *body = json_new_object();
	struct control_reply reply = {0};
	char path[PATH_BYTES];
	bool failed = true;

	snprintf(path, sizeof(path), "/v1/accounts/%s/browser", request->account);
	if (json_add_string(body, "problem", problem) == 0 &&
	    control_client_request(client, "POST", path, body, CONTROL_CALL_TIMEOUT_MS, &reply,
				   NULL) == 0)
		failed = reply.status != 200 || json_get_string(reply.body, "browser_problem");
	control_reply_done(&reply);
	return failed;
}

static void note_failure(struct login_shown *shown, struct control_client *client,
			 const struct login_request *request, const struct err_detail *detail)
{
	if (!tell_daemon(client, request, detail->text))
		return;
	shown->browser_failed = true;
	if (request->open_only)
		terminal_message(
			_("misskey-authctl: The page to consent for the account %s could not be "
			  "opened: %s Go on with: misskey-authctl login %s"),
			request->account, detail->text, request->account);
	else
		terminal_message(_("%s Open the page by hand."), detail->text);
}

static void open_page(struct login_shown *shown, struct control_client *client,
		      const struct login_request *request, const char *url)
{
	struct err_detail detail = {0};

	browser_done(&shown->browser);
	shown->opened = true;
	shown->browser_failed = false;
	if (browser_open(url, &shown->browser, &detail) < 0)
		note_failure(shown, client, request, &detail);
}

void login_show_browser(struct login_shown *shown, struct control_client *client,
			const struct login_request *request, int wait_ms)
{
	struct err_detail detail = {0};

	if (browser_look(&shown->browser, wait_ms, &detail) == ERR_IO)
		note_failure(shown, client, request, &detail);
}

/* No browser can come back from this page: the server is asked what became of it. */
static void show_polled_page(struct control_client *client, const struct login_request *request,
			     const char *url)
{
	draw_page(url);
	if (request->open_browser && has_no_callback(client))
		terminal_message(
			_("The daemon has no callback port (see: misskey-authctl status), so it "
			  "asks the server every few seconds instead."));
	terminal_message(
		_("The login completes when consent was given, on this or any other device."));
}

/* Shows the page, if it has not been, and opens it where the daemon says that this is our part. A
 * session that was lost comes back with a new page, which may be open in the browser already. */
static void show_page(struct login_shown *shown, struct control_client *client,
		      const struct login_request *request, const struct json *login)
{
	const char *start_url = json_get_string(login, "start_url");
	const char *page = login_page(login);
	bool is_new = keep_text(&shown->page, page);
	bool open = false;

	if (request->no_wait || !page)
		return;
	if (is_new)
		shown->opened = false;
	if (is_new && !request->open_only) {
		terminal_message(_("Open this page to consent: %s"), page);
		if (!start_url)
			show_polled_page(client, request, page);
	}
	if (start_url && request->open_browser && !shown->opened &&
	    json_get_bool(login, "open", &open) && open)
		open_page(shown, client, request, start_url);
}

static void show_problem(struct login_shown *shown, const struct json *login)
{
	const struct json *problem = json_get(login, "problem");
	const char *message = json_get_string(problem, "message");
	_cleanup_(buf_done) struct buf text = {0};

	if (!keep_text(&shown->problem, message))
		return;
	daemon_text_append(&text, json_get_string(problem, "code"), message);
	terminal_message("%s", buf_text(&text));
}

static void show_state(const struct login_request *request, const struct json *login)
{
	const char *state = json_get_string(login, "state");
	const char *server = request->server ? request->server : _("the server");

	if (!state)
		return;
	if (strcmp(state, "registering") == 0)
		terminal_progress(_("Registering with %s…"), server);
	else if (strcmp(state, "session") == 0)
		terminal_progress(_("Asking %s for a session…"), server);
	else if (strcmp(state, "consent") == 0)
		terminal_progress(_("Waiting for consent…"));
	else if (strcmp(state, "securing") == 0)
		terminal_progress(_("Making room for the credential…"));
	else if (strcmp(state, "exchanging") == 0)
		terminal_progress(_("Fetching the credential from %s…"), server);
	else if (strcmp(state, "storing") == 0)
		terminal_progress(_("Storing the credential…"));
	else if (strcmp(state, "verifying") == 0)
		terminal_progress(_("Asking %s whether the credential works…"), server);
}

void login_show(struct login_shown *shown, struct control_client *client,
		const struct login_request *request, const struct json *login)
{
	show_problem(shown, login);
	show_page(shown, client, request, login);
	/* A log needs only the end; and with a page to print this is the end. */
	if (!request->open_only && !(request->no_wait && shown->page))
		show_state(request, login);
}
