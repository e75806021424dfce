/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/digest.h"
#include "common/log.h"
#include "daemon/service_internal.h"

/* ---- Changes ---- */

/* The first consent page makes the account a real one: other tools may know it now. */
static void admit(struct service *service, struct account *account)
{
	struct err_detail detail;

	account->provisional = false;
	if (credentials_derive(service->credentials, account->name, account->server.origin,
			       &detail))
		log_error("account %s: %s", account->name, detail.text);
}

void service_account_changed(struct account *account, struct moment now, void *context)
{
	struct service *service = context;
	const struct authorization_view *view = authorization_view(account->authorization);

	if (account->provisional && view->state == AUTHORIZER_CONSENT)
		admit(service, account);
	if (account->provisional && view->state == AUTHORIZER_FINISHED)
		registry_account_remove(service->registry, account->name);
	if (view->state == AUTHORIZER_SESSION || view->state == AUTHORIZER_REGISTERING)
		account->page_given = false;
	for (size_t n = 0; n < service->watcher_count; n++)
		service->watchers[n].function(account, now, service->watchers[n].context);
}

static int ensure_authorization(struct service *service, struct account *account)
{
	struct account **grown;

	if (account->authorization)
		return 0;
	grown = reallocarray(service->logins, service->login_count + 1, sizeof(struct account *));
	if (!grown)
		return ERR_NOMEM;
	service->logins = grown;
	if (authorization_new(account, &service->environment, &account->authorization))
		return ERR_NOMEM;
	service->logins[service->login_count++] = account;
	return 0;
}

/* ---- After a start ---- */

/* Whether the account is still what the session was made for. An exchange that may have been
 * answered is always followed up. */
static bool session_fits(const struct service *service, const struct registry_session *session,
			 const struct account *account)
{
	const struct registry_app *app =
		registry_app_by_id(service->registry, session->server, session->app_id);
	const char *callback_url = service->callback_url ? service->callback_url : "";

	if (!account || !app || strcmp(session->server, account->server.origin) != 0)
		return false;
	if (session->exchanging)
		return true;
	return strcmp(app->permission, account->permission) == 0 &&
	       strcmp(app->name, account->app_name) == 0 &&
	       strcmp(app->description, account->description) == 0 &&
	       (!session->browser || strcmp(app->callback_url, callback_url) == 0);
}

/* Removes the sessions that no longer fit, whatever comes next writes that down. */
static void drop_misfits(struct service *service)
{
	for (size_t n = registry_session_count(service->registry); n-- > 0;) {
		const struct registry_session *session = registry_session_at(service->registry, n);
		char name[ACCOUNT_NAME_BYTES];

		if (session_fits(service, session,
				 accounts_find(service->accounts, session->account)))
			continue;
		memcpy(name, session->account, sizeof(name));
		log_warning("account %s: the pending login is dropped, because the account, its "
			    "permissions or the callback address changed; log in again",
			    name);
		registry_session_remove(service->registry, name);
	}
}

void service_restore(struct service *service, struct moment now)
{
	size_t count;
	struct account **accounts;

	if (!service->registry)
		return;
	drop_misfits(service);
	count = registry_session_count(service->registry);
	accounts = calloc(count + 1, sizeof(struct account *));
	if (!accounts)
		return;
	/* A session that ends at once is removed from the registry: collect first. */
	for (size_t n = 0; n < count; n++)
		accounts[n] = accounts_find(service->accounts,
					    registry_session_at(service->registry, n)->account);
	for (size_t n = 0; n < count; n++)
		if (!ensure_authorization(service, accounts[n]))
			authorization_restore(accounts[n]->authorization, now);
	free(accounts);
}

/* ---- Starting and joining ---- */

static int contradiction(const struct account *account, const char *what, const char *is,
			 const char *asked, struct err_detail *detail)
{
	return err_set(detail, ERR_EXISTS, "the account %s has %s %s%s, not %s; %s", account->name,
		       what, is, account->from_config ? " in the config" : "", asked,
		       account->from_config
			       ? "change its section there, or use another name with --as"
			       : "use another name with --as");
}

/* What the login says of a known account must be what the account is; an account that a login made
 * may be given another user or other permissions. */
static int check_known(const struct account *account, const struct registry_account *asked,
		       const struct service_login *login, struct err_detail *detail)
{
	if (login->server && strcmp(account->server.origin, asked->server.origin) != 0)
		return contradiction(account, "the server", account->server.origin,
				     asked->server.origin, detail);
	if (!account->from_config)
		return 0;
	if (asked->user && (!account->user || strcasecmp(account->user, asked->user) != 0))
		return contradiction(account, "the user", account->user ? account->user : "(any)",
				     asked->user, detail);
	if (login->permission && strcmp(account->permission, asked->permission) != 0)
		return contradiction(account, "the permissions", account->permission,
				     asked->permission, detail);
	return 0;
}

static int read_asked(const struct service_login *login, struct registry_account *asked,
		      struct err_detail *detail)
{
	int r = 0;

	if (!account_name_valid(login->account))
		return err_set(detail, ERR_INVALID,
			       "an account's name is 1 to 64 of the characters A-Z a-z 0-9 . _ @ : "
			       "- and begins with a letter or digit");
	snprintf(asked->name, sizeof(asked->name), "%s", login->account);
	if (login->server)
		r = url_server_parse(login->server, &asked->server, detail);
	if (!r)
		r = permission_parse(login->permission ? login->permission : PERMISSION_DEFAULT,
				     &asked->permission, detail);
	if (r)
		return r;
	/* A user given by himself counts before the one of @user@host. */
	if (login->user && login->user[0] &&
	    (size_t)snprintf(asked->server.user, sizeof(asked->server.user), "%s", login->user) >=
		    sizeof(asked->server.user))
		return err_set(detail, ERR_LIMIT, "a user name has %zu bytes at most",
			       sizeof(asked->server.user) - 1);
	if (asked->server.user[0])
		asked->user = asked->server.user;
	return 0;
}

