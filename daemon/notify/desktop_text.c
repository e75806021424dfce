/* SPDX-License-Identifier: MIT */
#include "desktop_text.h"

#include "common/text.h"

/* More than Misskey allows. */
#define USERNAME_CHARS 64

static void append_user(struct buf *body, const char *username)
{
	buf_append_char(body, '@');
	text_append_printable(body, username, USERNAME_CHARS);
}

void desktop_text_consent(const char *account, const char *server, const char *expected,
			  struct buf *body)
{
	buf_append_format(body, "The login of %s at %s waits for your consent", account, server);
	if (expected) {
		buf_append_text(body, " as ");
		append_user(body, expected);
	}
	buf_append_char(body, '.');
}

void desktop_text_consent_instead(const char *account, struct buf *body)
{
	buf_append_format(body, " To go on, run: misskey-authctl login %s", account);
}

void desktop_text_signed_in(const char *account, const char *server, const char *username,
			    struct buf *body)
{
	buf_append_text(body, "Scripts can use ");
	append_user(body, username);
	buf_append_format(body, " at %s now, as the account %s.", server, account);
}

void desktop_text_lost(const struct credential *credential, struct buf *body)
{
	bool is_suspended = credential->state == CREDENTIAL_SUSPENDED;

	buf_append_format(body,
			  is_suspended ? "%s has suspended "
				       : "%s does not accept the credential any more of ",
			  credential->server);
	append_user(body, credential->username);
	buf_append_format(body, " (account %s). %s: misskey-authctl %s %s", credential->account,
			  is_suspended ? "When that is over, run" : "To sign in again, run",
			  is_suspended ? "verify" : "login", credential->account);
}
