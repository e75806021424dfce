/* SPDX-License-Identifier: MIT */
#include "browser/browser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "browser/browser_request.h"
#include "browser_reply.h"
#include "common/log.h"
#include "login/login_failure.h"
#include "misskey/misskey_software.h"
#include "page/page.h"
#include "visitor.h"

struct browser {
	struct service *service;
	struct http_server *server;
	char host[32]; /* what the Host header must say: "127.0.0.1:PORT" */
};

/* A browser that waits for its result. */
struct waiter {
	struct browser *browser;
	char result[RANDOM_ID_BYTES];
};

/* ---- /start/ID ---- */

/* What `misskey-authctl login` needs to begin FINISHED again. */
static void append_login(const struct browser *browser, const struct registry_finished *finished,
			 struct buf *text)
{
	const struct account *account =
		accounts_find(service_accounts(browser->service), finished->account);
	struct login_again again = {
		.name = finished->account,
		.expected = finished->expected ? finished->expected : "",
		.is_gone = !account || account->is_provisional,
		.by_miauth = finished->method == METHOD_MIAUTH &&
			     (!account || account->method != METHOD_MIAUTH),
	};

	if (!again.is_gone)
		again.known = login_known_user(
			account, service_credential(browser->service, finished->account));
	if (url_server_parse(finished->server, &again.server, NULL) == 0)
		login_again_append(&again, text);
}

static bool is_from_our_browser(struct http_request *request,
				const struct registry_session *session)
{
	/* A session that was never for a browser has no cookie. */
	return !session->cookie[0] || visitor_has_cookie(request, session->result, session->cookie);
}

/* Whoever opens the link of a finished login may have lost a race for it. The browser with the
 * cookie, whose name nobody else knows, sees how it ended. */
static void serve_late_start(struct browser *browser, struct http_request *request, const char *id)
{
	const struct registry *registry = service_registry(browser->service);
	const struct registry_finished *finished = registry_finished_by_start(registry, id);
	enum outcome outcome = finished ? finished->outcome : OUTCOME_NONE;
	_cleanup_(buf_done) struct buf login = {0};

	if (finished && visitor_has_cookie(request, finished->result, NULL)) {
		browser_reply_redirect_to_id(request, "/result/", finished->result);
		return;
	}
	if (outcome == OUTCOME_OPENED_TWICE || outcome == OUTCOME_CANCELLED ||
	    outcome == OUTCOME_EXPIRED) {
		append_login(browser, finished, &login);
		browser_reply_page(request, 410,
				   &(struct page_facts){.kind = outcome == OUTCOME_OPENED_TWICE
									? PAGE_START_USED
									: PAGE_OUTCOME,
							.outcome = outcome,
							.account = finished->account,
							.server = finished->server,
							.login = buf_text(&login)});
		return;
	}
	if (!outcome_is_success(outcome)) {
		browser_reply_kind(request, 404, PAGE_NOT_FOUND);
		return;
	}
	if (service_tell_late_start(browser->service, id))
		log_warning("account %s: the start link was opened again after the login was "
			    "finished; see whose account is stored: misskey-authctl list",
			    finished->account);
	browser_reply_kind(request, 410, PAGE_START_LATE);
}

static void serve_start(struct browser *browser, struct http_request *request, const char *id)
{
	const struct registry_session *session =
		registry_session_by_start(service_registry(browser->service), id);
	char account[ACCOUNT_NAME_BYTES];
	char name[VISITOR_COOKIE_NAME_BYTES];
	char cookie[160];
	int r;

	if (!session) {
		serve_late_start(browser, request, id);
		return;
	}
	if (!visitor_shows_pages(request)) {
		browser_reply_session(request, 403, PAGE_TEXT_BROWSER, session, NULL);
		return;
	}
	memcpy(account, session->account, sizeof(account));
	r = service_open_start(browser->service, id, is_from_our_browser(request, session),
			       http_request_time(request), &session);
	if (r) {
		browser_reply_page(
			request, 410,
			&(struct page_facts){.kind = PAGE_START_USED, .account = account});
		return;
	}
	visitor_cookie_name(session->result, name);
	/* It goes with the browser's session: the clock may be wrong. The link, the callback and
	 * the result's page look at it. */
	snprintf(cookie, sizeof(cookie), "%s=%s; Path=/; HttpOnly; SameSite=Lax", name,
		 session->cookie);
	browser_reply_redirect(request, session->consent_url, cookie);
}

