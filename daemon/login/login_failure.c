/* SPDX-License-Identifier: MIT */
#include "login/login_failure.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "common/account_name.h"
#include "common/text.h"
#include "misskey/misskey_software.h"

/* The failed login of ACCOUNT, and what it leaves. */
struct failure {
	const struct account *account;
	const struct credential *credential; /* NULL: there is none */
	const struct login_view *view;
};

const char *login_known_user(const struct account *account, const struct credential *credential)
{
	if (account->user || !credential)
		return account->user;
	return credential->username;
}

/* Whether the account's name is the one that a login of a user gets without --as. */
static bool is_named_after_user(const struct login_again *again)
{
	const char *at = strchr(again->name, '@');

	return at && strcmp(at + 1, again->server.host) == 0;
}

/* The account is not known any more: the server, and the user if one was asked for. */
static void append_server(const struct login_again *again, const char *user, struct buf *text)
{
	const struct url_server *server = &again->server;
	/* The host alone would mean http on this machine, and https elsewhere. */
	bool has_host = server->tls != server->loopback;

	if (has_host && is_named_after_user(again)) {
		buf_append_format(text, "@%s", again->name);
		return;
	}
	buf_append_text(text, has_host ? server->host : server->origin);
	if (*user)
		buf_append_format(text, " --user %s", user);
	if (strcmp(again->name, server->host) != 0)
		buf_append_format(text, " --as %s", again->name);
}

void login_again_append(const struct login_again *again, struct buf *text)
{
	const char *user = username_is_harmless(again->expected) ? again->expected : "";

	if (again->is_gone)
		append_server(again, user, text);
	else
		buf_append_text(text, again->name);
	/* Another user than the account has was asked for by this login alone. */
	if (!again->is_gone && *user && (!again->known || strcasecmp(again->known, user) != 0))
		buf_append_format(text, " --user %s%s", user, again->known ? " --replace" : "");
	if (again->by_miauth)
		buf_append_format(text, " --method %s", method_text(METHOD_MIAUTH));
}

/* The command that logs in again. */
static void append_login_command(const struct failure *failure, struct buf *text)
{
	const struct account *account = failure->account;
	const struct login_again again = {
		.name = account->name,
		.server = account->server,
		.expected = failure->view->expected,
		.known = login_known_user(account, failure->credential),
		.is_gone = account->is_provisional,
		.by_miauth =
			failure->view->method == METHOD_MIAUTH && account->method != METHOD_MIAUTH,
	};

	buf_append_text(text, "misskey-authctl login ");
	login_again_append(&again, text);
}

/* The same page in the same browser would end in the same way. */
static void wrong_user_text(const struct failure *failure, struct buf *text)
{
	const struct login_view *view = failure->view;
	_cleanup_(buf_done) struct buf who = {0};
	_cleanup_(buf_done) struct buf needed = {0};

	text_append_printable(&who, view->user.username, 64);
	text_append_printable(&needed, view->expected, 64);
	if (view->browser)
		buf_append_format(text, "Your browser is signed in as @%s; %s needs @%s. ",
				  buf_text(&who), failure->account->name, buf_text(&needed));
	else
		buf_append_format(text,
				  "The browser that approved is signed in as @%s; %s needs @%s. ",
				  buf_text(&who), failure->account->name, buf_text(&needed));
	/* From 2024.10.2 on it does. The page of the app authorization does nowhere. */
	if (view->method == METHOD_MIAUTH)
		buf_append_format(text,
				  "Nothing was changed. If the page lists accounts, choose @%s "
				  "there. Otherwise sign out at %s first, or use a private window. "
				  "This shows an address for it: ",
				  buf_text(&needed), failure->account->server.origin);
	else
		buf_append_format(text,
				  "Nothing was changed. Sign out at %s first, or use a private "
				  "window. This shows an address for it: ",
				  failure->account->server.origin);
	append_login_command(failure, text);
	buf_append_text(text, " --no-browser");
}

static void rejected_text(const struct failure *failure, struct buf *text)
{
	const struct account *account = failure->account;
	const struct credential *credential = failure->credential;
	const struct login_view *view = failure->view;
	const char *server = account->server.origin;
	const char *path = withdrawal_path(
		credential ? misskey_withdrawal(credential->software, credential->method)
			   : WITHDRAWAL_APPS);

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
	if (path)
		buf_append_format(text, " Remove the app at %s%s, then log in again: ", server,
				  path);
	else
		buf_append_text(text, " Log in again with: ");
	append_login_command(failure, text);
}

void login_failure_text(const struct account *account, const struct credential *credential,
			const struct login_view *view, struct buf *text)
{
	const struct failure failure = {account, credential, view};
	const char *server = account->server.origin;
	const char *name = account->name;

	switch (view->outcome) {
	case OUTCOME_WRONG_USER:
		wrong_user_text(&failure, text);
		return;
	case OUTCOME_REJECTED:
		rejected_text(&failure, text);
		return;
	case OUTCOME_EXPIRED:
		buf_append_format(text, "The login of %s at %s timed out: nobody approved it.",
				  name, server);
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
	/* The same login would end in the same way: the problem says what to do instead. */
	if (view->outcome == OUTCOME_ELSEWHERE || view->outcome == OUTCOME_REFUSED ||
	    view->outcome == OUTCOME_BAD_REPLY)
		return;
	buf_append_text(text, " Log in again with: ");
	append_login_command(&failure, text);
}
