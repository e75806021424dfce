/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/log.h"
#include "service_state.h"

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

/* Its first login failed before that: it was perhaps a mistyped name. */
static void withdraw(struct service *service, const struct account *account, struct clock_time now)
{
	struct err_detail detail;

	registry_account_remove(service->registry, account->name);
	if (registry_save(service->registry, now.unix_s, &detail))
		log_warning("account %s: %s", account->name, detail.text);
}

/* Others may wait for the app that this account's login was registering. */
static void settle_apps(struct service *service, const struct account *account,
			struct clock_time now)
{
	for (size_t n = 0; n < service->login_count; n++)
		if (service->logins[n] != account)
			login_settle_app(service->logins[n]->login, now);
}

bool service_is_registering(const struct account *account, void *context)
{
	const struct service *service = context;

	for (size_t n = 0; n < service->login_count; n++) {
		const struct account *other = service->logins[n];

		if (other != account && login_is_registering(other->login) &&
		    strcmp(other->server.origin, account->server.origin) == 0 &&
		    strcmp(other->app_name, account->app_name) == 0 &&
		    strcmp(other->description, account->description) == 0 &&
		    strcmp(other->permission, account->permission) == 0)
			return true;
	}
	return false;
}

void service_login_changed(struct account *account, bool is_news, struct clock_time now,
			   void *context)
{
	struct service *service = context;
	const struct login_view *view = login_view(account->login);

	if (account->provisional && view->state == MACHINE_CONSENT)
		admit(service, account);
	if (account->provisional && view->state == MACHINE_FINISHED)
		withdraw(service, account, now);
	settle_apps(service, account, now);
	if (is_news)
		service_tell(service, SERVICE_LOGIN_CHANGED, account, now);
}

void service_credential_changed(struct account *account, struct clock_time now, void *context)
{
	service_tell(context, SERVICE_CREDENTIAL_CHANGED, account, now);
}

static int ensure_login(struct service *service, struct account *account)
{
	struct account **grown;

	if (account->login)
		return 0;
	grown = reallocarray(service->logins, service->login_count + 1, sizeof(struct account *));
	if (!grown)
		return ERR_NOMEM;
	service->logins = grown;
	if (login_new(account, &service->environment, &account->login))
		return ERR_NOMEM;
	service->logins[service->login_count++] = account;
	return 0;
}

/* ---- After a start ---- */

bool service_session_fits(const struct service *service, const struct registry_session *session,
			  const struct account *account)
{
	const struct registry_app *app =
		registry_app_by_id(service->registry, session->server, session->app_id);

	return account && app && strcmp(session->server, account->server.origin) == 0 &&
	       strcmp(app->permission, account->permission) == 0 &&
	       strcmp(app->name, account->app_name) == 0 &&
	       strcmp(app->description, account->description) == 0;
}

/* Whether a start can go on with it. An exchange that may have been answered is always followed up.
 */
static bool session_is_restorable(const struct service *service,
				  const struct registry_session *session)
{
	const struct account *account = accounts_find(service->accounts, session->account);

	if (!account || strcmp(session->server, account->server.origin) != 0 ||
	    !registry_app_by_id(service->registry, session->server, session->app_id))
		return false;
	return session->exchanging || service_session_fits(service, session, account);
}

/* Removes the sessions that no longer fit, whatever comes next writes that down. */
static void drop_misfits(struct service *service)
{
	for (size_t n = registry_session_count(service->registry); n-- > 0;) {
		const struct registry_session *session = registry_session_at(service->registry, n);
		char name[ACCOUNT_NAME_BYTES];

		if (session_is_restorable(service, session))
			continue;
		memcpy(name, session->account, sizeof(name));
		log_warning("account %s: the pending login is dropped, because the account or "
			    "its permissions changed; log in again",
			    name);
		registry_session_remove(service->registry, name);
	}
}

/* Before an exchange goes on: if its server ends this start, the next one shall begin with a pause.
 */
static void note_resumes(struct service *service, struct clock_time now)
{
	struct err_detail detail;

	if (registry_mark_resumed(service->registry, now.unix_s, &service->has_resumed, &detail))
		log_warning("%s", detail.text);
}

void service_forget_resumes(struct service *service, struct clock_time now)
{
	struct err_detail detail;

	if (service->has_resumed && registry_forget_resumed(service->registry, now.unix_s, &detail))
		log_warning("%s", detail.text);
}

void service_restore(struct service *service, struct clock_time now)
{
	size_t count;
	struct account **accounts;

	if (!service->registry)
		return;
	drop_misfits(service);
	note_resumes(service, now);
	count = registry_session_count(service->registry);
	accounts = calloc(count + 1, sizeof(struct account *));
	if (!accounts)
		return;
	/* A session that ends at once is removed from the registry: collect first. */
	for (size_t n = 0; n < count; n++)
		accounts[n] = accounts_find(service->accounts,
					    registry_session_at(service->registry, n)->account);
	for (size_t n = 0; n < count; n++)
		if (!ensure_login(service, accounts[n]))
			login_restore(accounts[n]->login, now);
	free(accounts);
}

/* ---- Starting and joining ---- */

/* What became of a start link could not be saved: only the next start of the daemon will not know
 * it.
 */
static void warn_unsaved(int r, const char *account, const struct err_detail *detail)
{
	if (r)
		log_warning("account %s: %s", account, detail->text);
}

