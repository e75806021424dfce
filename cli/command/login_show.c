/* SPDX-License-Identifier: MIT */
#include "login_show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/control_reply.h"
#include "common/translate.h"
#include "pending_login.h"
#include "terminal/daemon_text.h"
#include "terminal/qr.h"
#include "terminal/terminal.h"

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
	(void)keep_text(&shown->page, control_login_page(login));
}

/* Draws the QR code for a phone, with --json too: the person looks at standard error. */
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

/* Whether no browser can come back because the daemon has no callback port. */
static bool has_no_callback(struct control_client *client)
{
	_cleanup_(json_freep) struct json *status = control_client_get(client, "/v1/status");

	return status && !json_get_string(status, "callback_url");
}

/* Others who ask about the login are told too. False: a browser has the page after all. */
static bool tell_daemon(struct control_client *client, const struct login_request *request,
			const char *problem)
{
	_cleanup_(json_freep) struct json *body = json_new_object();
	struct control_reply reply = {0};
	char path[CONTROL_PATH_BYTES];
	bool failed = true;

	snprintf(path, sizeof(path), "/v1/accounts/%s/browser", request->account);
	if (json_add_string(body, "problem", problem) == 0 &&
	    control_client_request(client, "POST", path, body, CONTROL_TIMEOUT_MS, &reply, NULL) ==
		    0)
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
	if (request->open_only) {
		terminal_message(_("misskey-authctl: The page to consent for the account %s could "
				   "not be opened: %s Go on with: misskey-authctl login %s"),
				 request->account, detail->text, request->account);
		return;
	}
	terminal_message(_("%s Open the page by hand: %s"), detail->text, shown->page);
	login_offer_hurry(&shown->offer);
}

/* What the person wished for is named before something else is taken. */
static void say_missing(void)
{
	_cleanup_(freep) char *command = NULL;
	_cleanup_(freep) char *missing = NULL;

	if (browser_find(&command, &missing) == 0 && missing)
		terminal_message(_("BROWSER names %s, and there is no such program. Using %s "
				   "instead."),
				 missing, command);
}

static void open_page(struct login_shown *shown, struct control_client *client,
		      const struct login_request *request, const char *url)
{
	struct err_detail detail = {0};

	browser_done(&shown->browser);
	shown->opened = true;
	shown->browser_failed = false;
	say_missing();
	if (browser_open(url, &shown->browser, &detail) < 0)
		note_failure(shown, client, request, &detail);
	else if (!request->open_only)
		terminal_message(_("Opened your browser. If nothing appeared: %s"), url);
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
	terminal_message(_("Open this page on any device and press Accept: %s"), url);
	draw_page(url);
	if (request->open_browser && has_no_callback(client))
		terminal_message(_("The daemon has no callback port (see: misskey-authctl status), "
				   "so it asks the server every few seconds instead."));
}

static void say_link(const char *url, const struct json *login)
{
	if (control_login_is_raced(login))
		terminal_message(_("Open the new link in one browser only: %s"), url);
	else
		terminal_message(_("Open this page in a browser and press Accept: %s"), url);
}

/* Shows the page once, and opens it if the daemon says that this command should. A lost session
 * comes back with a new page, which may be open in the browser already. */
static void show_page(struct login_shown *shown, struct control_client *client,
		      const struct login_request *request, const struct json *login)
{
	const char *start_url = json_get_string(login, "start_url");
	const char *page = control_login_page(login);
	bool is_new = keep_text(&shown->page, page);
	bool open = false;

	if (request->no_wait || !page)
		return;
	if (is_new) {
		shown->opened = false;
		login_offer_end(&shown->offer, false);
		if (start_url && !request->open_only)
			login_offer_await(&shown->offer);
	}
	(void)json_get_bool(login, "open", &open);
	if (start_url && open && request->open_browser && !shown->opened &&
	    !control_login_is_raced(login))
		open_page(shown, client, request, start_url);
	else if (is_new && start_url && !request->open_only)
		say_link(start_url, login);
	else if (is_new && !request->open_only)
		show_polled_page(client, request, page);
}

/* A link that somebody uses is no reason to offer another way. */
static void note_link(struct login_shown *shown, const struct json *login)
{
	bool opened = false;

	(void)json_get_bool(login, "link_opened", &opened);
	if (opened || control_login_state(login) != LOGIN_CONSENT)
		login_offer_end(&shown->offer, opened);
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
	const char *server = request->server ? request->server : _("the server");
	_cleanup_(buf_done) struct buf retry = {0};

	if (pending_login_append_retry(&retry, login)) {
		terminal_progress(_("Trying again in %s…"), buf_text(&retry));
		return;
	}
	switch (control_login_state(login)) {
	case LOGIN_REGISTERING:
		terminal_progress(_("Registering with %s…"), server);
		break;
	case LOGIN_SESSION:
		terminal_progress(_("Asking %s for a session…"), server);
		break;
	case LOGIN_CONSENT:
		terminal_progress(_("Waiting for consent…"));
		break;
	case LOGIN_SECURING:
		terminal_progress(_("Making room for the credential…"));
		break;
	case LOGIN_EXCHANGING:
		terminal_progress(_("Fetching the credential from %s…"), server);
		break;
	case LOGIN_STORING:
		terminal_progress(_("Storing the credential…"));
		break;
	case LOGIN_VERIFYING:
		terminal_progress(_("Asking %s whether the credential works…"), server);
		break;
	default:
		break;
	}
}

void login_show(struct login_shown *shown, struct control_client *client,
		const struct login_request *request, const struct json *login)
{
	show_problem(shown, login);
	show_page(shown, client, request, login);
	note_link(shown, login);
	/* A log needs the end alone, and a page that will be printed is the end. */
	if (!request->open_only && !(request->no_wait && shown->page))
		show_state(request, login);
}
