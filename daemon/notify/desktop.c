/* SPDX-License-Identifier: MIT */
#include "desktop.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/log.h"
#include "desktop_text.h"
#include "launch/launch.h"
#include "notifier.h"

#define AUTHCTL "misskey-authctl"

/* A run of misskey-authctl that opens a page. */
struct opening {
	LIST_ENTRY(opening) link;
	char account[ACCOUNT_NAME_BYTES];
	struct launch *run;
};

struct desktop {
	struct service *service;
	struct bus *units;
	struct notifier *notifier;
	char authctl[PATH_MAX]; /* "": there is none, so nothing can be opened */
	LIST_HEAD(openings, opening) openings;
};

/* ---- Opening a page ---- */

/* It is installed beside the daemon, as it lies in a build. */
static void find_authctl(struct desktop *desktop)
{
	char *path = desktop->authctl;
	ssize_t size = readlink("/proc/self/exe", path, sizeof(desktop->authctl) - sizeof(AUTHCTL));
	char *slash;

	path[size > 0 ? size : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		strcpy(slash + 1, AUTHCTL);
	if (!slash || access(path, X_OK) < 0) {
		log_debug("notifications do without \"Open\": there is no %s",
			  slash ? path : AUTHCTL);
		path[0] = '\0';
	}
}

static int start_opening(struct desktop *desktop, struct opening *opening,
			 struct err_detail *detail)
{
	char verb[] = "login";
	char unattended[] = "--unattended"; /* no address goes into a log */
	char *words[] = {desktop->authctl, verb, opening->account, unattended, NULL};
	const struct buf nothing = {0};

	return launch_start(desktop->units,
			    &(struct launch_command){
				    .purpose = verb,
				    .account = opening->account,
				    .words = words,
				    .facts = &nothing,
				    .input = &nothing,
				    .limit_ms = CLOCK_NEVER, /* the session's end is its end */
				    .may_leave_processes = true,
			    },
			    clock_now(), &opening->run, detail);
}

static void open_page(const char *account, void *context)
{
	struct desktop *desktop = context;
	_cleanup_(freep) struct opening *opening = calloc(1, sizeof(*opening));
	struct err_detail detail = {"no memory"};

	if (opening)
		(void)snprintf(opening->account, sizeof(opening->account), "%s", account);
	if (!opening || start_opening(desktop, opening, &detail)) {
		log_error("account %s: its page cannot be opened: %s; run: " AUTHCTL " login %s",
			  account, detail.text, account);
		return;
	}
	log_info("account %s: its page is being opened", account);
	LIST_INSERT_HEAD(&desktop->openings, opening, link);
	opening = NULL;
}

static void log_opening(const struct opening *opening, const struct launch_result *result)
{
	const char *account = opening->account;

	if (result->end == LAUNCH_NOT_STARTED)
		log_error("account %s: its page cannot be opened: %s; run: " AUTHCTL " login %s",
			  account, result->detail.text, account);
	else if (result->end == LAUNCH_EXITED && result->number != 0)
		log_info("account %s: " AUTHCTL " login ended with exit status %d", account,
			 result->number);
}

/* ---- What is told ---- */

static bool is_wanted(const struct desktop *desktop)
{
	return service_config(desktop->service)->notifications;
}

static void tell(struct desktop *desktop, const char *summary, const struct buf *body)
{
	if (!buf_error(body))
		notifier_tell(desktop->notifier, summary, buf_text(body));
}

void desktop_consent_needed(struct desktop *desktop, const struct account *account)
{
	_cleanup_(buf_done) struct buf body = {0};
	_cleanup_(buf_done) struct buf instead = {0};
	/* Without a listener the browser could not come back, and authctl would open none. */
	bool can_open = desktop->authctl[0] && service_callback_url(desktop->service);

	if (!is_wanted(desktop))
		return;
	desktop_text_consent(account->name, account->server.origin,
			     service_expected_user(desktop->service, account), &body);
	desktop_text_consent_instead(account->name, &instead);
	if (!buf_error(&body) && !buf_error(&instead))
		notifier_offer(desktop->notifier, account->name, "Misskey: your consent is needed",
			       buf_text(&body), buf_text(&instead), can_open);
}

void desktop_consent_over(struct desktop *desktop, const struct account *account)
{
	notifier_withdraw(desktop->notifier, account->name);
}

void desktop_signed_in(struct desktop *desktop, const struct account *account, const char *username)
{
	_cleanup_(buf_done) struct buf body = {0};

	if (!is_wanted(desktop))
		return;
	desktop_text_signed_in(account->name, account->server.origin, username, &body);
	tell(desktop, "Misskey: signed in", &body);
}

void desktop_credential_lost(struct desktop *desktop, const struct credential *credential)
{
	_cleanup_(buf_done) struct buf body = {0};

	if (!is_wanted(desktop))
		return;
	desktop_text_lost(credential, &body);
	tell(desktop, "Misskey: a credential works no more", &body);
}

void desktop_failed(struct desktop *desktop, const char *message)
{
	_cleanup_(buf_done) struct buf body = {0};

	if (!is_wanted(desktop))
		return;
	buf_append_text(&body, message);
	tell(desktop, "Misskey: a login has a problem", &body);
}

/* ---- In the loop ---- */

static int64_t desktop_deadline(void *context, struct clock_time now)
{
	const struct desktop *desktop = context;
	int64_t deadline_ms = CLOCK_NEVER;

	for (const struct opening *opening = LIST_FIRST(&desktop->openings); opening;
	     opening = LIST_NEXT(opening, link)) {
		int64_t one_ms = launch_deadline(opening->run, now);

		if (one_ms < deadline_ms)
			deadline_ms = one_ms;
	}
	return deadline_ms;
}

static void opening_free(struct opening *opening)
{
	LIST_REMOVE(opening, link);
	launch_free(opening->run);
	free(opening);
}

/* That a process has ended is seen at the next best round. */
static void desktop_dispatch(void *context, struct clock_time now)
{
	struct desktop *desktop = context;
	struct opening *next;

	for (struct opening *opening = LIST_FIRST(&desktop->openings); opening; opening = next) {
		struct launch_result result;

		next = LIST_NEXT(opening, link);
		if (launch_tick(opening->run, now, &result)) {
			log_opening(opening, &result);
			opening_free(opening);
		}
	}
}

bool desktop_awaits_person(const struct desktop *desktop)
{
	return notifier_awaits_person(desktop->notifier);
}

bool desktop_is_flushed(const struct desktop *desktop)
{
	return notifier_is_flushed(desktop->notifier);
}

/* ---- Life ---- */

int desktop_new(struct service *service, struct bus *bus, struct bus *units,
		struct desktop **ret_desktop, struct err_detail *detail)
{
	_cleanup_(desktop_freep) struct desktop *desktop = calloc(1, sizeof(*desktop));
	int r;

	if (!desktop)
		return err_set(detail, ERR_NOMEM, "no memory for notifications");
	desktop->service = service;
	desktop->units = units;
	LIST_INIT(&desktop->openings);
	find_authctl(desktop);
	r = notifier_new(bus, open_page, desktop, &desktop->notifier, detail);
	if (r)
		return r;
	*ret_desktop = TAKE_PTR(desktop);
	return 0;
}

int desktop_attach(struct desktop *desktop, struct loop *loop)
{
	return loop_add(loop, &(struct loop_source){
				      .fd = -1,
				      .deadline = desktop_deadline,
				      .dispatch = desktop_dispatch,
				      .context = desktop,
			      });
}

void desktop_quiesce(struct desktop *desktop)
{
	notifier_withdraw(desktop->notifier, NULL);
}

void desktop_free(struct desktop *desktop)
{
	if (!desktop)
		return;
	notifier_free(desktop->notifier);
	while (!LIST_EMPTY(&desktop->openings))
		opening_free(LIST_FIRST(&desktop->openings));
	free(desktop);
}
