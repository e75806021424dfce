/* SPDX-License-Identifier: MIT */
#include "login/login_failure.h"

#include <string.h>

#include "common/text.h"
#include "misskey/misskey.h"

/* The command that logs in again. IS_GONE: the account is not known after this login. */
static void append_login_command(const struct account *account, bool is_gone, struct buf *text)
{
	if (is_gone)
		buf_append_format(text, "misskey-authctl login %s --as %s", account->server.origin,
				  account->name);
	else
		buf_append_format(text, "misskey-authctl login %s", account->name);
}

static void wrong_user_text(const struct account *account, const struct login_view *view,
			    struct buf *text)
{
	buf_append_char(text, '@');
	text_append_printable(text, view->user.username, 64);
	buf_append_format(text, " consented, but the account %s is bound to @", account->name);
	text_append_printable(text, view->expected, 64);
	buf_append_format(text,
			  ". Nothing was changed. To keep both, use --as with another name; to "
			  "change the account's user, %s. Otherwise sign out at %s, or open the "
			  "page in a private window, and log in again: ",
			  account->from_config ? "change its section in the config" : "use --user",
			  account->server.origin);
	append_login_command(account, account->is_provisional, text);
}

static void rejected_text(const struct account *account, const struct credential *credential,
			  const struct login_view *view, struct buf *text)
{
	const char *server = account->server.origin;

	if (credential && credential->state == CREDENTIAL_SUSPENDED) {
		buf_append_format(text, "%s has suspended @%s. ", server, credential->username);
		text_append_sentence(text, view->problem);
		buf_append_format(text, " When that is over, run: misskey-authctl verify %s",
				  account->name);
		return;
	}
	buf_append_format(text, "%s does not accept the credential of %s that it just gave. ",
			  server, account->name);
	text_append_sentence(text, view->problem);
	buf_append_format(text, " Remove the app at %s/settings/apps, then log in again: ", server);
	append_login_command(account, account->is_provisional, text);
}

void login_failure_text(const struct account *account, const struct credential *credential,
			const struct login_view *view, struct buf *text)
{
	bool is_gone = account->is_provisional;
	const char *server = account->server.origin;
	const char *name = account->name;

	switch (view->outcome) {
	case OUTCOME_WRONG_USER:
		wrong_user_text(account, view, text);
		return;
	case OUTCOME_REJECTED:
		rejected_text(account, credential, view, text);
		return;
	case OUTCOME_EXPIRED:
		buf_append_format(text, "Nobody consented to the login of %s at %s in time.", name,
				  server);
		break;
	case OUTCOME_LOST:
		buf_append_format(text, "%s lost the session of the login of %s twice.", server,
				  name);
		break;
	case OUTCOME_CANCELLED:
		buf_append_format(text, "The login of %s was cancelled: ", name);
		text_append_sentence(text, view->problem);
		break;
	case OUTCOME_LOCAL:
		buf_append_format(text, "The login of %s failed on this computer. ", name);
		text_append_sentence(text, view->problem);
		break;
	default:
		buf_append_format(text, "The login of %s at %s failed. ", name, server);
		text_append_sentence(text, view->problem);
		break;
	}
	/* These problems already say what to do. */
	if (view->outcome == OUTCOME_ELSEWHERE ||
	    strcmp(view->problem_code, MISSKEY_CODE_NO_APP_AUTHORIZATION) == 0)
		return;
	buf_append_text(text, " Log in again with: ");
	append_login_command(account, is_gone, text);
}
