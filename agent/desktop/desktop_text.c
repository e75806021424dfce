/* SPDX-License-Identifier: MIT */
#include "desktop/desktop_text.h"

#include <string.h>

#include "common/text.h"

/* More than Misskey allows. */
#define USERNAME_CHARS 64

static void append_user(struct buf *body, const char *username)
{
	buf_append_char(body, '@');
	text_append_printable(body, username ? username : "?", USERNAME_CHARS);
}

void desktop_text_consent(const struct news *news, struct buf *body)
{
	buf_append_format(body, "The login of %s at %s waits for your consent", news->account,
			  news->server);
	if (news->expected_user) {
		buf_append_text(body, " as ");
		append_user(body, news->expected_user);
	}
	buf_append_char(body, '.');
}

void desktop_text_consent_instead(const char *account, struct buf *body)
{
	buf_append_format(body, " To go on, run: misskey-authctl login %s", account);
}

void desktop_text_signed_in(const struct news *news, struct buf *body)
{
	buf_append_text(body, "Scripts can use ");
	append_user(body, news->signed_in);
	buf_append_format(body, " at %s now, as the account %s.", news->server, news->account);
}

void desktop_text_lost(const struct news *news, struct buf *body)
{
	bool is_suspended = strcmp(news->state, "suspended") == 0;

	buf_append_format(body,
			  is_suspended ? "%s has suspended "
				       : "%s does not accept the credential any more of ",
			  news->server);
	append_user(body, news->username);
	buf_append_format(body, " (account %s). %s: misskey-authctl %s %s", news->account,
			  is_suspended ? "When that is over, run" : "To sign in again, run",
			  is_suspended ? "verify" : "login", news->account);
}

void desktop_text_failed(const struct news *news, struct buf *body)
{
	text_append_printable(body, news->message, ERR_DETAIL_BYTES);
}
