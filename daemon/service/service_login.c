/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/permission.h"
#include "service_state.h"

/* ---- Changes ---- */

/* An account that exists by its login alone is shown from its consent page, or its first wait for
 * the server, to its end. */
static void note_login(struct service *service, struct account *account, struct clock_time now)
{
	const struct login_view *view = login_view(service_find_login(service, account));
	enum machine_state state = view->state;

	if (state == MACHINE_CONSENT || view->retry_at)
		account->is_unlisted = false;
	service_tell(service, SERVICE_LOGIN_CHANGED, account, now);
	if (state == MACHINE_FINISHED && account->is_provisional) {
		service_tell(service, SERVICE_ACCOUNT_REMOVED, account, now);
		account->is_unlisted = true;
	}
}

/* The account becomes what its login asked for. */
static void note_credential(struct service *service, struct account *account, struct clock_time now)
{
	const struct credential *credential = service_credential(service, account->name);

	if (credential && !account->from_config &&
	    accounts_put_credential(service->accounts, credential, service->registry, &account))
		log_error("account %s: no memory for what it is now", account->name);
	if (credential)
		account->is_provisional = account->is_unlisted = false;
	service_tell(service, SERVICE_CREDENTIAL_CHANGED, account, now);
}

static void note_verification(struct service *service, const struct account *account,
			      struct clock_time now)
{
	if (credentials_is_stale(service->credentials) && service->flush_ms == CLOCK_NEVER)
		service->flush_ms = now.mono_ms + SERVICE_FLUSH_MS;
	/* credentials.json may be right already, and the files made from it not. */
	if (verification_report(service_find_verification(service, account))->stored)
		service->repair_ms = now.mono_ms + SERVICE_REPAIR_MS;
}

void service_login_changed(enum login_change change, struct account *account, struct clock_time now,
			   void *context)
{
	switch (change) {
	case LOGIN_CHANGED:
		note_login(context, account, now);
		break;
	case LOGIN_CREDENTIAL_CHANGED:
		note_credential(context, account, now);
		break;
	case LOGIN_VERIFICATION_ENDED:
		note_verification(context, account, now);
		service_tell(context, SERVICE_VERIFICATION_ENDED, account, now);
		break;
	}
}

/* ---- After a start ---- */

bool service_session_fits(const struct registry_session *session, const struct account *account)
{
	if (strcmp(session->server, account->server.origin) != 0 ||
	    (session->user && account->user && strcasecmp(session->user, account->user) != 0))
		return false;
	return !account->from_config || (method_fits(account->method, session->method) &&
					 strcmp(session->permission, account->permission) == 0 &&
					 strcmp(session->app_name, account->app_name) == 0 &&
					 strcmp(session->description, account->description) == 0);
}

/* Whether a start can go on with SESSION. An exchange that may have been answered always goes on.
 */
static bool session_is_restorable(const struct service *service,
				  const struct registry_session *session)
{
	const struct account *account = accounts_find(service->accounts, session->account);

	if (!account || strcmp(session->server, account->server.origin) != 0 ||
	    (session->method == METHOD_APP && !registry_session_app(service->registry, session)))
		return false;
	return session->exchanging || service_session_fits(session, account);
}

/* Removes the sessions that a start cannot go on with. The next save writes that down. */
static void drop_outdated(struct service *service)
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

/* Counts this start before its exchanges go on: if a server's answer ends the process, the next
 * start waits before it asks again. */
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
	struct login *login;

	if (!service->registry)
		return;
	drop_outdated(service);
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
		if (!login_get(accounts[n], &service->environment, &login))
			login_restore(login, now);
	free(accounts);
}

/* ---- What is said of a login ---- */

const struct registry_session *service_open_session(const struct service *service,
						    const struct account *account)
{
	enum login_phase phase = login_phase(service_find_login(service, account));

	if (phase != LOGIN_AWAITS_CONSENT && phase != LOGIN_HAS_CONSENT)
		return NULL;
	return registry_session_find(service_registry(service), account->name);
}