/* ---- /callback?token=TOKEN ---- */

static void serve_callback(struct browser *browser, struct http_request *request, const char *token)
{
	const struct registry *registry = service_registry(browser->service);
	const struct registry_session *session = registry_session_by_token(registry, token);
	const struct registry_finished *finished;
	char result[RANDOM_ID_BYTES];
	struct account *account;

	if (!session) {
		finished = registry_finished_by_token(registry, token);
		if (finished)
			browser_reply_redirect_to_id(request, "/result/", finished->result);
		else
			browser_reply_kind(request, 404, PAGE_NOT_FOUND);
		return;
	}
	/* Who opened the link twice? Only the owner can say that it was right. */
	if (session->start_raced) {
		browser_reply_session(request, 403, PAGE_START_USED, session, NULL);
		return;
	}
	if (!is_from_our_browser(request, session)) {
		if (service_tell_refusal(browser->service, session->account,
					 http_request_time(request)))
			log_warning("account %s: the callback came from a browser that did not "
				    "open the start link; it was not taken",
				    session->account);
		browser_reply_session(request, 403, PAGE_OTHER_BROWSER, session, NULL);
		return;
	}
	memcpy(result, session->result, sizeof(result));
	if (service_callback(browser->service, token, REGISTRY_PROOF_COOKIE,
			     http_request_time(request), &account))
		browser_reply_kind(request, 404, PAGE_NOT_FOUND);
	else
		browser_reply_redirect_to_id(request, "/result/", result);
}

/* ---- /result/ID ---- */

static void reply_outcome(struct browser *browser, struct http_request *request,
			  const struct registry_finished *finished)
{
	const struct credential *credential =
		service_credential(browser->service, finished->account);
	_cleanup_(buf_done) struct buf login = {0};
	bool success = outcome_is_success(finished->outcome);
	struct account *account =
		accounts_find(service_accounts(browser->service), finished->account);
	const struct login *last = account ? service_find_login(browser->service, account) : NULL;
	const char *software = success && credential ? credential->software : login_software(last);
	struct page_facts facts;

	append_login(browser, finished, &login);
	facts = (struct page_facts){
		.kind = PAGE_OUTCOME,
		.outcome = finished->outcome,
		.account = finished->account,
		.server = finished->server,
		.user = finished->user,
		.expected = finished->expected,
		.permission = success && credential ? credential->permission : NULL,
		.withdrawal = misskey_withdrawal(software, finished->method),
		.detail = finished->detail,
		/* MiAuth's page does from 2024.10.2 on, the app authorization's nowhere. */
		.lists_accounts = finished->method == METHOD_MIAUTH,
		.login = buf_text(&login),
	};

	/* It may have been verified in the background since. */
	if (facts.outcome == OUTCOME_UNVERIFIED && credential &&
	    credential->state == CREDENTIAL_VERIFIED)
		facts.outcome = OUTCOME_AUTHORIZED;
	browser_reply_page(request, 200, &facts);
}

/* Whether a page of ours loads itself again (Fetch Metadata, W3C; old browsers do not tell). */
static bool is_refresh(const struct http_request *request)
{
	const char *site;

	return http_request_header(request, "Sec-Fetch-Site", &site) == 1 &&
	       strcmp(site, "same-origin") == 0;
}

/* Replies if there is something new to say, which is always so with MUST_REPLY. Whoever reads a
 * page, or has it read out, shall not lose the place every second for the same page once more. */