/* What the login does not say stays as the account has it. */
static void fill_asked(struct registry_account *asked, struct account *account,
		       const struct service_login *login)
{
	struct url_server server = account->server;

	memcpy(server.user, asked->server.user, sizeof(server.user));
	asked->server = server;
	if (!login->permission)
		asked->permission = account->permission;
	if (!asked->user)
		asked->user = account->user;
}

/* The account that the login is for, made or changed as it asks. */
static int resolve_account(struct service *service, const struct service_login *login,
			   struct account **ret_account, struct err_detail *detail)
{
	struct registry_account asked = {0};
	struct account *account = accounts_find(service->accounts, login->account);
	bool known = account && !account->provisional;
	_cleanup_(freep) char *permission = NULL;
	int r = read_asked(login, &asked, detail);

	permission = asked.permission;
	if (!r && !known && !login->server)
		r = err_set(detail, ERR_NOT_FOUND,
			    "there is no account %s; to make it, say for which server",
			    login->account);
	if (!r && known)
		r = check_known(account, &asked, login, detail);
	if (r)
		return r;
	*ret_account = account;
	if (known && account->from_config)
		return 0;
	if (known)
		fill_asked(&asked, account, login);
	if (registry_account_put(service->registry, &asked) ||
	    accounts_put(service->accounts, &asked, &account))
		return err_set(detail, ERR_NOMEM, "no memory for the account");
	account->provisional = !known;
	*ret_account = account;
	return 0;
}

/* Gives the pending session another start link: the old one has been used. */
static int renew_start(struct service *service, struct account *account, struct moment now)
{
	struct registry_session *session = registry_session_edit(service->registry, account->name);
	struct err_detail detail;

	if (random_id(session->start))
		return ERR_CRYPTO;
	session->start_used = false;
	account->page_given = false;
	/* Unsaved, the new link merely does not survive a restart. */
	if (registry_save(service->registry, now.unix_s, &detail))
		log_warning("account %s: %s", account->name, detail.text);
	return 0;
}

static void join(struct service *service, const struct service_login *login,
		 struct account *account, bool browser, struct moment now)
{
	const struct authorization_view *view = authorization_view(account->authorization);
	const struct registry_session *session =
		registry_session_find(service->registry, account->name);

	if (view->state != AUTHORIZER_CONSENT || !session) {
		authorization_login(account->authorization, browser, now);
		return;
	}
	if (session->start_raced || session->browser != browser ||
	    !session_fits(service, session, account)) {
		authorization_renew(account->authorization, browser, now);
		return;
	}
	if (login->somebody_waits ||
	    (account->page_given && now.mono_ms - account->page_given_ms < SERVICE_PAGE_GRACE_MS))
		return;
	if (browser && !session->start_used) {
		/* Nobody has been at the page yet, and whoever was to open it is gone. */
		account->page_given = false;
		return;
	}
	if (browser && renew_start(service, account, now))
		authorization_renew(account->authorization, browser, now);
	else
		authorization_login(account->authorization, browser, now);
}

int service_login(struct service *service, const struct service_login *login, struct moment now,
		  struct account **ret_account, struct err_detail *detail)
{
	/* Without a listener nothing can come back from the browser. */
	bool browser = login->browser && service->callback_url;
	struct account *account;
	int r;

	if (service_unavailable(service))
		return err_set(detail, ERR_DAMAGED, "%s", service_unavailable(service));
	r = resolve_account(service, login, &account, detail);
	if (r)
		return r;
	if (ensure_authorization(service, account))
		return err_set(detail, ERR_NOMEM, "no memory for the login");
	if (authorization_is_active(account->authorization))
		join(service, login, account, browser, now);
	else
		authorization_login(account->authorization, browser, now);
	*ret_account = account;
	return 0;
}

bool service_take_page(struct service *service, struct account *account)
{
	const struct registry_session *session =
		service->registry ? registry_session_find(service->registry, account->name) : NULL;
	bool take = session && session->browser && !session->start_used && !account->page_given;

	if (take) {
		account->page_given = true;
		account->page_given_ms = moment_now().mono_ms;
	}
	return take;
}

int service_open_start(struct service *service, const char *start, struct moment now,
		       const struct registry_session **ret_session)
{
	const struct registry_session *found =
		service->registry ? registry_session_by_start(service->registry, start) : NULL;
	struct registry_session *session;
	struct err_detail detail;
	bool first;

	if (!found)
		return ERR_NOT_FOUND;
	session = registry_session_edit(service->registry, found->account);
	first = !session->start_used;
	session->start_used = true;
	if (!first)
		session->start_raced = true;
	/* Unsaved, the link merely could be used again after a restart. */
	if (registry_save(service->registry, now.unix_s, &detail))
		log_warning("account %s: %s", session->account, detail.text);
	*ret_session = session;
	return first ? 0 : ERR_EXISTS;
}

int service_callback(struct service *service, const char *token, struct moment now,
		     struct account **ret_account)
{
	const struct registry_session *session =
		service->registry ? registry_session_by_token(service->registry, token) : NULL;
	struct account *account;

	if (!session)
		return ERR_NOT_FOUND;
	account = accounts_find(service->accounts, session->account);
	if (!account || !account->authorization)
		return ERR_NOT_FOUND;
	*ret_account = account;
	authorization_callback(account->authorization, now);
	return 0;
}