void service_page_url(const struct service *service, const struct registry_session *session,
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

const char *service_expected_user(const struct service *service, const struct account *account)
{
	const struct login *login = service_find_login(service, account);

	return login_expected_user(account, service_credential(service, account->name),
				   login ? login_wish(login) : NULL)
		.username;
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

/* Whether another caller sees to the page: it waits, or was told to open it a moment ago. */
static bool another_has_page(const struct service_login *asked, const struct account *account,
			     const struct registry_session *session, struct clock_time now)
{
	return asked->somebody_waits ||
	       (session->page_given &&
		now.mono_ms - account->page_given_ms < SERVICE_PAGE_GRACE_MS);
}

/* A session waits for consent. It is replaced if it is not what is asked for, or if its link was
 * opened: another user may have the cookie. */
static void join_session(struct service *service, const struct service_login *asked,
			 struct account *account, bool browser, struct clock_time now)
{
	struct login *login = service_find_login(service, account);
	const struct registry_session *session =
		registry_session_find(service->registry, account->name);

	if (session->start_used || session->browser != browser || !login_session_fits(login)) {
		login_renew(login, browser, now);
		return;
	}
	if (another_has_page(asked, account, session, now))
		return;
	registry_session_offer_page(service->registry, account->name);
	if (!browser)
		login_begin(login, browser, now);
}

/* Whether the account's credential is good for what WISH asks for. */
static bool is_fulfilled(const struct service *service, const struct account *account,
			 const struct wish *wish)
{
	const struct credential *credential = service_credential(service, account->name);
	struct login_expected expected = login_expected_user(account, credential, wish);

	return credential && credential_is_good(credential) &&
	       strcmp(credential->server, account->server.origin) == 0 &&
	       method_fits(wish->method, credential->method) &&
	       (!expected.username || strcasecmp(expected.username, credential->username) == 0) &&
	       permission_has_all(credential->permission, wish->permission);
}

/* Takes WISH over. */
static int begin(struct service *service, const struct service_login *asked,
		 struct account *account, struct wish *wish, struct clock_time now)
{
	/* Without a listener nothing can come back from the browser. */
	bool browser = asked->browser && service->callback_url;
	struct login *login;
	enum login_phase phase;

	if (login_get(account, &service->environment, &login))
		return ERR_NOMEM;
	phase = login_phase(login);
	login_set_wish(login, wish);
	if (phase == LOGIN_AWAITS_CONSENT)
		join_session(service, asked, account, browser, now);
	else if (phase == LOGIN_MAKES_PAGE && login_view(login)->browser != browser)
		login_renew(login, browser, now);
	else
		login_begin(login, browser, now);
	return 0;
}

int service_login(struct service *service, const struct service_login *asked, struct clock_time now,
		  struct account **ret_account, bool *ret_is_needed, struct err_detail *detail)
{
	_cleanup_(wish_done) struct wish wish = {0};
	int r = service_check_available(service, detail);

	if (!r)
		r = service_resolve_account(service, asked, ret_account, &wish, detail);
	if (r)
		return r;
	*ret_is_needed = !asked->if_needed || !is_fulfilled(service, *ret_account, &wish);
	if (*ret_is_needed && begin(service, asked, *ret_account, &wish, now))
		return err_set(detail, ERR_NOMEM, "no memory for the login");
	return 0;
}

int service_cancel_login(struct service *service, struct account *account, struct clock_time now,
			 struct err_detail *detail)
{
	struct login *login = service_find_login(service, account);
	enum login_phase phase = login_phase(login);

	if (phase == LOGIN_IS_OVER)
		return err_set(detail, ERR_NOT_FOUND, "No login of %s is under way", account->name);
	if (phase == LOGIN_HAS_CONSENT)
		return err_set(detail, ERR_EXISTS,
			       "Consent was given for %s, and its login is being finished. To "
			       "remove the credential after that: misskey-authctl logout %s",
			       account->name, account->name);
	login_cancel(login, "that was asked for with misskey-authctl cancel", now);
	return 0;
}

bool service_take_page(struct service *service, struct account *account, struct clock_time now)
{
	const struct registry_session *session =
		service->registry ? registry_session_find(service->registry, account->name) : NULL;
	struct err_detail detail;

	if (!session || !session->browser || session->start_used || session->page_given)
		return false;
	account->page_given_ms = now.mono_ms;
	warn_unsaved(registry_session_mark_page_given(service->registry, account->name, now.unix_s,
						      &detail),
		     account->name, &detail);
	return true;
}

/* NULL if there is none. */
static struct login *login_of(const struct service *service, const char *name)
{
	const struct account *account = accounts_find(service->accounts, name);

	return account ? service_find_login(service, account) : NULL;
}

bool service_lead_back(struct service *service, const struct account *account, bool has_cookie)
{
	const struct registry_session *session =
		registry_session_find(service->registry, account->name);

	return has_cookie && session->start_used && !session->start_raced &&
	       registry_session_mark_led_back(service->registry, account->name);
}

bool service_tell_refusal(struct service *service, const char *account, struct clock_time now)
{
	struct login *login = login_of(service, account);

	if (!registry_session_mark_refusal_told(service->registry, account))
		return false;
	if (login)
		login_refresh(login, now);
	return true;
}

bool service_tell_late_start(struct service *service, const char *start)
{
	return registry_finished_tell_late(service->registry, start);
}

int service_browser_failed(struct service *service, struct account *account, const char *problem,
			   struct clock_time now, struct err_detail *detail)
{
	struct login *login = service_find_login(service, account);
	const struct registry_session *session =
		service->registry ? registry_session_find(service->registry, account->name) : NULL;
	struct err_detail unsaved;

	if (!session || !session->browser || !login || login_view(login)->state != MACHINE_CONSENT)
		return err_set(detail, ERR_NOT_FOUND,
			       "No login of this account waits for a browser.");
	/* A browser has the page, whatever the caller says. */
	if (session->start_used)
		return 0;
	warn_unsaved(registry_session_mark_browser_failed(service->registry, account->name, problem,
							  now.unix_s, &unsaved),
		     account->name, &unsaved);
	login_refresh(login, now);
	return 0;
}

/* Nothing comes of the session any more. */
static void replace_raced(struct service *service, struct login *login, struct clock_time now)
{
	if (login_awaits_renewal(login))
		return;
	if (registry_finished_races(service->registry, login_account(login)->name) <
	    SERVICE_RACES_MAX)
		login_renew(login, true, now);
	else
		login_cancel(login,
			     "each of its links was opened in two browsers, perhaps by another "
			     "user of this computer",
			     now);
}

int service_open_start(struct service *service, const char *start, bool has_cookie,
		       struct clock_time now, const struct registry_session **ret_session)
{
	const struct registry_session *session =
		service->registry ? registry_session_by_start(service->registry, start) : NULL;
	struct login *login;
	struct err_detail detail;
	bool spoils;

	if (!session)
		return ERR_NOT_FOUND;
	*ret_session = session;
	spoils = session->start_used && !has_cookie;
	/* Anybody can repeat this: only what is new is written. */
	if (session->start_used && (!spoils || session->start_raced))
		return spoils ? ERR_EXISTS : 0;
	/* A person may have opened the link by hand: then nobody was told to. */
	warn_unsaved(registry_session_mark_used(service->registry, session->account, spoils,
						now.unix_s, &detail),
		     session->account, &detail);
	if (spoils)
		log_warning("account %s: the start link was opened in two browsers; the session is "
			    "not trusted any more",
			    session->account);
	login = login_of(service, session->account);
	if (login)
		login_refresh(login, now);
	if (login && spoils)
		replace_raced(service, login, now);
	return spoils ? ERR_EXISTS : 0;
}

int service_callback(struct service *service, const char *token, enum registry_proof proof,
		     struct clock_time now, struct account **ret_account)
{
	const struct registry_session *session =
		service->registry ? registry_session_by_token(service->registry, token) : NULL;
	struct account *account;
	struct login *login;

	if (!session)
		return ERR_NOT_FOUND;
	account = accounts_find(service->accounts, session->account);
	login = account ? service_find_login(service, account) : NULL;
	if (!login)
		return ERR_NOT_FOUND;
	*ret_account = account;
	login_callback(login, proof, now);
	return 0;
}
