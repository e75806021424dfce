/* SPDX-License-Identifier: MIT */
#include "daemon/login_text.h"

#include <string.h>

#include "common/text.h"

const struct registry_session *login_open_session(struct service *service,
						  const struct account *account)
{
	enum authorizer_state state = authorization_view(account->authorization)->state;

	if (state < AUTHORIZER_CONSENT || state >= AUTHORIZER_FINISHED)
		return NULL;
	return registry_session_find(service_registry(service), account->name);
}

void login_page_url(const struct service *service, const struct registry_session *session,
		    struct buf *url)
{
	const char *callback_url = service_callback_url(service);

	if (!session->browser) {
		buf_append_text(url, session->consent_url);
	} else if (callback_url) {
		/* "http://127.0.0.1:PORT" without "/callback" */
		int size = (int)(strrchr(callback_url, '/') - callback_url);

		buf_append_format(url, "%.*s/start/%s", size, callback_url, session->start);
	}
}

const char *login_expected_user(const struct service *service, const struct account *account)
{
	const struct credential *credential = service_credential(service, account->name);

	if (account->user)
		return account->user;
	return credential ? credential->username : NULL;
}

void login_failure_text(const struct account *account, const struct credential *credential,
			const struct authorization_view *view, struct buf *text)
{
	bool suspended = credential && credential->state == CREDENTIAL_SUSPENDED;
	const char *server = account->server.origin;
	const char *again = account->name;

	switch (view->outcome) {
	case OUTCOME_WRONG_USER:
		buf_append_format(text, "@");
		text_append_printable(text, view->user.username, 64);
		buf_append_format(text, " consented, but the account %s is bound to @", again);
		text_append_printable(text, view->expected, 64);
		buf_append_format(text,
				  "; nothing was changed. Sign out at %s, or open the page in a "
				  "private window, and log in again; to keep both, use --as with "
				  "another name; to change the account's user, use --user",
				  server);
		break;
	case OUTCOME_EXPIRED:
		buf_append_format(text,
				  "no consent was given at %s in time; log in again: "
				  "misskey-authctl login %s",
				  server, again);
		break;
	case OUTCOME_LOST:
		buf_append_format(text,
				  "%s lost the session twice; log in again: misskey-authctl "
				  "login %s",
				  server, again);
		break;
	case OUTCOME_REJECTED:
		if (suspended)
			buf_append_format(text,
					  "%s has suspended @%s (%s); when that is over, run: "
					  "misskey-authctl verify %s",
					  server, credential->username, view->problem, again);
		else
			buf_append_format(
				text,
				"%s does not accept the credential that it just gave (%s); "
				"look at the app in the server's settings, then log in again",
				server, view->problem);
		break;
	case OUTCOME_CANCELLED:
		buf_append_format(text, "the login of %s was cancelled: %s", again, view->problem);
		break;
	case OUTCOME_LOCAL:
		buf_append_format(text, "%s; then log in again", view->problem);
		break;
	default:
		buf_append_format(text, "%s: %s", server, view->problem);
		break;
	}
}
