/* SPDX-License-Identifier: MIT */
#include "cli/login_show.h"

#include <stdlib.h>
#include <string.h>

#include "cli/browser.h"
#include "cli/control_call.h"
#include "cli/qr.h"
#include "cli/terminal.h"

void login_shown_done(struct login_shown *shown)
{
	free(shown->page);
	free(shown->problem);
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

/* The start URL, else the consent URL, which is polled for; NULL if there is no page yet. */
static const char *page_of(const struct json *login)
{
	const char *start_url = json_get_string(login, "start_url");

	return start_url ? start_url : json_get_string(login, "consent_url");
}

void login_shown_note(struct login_shown *shown, const struct json *login)
{
	(void)keep_text(&shown->page, page_of(login));
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

static void open_page(const char *url)
{
	struct err_detail detail = {0};

	if (browser_open(url, &detail) < 0)
		terminal_message("%s Open the page by hand.", detail.text);
}

/* No browser can come back from this page: the server is asked what became of it. */
static void show_polled_page(struct control_client *client, const struct login_request *request,
			     const char *url)
{
	draw_page(url);
	if (request->open_browser && has_no_callback(client))
		terminal_message(
			"The daemon has no callback port (see: misskey-authctl status), so it "
			"asks the server every few seconds instead.");
	terminal_message(
		"The login completes when consent was given, on this or any other device.");
}

/* Shows the page, if it has not been, and opens it where the daemon says that this is our part. A
 * session that was lost comes back with a new page, which may be open in the browser already. */
static void show_page(struct login_shown *shown, struct control_client *client,
		      const struct login_request *request, const struct json *login)
{
	const char *start_url = json_get_string(login, "start_url");
	const char *page = page_of(login);
	bool is_new = keep_text(&shown->page, page);
	bool open = false;

	if (request->no_wait || !page)
		return;
	if (is_new) {
		terminal_message("Open this page to consent: %s", page);
		if (!start_url)
			show_polled_page(client, request, page);
		shown->opened = false;
	}
	if (start_url && request->open_browser && !shown->opened &&
	    json_get_bool(login, "open", &open) && open) {
		open_page(start_url);
		shown->opened = true;
	}
}

static void show_problem(struct login_shown *shown, const struct json *login)
{
	const char *problem = json_get_string(json_get(login, "problem"), "message");

	if (keep_text(&shown->problem, problem))
		terminal_message("%s", problem);
}

static void show_state(const struct login_request *request, const struct json *login)
{
	const char *state = json_get_string(login, "state");
	const char *server = request->server ? request->server : "the server";

	if (!state)
		return;
	if (strcmp(state, "registering") == 0)
		terminal_progress("Registering with %s…", server);
	else if (strcmp(state, "session") == 0)
		terminal_progress("Asking %s for a session…", server);
	else if (strcmp(state, "consent") == 0)
		terminal_progress("Waiting for consent…");
	else if (strcmp(state, "securing") == 0)
		terminal_progress("Making room for the credential…");
	else if (strcmp(state, "exchanging") == 0)
		terminal_progress("Fetching the credential from %s…", server);
	else if (strcmp(state, "storing") == 0)
		terminal_progress("Storing the credential…");
	else if (strcmp(state, "verifying") == 0)
		terminal_progress("Asking %s whether the credential works…", server);
}

void login_show(struct login_shown *shown, struct control_client *client,
		const struct login_request *request, const struct json *login)
{
	show_problem(shown, login);
	show_page(shown, client, request, login);
	/* Otherwise this is the end. */
	if (!request->no_wait || !shown->page)
		show_state(request, login);
}
