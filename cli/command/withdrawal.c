/* SPDX-License-Identifier: MIT */
#include "withdrawal.h"

#include "client/control_reply.h"
#include "common/translate.h"
#include "terminal/terminal.h"

static enum withdrawal withdrawal_of(const struct json *account)
{
	return withdrawal_from_text(json_get_string(account, "withdrawal"));
}

bool withdrawal_page(const struct json *account, struct buf *page)
{
	const char *server = json_get_string(account, "server");
	enum credential_state state = control_credential_state(account);
	const char *path = withdrawal_path(withdrawal_of(account));

	if (!server || !path || state == CREDENTIAL_ABSENT || state == CREDENTIAL_REVOKED)
		return false;
	buf_append_format(page, "%s%s", server, path);
	return true;
}

void withdrawal_say(const struct json *account)
{
	_cleanup_(buf_done) struct buf page = {0};

	if (withdrawal_of(account) == WITHDRAWAL_ADMINISTRATOR)
		terminal_message(_("The app still has access at the server. Only the server's "
				   "administrator can take that away: this version of Misskey has "
				   "no page for it."));
	if (!withdrawal_page(account, &page))
		return;
	terminal_message(_("The app still has access at the server. Only you can take that away: "
			   "%s"),
			 buf_text(&page));
	if (withdrawal_of(account) == WITHDRAWAL_LAST_USED)
		terminal_message(_("The apps have no names there: remove the entry that was used "
				   "last."));
	else if (withdrawal_of(account) == WITHDRAWAL_API)
		terminal_message(_("Open the list of apps there."));
}