/* Whether another caller is at it: waits, or was told to open the page a moment ago. */
static bool is_tended(const struct service_login *login, const struct account *account,
		      const struct registry_session *session, struct clock_time now)
{
	return login->somebody_waits ||
	       (session->page_given &&
		now.mono_ms - account->page_given_ms < SERVICE_PAGE_GRACE_MS);
}

/* A session waits for consent. It is kept if it still serves; a link that was opened is not given
 * out again, because another user may have its cookie. */
static void join_session(struct service *service, const struct service_login *login,
			 struct account *account, bool browser, struct clock_time now)
{
	const struct registry_session *session =
		registry_session_find(service->registry, account->name);

	if (session->start_used || session->browser != browser ||
	    !service_session_fits(service, session, account)) {
		login_renew(account->login, browser, now);
		return;
	}
	if (is_tended(login, account, session, now))
		return;
	registry_session_offer_page(service->registry, account->name);
	if (!browser)
		login_begin(account->login, browser, now);
}

int service_login(struct service *service, const struct service_login *login, struct clock_time now,
		  struct account **ret_account, struct err_detail *detail)
{
	/* Without a listener nothing can come back from the browser. */
	bool browser = login->browser && service->callback_url;
	struct account *account;
	int r;

	r = service_check_available(service, detail);
	if (r)
		return r;
	r = service_resolve_account(service, login, &account, detail);
	if (r)
		return r;
	if (ensure_login(service, account))
		return err_set(detail, ERR_NOMEM, "no memory for the login");
	if (login_awaits_consent(account->login))
		join_session(service, login, account, browser, now);
	else if (login_awaits_page(account->login) &&
		 login_view(account->login)->browser != browser)
		login_renew(account->login, browser, now);
	else
		login_begin(account->login, browser, now);
	*ret_account = account;
	return 0;
}

bool service_take_page(struct service *service, struct account *account)
{
	const struct registry_session *session =
		service->registry ? registry_session_find(service->registry, account->name) : NULL;
	struct clock_time now = clock_now();
	struct err_detail detail;

	if (!session || !session->browser || session->start_used || session->page_given)
		return false;
	account->page_given_ms = now.mono_ms;
	warn_unsaved(registry_session_mark_page_given(service->registry, account->name, now.unix_s,
						      &detail),
		     account->name, &detail);
	return true;
}

bool service_lead_back(struct service *service, const struct account *account, bool has_cookie)
{
	const struct registry_session *session =
		registry_session_find(service->registry, account->name);

	return has_cookie && session->start_used && !session->start_raced &&
	       registry_session_mark_led_back(service->registry, account->name);
}

bool service_tell_refusal(struct service *service, const char *account)
{
	return registry_session_mark_refusal_told(service->registry, account);
}

bool service_tell_late_start(struct service *service, const char *start)
{
	return registry_finished_tell_late(service->registry, start);
}

int service_browser_failed(struct service *service, struct account *account, const char *problem,
			   struct clock_time now, struct err_detail *detail)
{
	const struct registry_session *session =
		service->registry ? registry_session_find(service->registry, account->name) : NULL;
	struct err_detail unsaved;

	if (!session || !session->browser || !account->login ||
	    login_view(account->login)->state != MACHINE_CONSENT)
		return err_set(detail, ERR_NOT_FOUND,
			       "No login of this account waits for a browser.");
	/* Whatever the command said: a browser has the page. */
	if (session->start_used)
		return 0;
	warn_unsaved(registry_session_mark_browser_failed(service->registry, account->name, problem,
							  now.unix_s, &unsaved),
		     account->name, &unsaved);
	login_refresh(account->login, now);
	return 0;
}

int service_open_start(struct service *service, const char *start, bool has_cookie,
		       struct clock_time now, const struct registry_session **ret_session)
{
	const struct registry_session *session =
		service->registry ? registry_session_by_start(service->registry, start) : NULL;
	struct account *account;
	struct err_detail detail;
	bool spoils;

	if (!session)
		return ERR_NOT_FOUND;
	*ret_session = session;
	spoils = session->start_used && !has_cookie;
	/* Only what is new is written: anybody can repeat this. */
	if (session->start_used && (!spoils || session->start_raced))
		return spoils ? ERR_EXISTS : 0;
	/* Perhaps by hand: then nobody was told to. */
	warn_unsaved(registry_session_mark_used(service->registry, session->account, spoils,
						now.unix_s, &detail),
		     session->account, &detail);
	account = accounts_find(service->accounts, session->account);
	if (spoils)
		log_warning("account %s: the start link was opened in two browsers; the login is "
			    "not trusted any more",
			    session->account);
	if (account && account->login && spoils)
		login_spoil(account->login, now);
	else if (account && account->login)
		login_refresh(account->login, now);
	return spoils ? ERR_EXISTS : 0;
}

int service_callback(struct service *service, const char *token, enum registry_proof proof,
		     struct clock_time now, struct account **ret_account)
{
	const struct registry_session *session =
		service->registry ? registry_session_by_token(service->registry, token) : NULL;
	struct account *account;

	if (!session)
		return ERR_NOT_FOUND;
	account = accounts_find(service->accounts, session->account);
	if (!account || !account->login)
		return ERR_NOT_FOUND;
	*ret_account = account;
	if (login_has_session(account->login))
		login_callback(account->login, proof, now);
	return 0;
}