static bool serve_result(struct browser *browser, struct http_request *request, const char *id,
			 bool must_reply)
{
	enum page_kind kind = PAGE_WAITING;
	const struct registry *registry = service_registry(browser->service);
	const struct registry_finished *finished = registry_finished_by_result(registry, id);
	const struct registry_session *session = registry_session_by_result(registry, id);
	const struct login_view *view;
	const struct login *login;
	struct account *account;

	if (!session) {
		if (finished)
			reply_outcome(browser, request, finished);
		else
			browser_reply_kind(request, 404, PAGE_NOT_FOUND);
		return true;
	}
	account = accounts_find(service_accounts(browser->service), session->account);
	login = account ? service_find_login(browser->service, account) : NULL;
	if (!login) {
		browser_reply_kind(request, 404, PAGE_NOT_FOUND);
		return true;
	}
	view = login_view(login);
	if (view->state == MACHINE_CONSENT &&
	    ((session->renewed && service_take_page(browser->service, account, clock_now())) ||
	     service_lead_back(browser->service, account, is_from_our_browser(request, session)))) {
		browser_reply_redirect_to_id(request, "/start/", session->start);
		return true;
	}
	if (view->state == MACHINE_CONSENT && !session->renewed)
		kind = PAGE_PENDING;
	else if (view->state != MACHINE_CONSENT && view->problem[0])
		kind = PAGE_TROUBLE;
	if (!must_reply && (kind == PAGE_WAITING || is_refresh(request)))
		return false;
	browser_reply_session(request, 200, kind, session,
			      kind == PAGE_TROUBLE ? view->problem : NULL);
	return true;
}

static void end_waiting(struct http_request *request, enum http_hold_end why, void *context)
{
	struct waiter *waiter = context;

	if (why != HTTP_HOLD_GONE)
		(void)serve_result(waiter->browser, request, waiter->result, true);
}

static void hold_result(struct browser *browser, struct http_request *request, const char *id)
{
	struct waiter waiter = {.browser = browser};

	if (serve_result(browser, request, id, false))
		return;
	memcpy(waiter.result, id, sizeof(waiter.result));
	http_request_hold(request, http_request_time(request).mono_ms + BROWSER_HOLD_MS,
			  end_waiting, &waiter, sizeof(waiter));
}

/* Asks for all, whichever account it was: they are few, and a look is cheap. */
static void on_change(enum service_change change, struct account *account, struct clock_time now,
		      void *context)
{
	struct browser *browser = context;
	struct http_request *request = NULL;

	(void)change;
	(void)account;
	(void)now;
	while ((request = http_server_next_held(browser->server, request, end_waiting))) {
		struct waiter *waiter = http_request_context(request);

		(void)serve_result(browser, request, waiter->result, false);
	}
}

/* ---- Requests ---- */

static const char *only_header(const struct http_request *request, const char *name, bool *repeated)
{
	const char *value;
	unsigned count = http_request_header(request, name, &value);

	if (count > 1)
		*repeated = true;
	return count ? value : NULL;
}

/* A Host of another name is DNS rebinding; what is not a person's navigation is a page that
 * reaches for us. A GET with an Origin is a script's, or a WebSocket's handshake, with which
 * Chromium sends no Sec-Fetch headers (RFC 6455, 4.1). The icon alone is fetched as a picture, by
 * our own pages. */
static bool is_allowed(const struct browser *browser, const struct http_request *request,
		       enum browser_route route)
{
	bool repeated = false;
	const char *host = only_header(request, "Host", &repeated);
	const char *mode = only_header(request, "Sec-Fetch-Mode", &repeated);
	const char *dest = only_header(request, "Sec-Fetch-Dest", &repeated);
	const char *purpose = only_header(request, "Sec-Purpose", &repeated);
	const char *origin = only_header(request, "Origin", &repeated);

	if (!purpose)
		purpose = only_header(request, "Purpose", &repeated);
	if (repeated || !host || strcmp(host, browser->host) != 0)
		return false;
	if (route == BROWSER_ICON)
		return true;
	return !origin && browser_is_navigation(mode, dest, purpose);
}

