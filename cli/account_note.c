/* SPDX-License-Identifier: MIT */
#include "cli/account_note.h"

#include "cli/terminal.h"

static void append_names(struct buf *text, const char *what, const struct json *names)
{
	const struct json *name = json_first(names);

	if (!name)
		return;
	buf_append_format(text, "%s%s ", text->size > 0 ? "; " : "", what);
	for (; name; name = json_next(name))
		buf_append_format(text, "%s%s", json_string(name), json_next(name) ? ", " : "");
}

void account_note_permission(const struct json *account, bool advice)
{
	const struct json *change = json_get(account, "permission_change");
	const char *name = json_get_string(account, "account");
	_cleanup_(buf_done) struct buf difference = {0};

	if (!json_is_object(change) || !name)
		return;
	append_names(&difference, "added", json_get(change, "added"));
	append_names(&difference, "removed", json_get(change, "removed"));
	terminal_message(
		"The account %s is wanted with other permissions than were consented to (%s). A "
		"new consent is needed%s%s",
		name, buf_text(&difference), advice ? ": misskey-authctl login " : ".",
		advice ? name : "");
}
