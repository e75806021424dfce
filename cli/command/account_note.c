/* SPDX-License-Identifier: MIT */
#include "account_note.h"

#include <time.h>

#include "client/control_reply.h"
#include "common/text.h"
#include "common/translate.h"
#include "terminal/terminal.h"

void account_note_names(struct buf *text, const struct json *names)
{
	for (const struct json *name = json_first(names); name; name = json_next(name))
		buf_append_format(text, "%s%s", json_string(name), json_next(name) ? ", " : "");
}

static void append_change(struct buf *text, const char *what, const struct json *names)
{
	if (!json_first(names))
		return;
	buf_append_format(text, "%s%s ", text->size > 0 ? "; " : "", what);
	account_note_names(text, names);
}

void account_note_permission(const struct json *account, bool advice)
{
	const struct json *change = json_get(account, "permission_change");
	const char *name = json_get_string(account, "account");
	_cleanup_(buf_done) struct buf difference = {0};

	if (!json_is_object(change) || !name)
		return;
	append_change(&difference, _("added"), json_get(change, "added"));
	append_change(&difference, _("removed"), json_get(change, "removed"));
	if (advice)
		terminal_message(_("%s: its permissions changed (%s). To apply them: "
				   "misskey-authctl login %s"),
				 name, buf_text(&difference), name);
	else
		terminal_message(_("%s: its permissions changed (%s). A new consent is needed."),
				 name, buf_text(&difference));
}

void account_note_expiry(const struct json *account)
{
	const char *name = json_get_string(account, "account");
	const char *end = json_get_string(account, "expires_at");
	int64_t unix_s;

	if (!name || !end || text_time_parse(end, &unix_s) < 0 || unix_s > (int64_t)time(NULL) ||
	    !credential_state_is_good(control_credential_state(account)))
		return;
	terminal_message(_("%s: its credential expired at %s. Log in again with: misskey-authctl "
			   "login %s"),
			 name, end, name);
}

void account_note_browser(const struct json *account)
{
	const struct json *login = json_get(account, "login");
	const char *problem = json_get_string(login, "browser_problem");
	const char *page = control_login_page(login);

	if (control_login_is_raced(login) && page)
		terminal_message(_("%s: The link was opened in two browsers. The new link: %s"),
				 json_get_string(account, "account"), page);
	if (problem && page)
		terminal_message(_("The page to consent for the account %s could not be opened: %s "
				   "Open it by hand: %s"),
				 json_get_string(account, "account"), problem, page);
}