static void serve_route(struct browser *browser, struct http_request *request,
			const struct browser_request *parsed)
{
	static const struct http_header icon_type = {"Content-Type", "image/svg+xml"};
	_cleanup_(buf_done) struct buf icon = {0};
	const char *unavailable = service_unavailable(browser->service);

	if (parsed->route == BROWSER_ICON) {
		buf_append_text(&icon, page_icon());
		browser_reply(request, 200, &icon_type, 1, &icon);
		return;
	}
	if (parsed->route == BROWSER_NOT_FOUND) {
		browser_reply_kind(request, 404, PAGE_NOT_FOUND);
		return;
	}
	if (parsed->route == BROWSER_INVALID) {
		browser_reply_kind(request, 400, PAGE_BAD_REQUEST);
		return;
	}
	if (parsed->route == BROWSER_ROOT) {
		browser_reply_kind(request, 200, PAGE_ROOT);
		return;
	}
	if (unavailable) {
		browser_reply_page(
			request, 503,
			&(struct page_facts){.kind = PAGE_UNAVAILABLE, .detail = unavailable});
		return;
	}
	if (parsed->route == BROWSER_START)
		serve_start(browser, request, parsed->id);
	else if (parsed->route == BROWSER_RESULT)
		hold_result(browser, request, parsed->id);
	else
		serve_callback(browser, request, parsed->token);
}

static void serve(struct http_request *request, void *context)
{
	struct browser *browser = context;
	struct browser_request parsed = browser_request_parse(http_request_target(request));

	if (!is_allowed(browser, request, parsed.route))
		browser_reply_kind(request, 400, PAGE_BAD_REQUEST);
	else if (strcmp(http_request_method(request), "GET") != 0)
		browser_reply_kind(request, 405, PAGE_BAD_REQUEST);
	else
		serve_route(browser, request, &parsed);
}

static void refuse_head(struct http_request *request, void *context)
{
	(void)context;
	/* Its Accept-Language was not read: in English. */
	browser_reply_kind(request, 431, PAGE_TOO_LARGE);
}

/* ---- Life ---- */

/* The URL's authority. RFC 9110, 7.2: the port is left out where it is the scheme's own. */
static void set_host(struct browser *browser)
{
	const char *authority = service_callback_url(browser->service) + strlen("http://");
	size_t size = strcspn(authority, "/");

	if (size == strlen("127.0.0.1:80") && strncmp(authority, "127.0.0.1:80", size) == 0)
		size = strlen("127.0.0.1");
	snprintf(browser->host, sizeof(browser->host), "%.*s", (int)size, authority);
}

int browser_new(int listen_fd, struct service *service, struct browser **ret_browser,
		struct err_detail *detail)
{
	_cleanup_(browser_freep) struct browser *browser = calloc(1, sizeof(*browser));
	struct http_server_options options = {
		.listen_fd = listen_fd,
		.handler = serve,
		.context = browser,
		.connection_limit = BROWSER_CONNECTIONS,
		.refuse = refuse_head,
		.head_limit = BROWSER_HEAD_BYTES,
		.body_limit = 0,
	};
	int r;

	if (!browser)
		return err_set(detail, ERR_NOMEM, "no memory for the server for browsers");
	browser->service = service;
	set_host(browser);
	r = http_server_new(&options, &browser->server, detail);
	if (r)
		return r;
	service_watch(service, on_change, browser);
	*ret_browser = TAKE_PTR(browser);
	return 0;
}

int browser_attach(struct browser *browser, struct loop *loop)
{
	return http_server_attach(browser->server, loop);
}

void browser_quiesce(struct browser *browser)
{
	http_server_quiesce(browser->server);
}

bool browser_is_idle(const struct browser *browser)
{
	return http_server_count(browser->server) == 0;
}

void browser_free(struct browser *browser)
{
	if (!browser)
		return;
	http_server_free(browser->server);
	free(browser);
}
