/* SPDX-License-Identifier: MIT */
#include "login_wait.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/control_reply.h"
#include "common/text.h"
#include "common/translate.h"
#include "control_call.h"
#include "login_offer.h"
#include "login_report.h"
#include "login_show.h"
#include "terminal/exit_status.h"
#include "terminal/interruption.h"
#include "terminal/terminal.h"

/* The daemon holds a long poll for 60 s at most. */
#define POLL_WAIT_S 25
/* Until it is known whether the browser failed at once; polls last whole seconds. */
#define POLL_BROWSER_WAIT_MS (BROWSER_FAILURE_MS + 500)
/* What a reply may take beyond the wait that was asked for. */
#define REPLY_MARGIN_MS 10000
/* The daemon answers a start when there is a page to open. After this time it is asked what keeps
 * it from making one. */
#define START_TIMEOUT_MS 5000
/* A daemon that forgets the login again and again is not asked for ever. */
#define REJOIN_MAX 3
/* Not an exit status: the login has not ended. */
#define CONTINUE (-1)

struct watch {
	struct control_client *client;
	const struct login_request *request;
	const struct json *body; /* of the next start: the request's, or its device_body */
	struct json *login;	 /* the newest; NULL before the first */
	struct login_shown shown;
	int64_t revision;
	int64_t started_unix_s;
	int64_t deadline_ms;	 /* INT64_MAX: none */
	int64_t silent_since_ms; /* 0: the daemon answers */
	unsigned rejoins;
	bool unanswered; /* the daemon did not answer the start; perhaps it has not seen it */
	bool joined;	 /* the daemon knows the login: it can be polled */
};

static void watch_done(struct watch *watch)
{
	json_free(watch->login);
	login_shown_done(&watch->shown);
}

/* Opening the page is all that is wanted. Perhaps another caller was told to. */
static int watch_opened(struct watch *watch)
{
	login_show_browser(&watch->shown, watch->client, watch->request, -1);
	if (watch->shown.browser_failed)
		return EXIT_STATUS_FAILED;
	if (watch->shown.opened)
		terminal_message(_("Opened the page to consent for the account %s."),
				 watch->request->account);
	return EXIT_STATUS_DONE;
}

/* Takes LOGIN as the newest. Returns the exit status if it has ended, or CONTINUE. */
static int watch_apply(struct watch *watch, struct json *login)
{
	int64_t revision = 0;

	json_free(watch->login);
	watch->login = login;
	if (control_login_state(login) == LOGIN_FINISHED)
		return login_report_finished(watch->request, login);
	if (!json_get_integer(login, "revision", &revision) || revision == watch->revision)
		control_client_pause(); /* nothing new: a reply that came at once must not make us
					   spin */
	watch->revision = revision;
	login_show(&watch->shown, watch->client, watch->request, login);
	if (watch->request->no_wait && watch->shown.page)
		return login_report_page(watch->request, login, watch->shown.page);
	if (watch->request->open_only && watch->shown.page)
		return watch_opened(watch);
	return CONTINUE;
}

/* MS, or less if the deadline comes first; 1 at least, because 0 is no limit for libcurl. */
static int64_t until_deadline(const struct watch *watch, int64_t ms)
{
	int64_t left = watch->deadline_ms - control_client_now_ms();

	if (left < 1)
		return 1;
	return left < ms ? left : ms;
}

static int request_start(struct watch *watch, struct control_reply *ret_reply,
			 struct err_detail *detail)
{
	char path[CONTROL_PATH_BYTES];

	snprintf(path, sizeof(path), "/v1/accounts/%s/login", watch->request->account);
	return control_client_request(watch->client, "POST", path, watch->body,
				      until_deadline(watch, START_TIMEOUT_MS), ret_reply, detail);
}

static int request_poll(struct watch *watch, int64_t wait_ms, struct control_reply *ret_reply,
			struct err_detail *detail)
{
	int64_t wait_s = (until_deadline(watch, wait_ms) + 999) / 1000;
	char path[CONTROL_PATH_BYTES];

	snprintf(path, sizeof(path), "/v1/accounts/%s/login?wait=%lld&revision=%lld",
		 watch->request->account, (long long)wait_s, (long long)watch->revision);
	return control_client_request(watch->client, "GET", path, NULL,
				      wait_s * 1000 + REPLY_MARGIN_MS, ret_reply, detail);
}

/* The daemon does not answer, perhaps because it restarts. */
static int watch_silence(struct watch *watch, int code, const struct err_detail *detail)
{
	int status;

	watch->revision = 0; /* it counts anew when it is started again */
	if (watch->silent_since_ms == 0) {
		watch->silent_since_ms = control_client_now_ms();
		terminal_progress(_("The daemon does not answer; trying again…"));
	}
	if (control_client_now_ms() - watch->silent_since_ms < CONTROL_RESTART_MS) {
		control_client_pause();
		return CONTINUE;
	}
	status = control_call_unanswered(code, detail);
	terminal_message(_("The login is still pending. When the daemon runs again, go on with: "
			   "misskey-authctl login %s"),
			 watch->request->account);
	return status;
}

/* Whether the daemon has stored a credential since we began: then the login ended well while it
 * could not be asked. *ret_account is the account. */
static bool ended_meanwhile(struct watch *watch, struct json **ret_account)
{
	const char *obtained;
	int64_t obtained_s;

	*ret_account = control_call_look_up(watch->client, watch->request->account);
	obtained = json_get_string(*ret_account, "obtained_at");
	return obtained && credential_state_is_good(control_credential_state(*ret_account)) &&
	       text_time_parse(obtained, &obtained_s) == 0 && obtained_s >= watch->started_unix_s;
}

/* A daemon that was restarted does not know the login any more. */
static int watch_forgotten(struct watch *watch)
{
	_cleanup_(json_freep) struct json *account = NULL;
	int status = CONTINUE;

	if (ended_meanwhile(watch, &account)) {
		status = login_report_signed_in(watch->request, account);
	} else if (!watch->request->body || ++watch->rejoins > REJOIN_MAX) {
		terminal_message(_("misskey-authctl: The daemon does not know the login of %s any "
				   "more. Start it again with: misskey-authctl login %s"),
				 watch->request->account, watch->request->account);
		status = EXIT_STATUS_FAILED;
	}
	watch->joined = false;
	watch->revision = 0;
	return status;
}

static int watch_late(struct watch *watch)
{
	char path[CONTROL_PATH_BYTES];

	/* The start may be unanswered because the server is. */
	if (!watch->login) {
		snprintf(path, sizeof(path), "/v1/accounts/%s/login", watch->request->account);
		watch->login = control_client_get(watch->client, path);
	}
	if (control_login_state(watch->login) == LOGIN_FINISHED)
		return login_report_finished(watch->request, watch->login);
	return login_report_late(watch->request, watch->login);
}

/* How long the daemon is asked to wait for news. */
static int64_t poll_wait_ms(const struct watch *watch)
{
	int64_t ms = watch->shown.browser.is_watched ? POLL_BROWSER_WAIT_MS : POLL_WAIT_S * 1000;

	return login_offer_wait(&watch->shown.offer, ms);
}

/* The next request is for another session, without a browser. */
static void take_offer(struct watch *watch)
{
	watch->body = watch->request->device_body;
	login_offer_end(&watch->shown.offer, false);
	browser_done(&watch->shown.browser);
	watch->joined = false;
	watch->revision = 0;
}

/* One request and what follows from its reply. Returns the exit status or CONTINUE. */
static int watch_step(struct watch *watch)
{
	_cleanup_(control_reply_done) struct control_reply reply = {0};
	struct err_detail detail = {0};
	bool polled;
	int r;

	login_show_browser(&watch->shown, watch->client, watch->request, 0);
	if (watch->request->device_body)
		login_offer_make(&watch->shown.offer, watch->request->account);
	if (login_offer_is_taken(&watch->shown.offer))
		take_offer(watch);
	polled = watch->joined;
	if (control_client_now_ms() >= watch->deadline_ms)
		return watch_late(watch);
	if (polled)
		r = request_poll(watch, poll_wait_ms(watch), &reply, &detail);
	else
		r = request_start(watch, &reply, &detail);
	if (r == ERR_BUSY && !polled) {
		/* From now on the daemon is asked what it does. */
		watch->joined = watch->unanswered = true;
		return CONTINUE;
	}
	if (control_client_may_retry(r))
		return watch_silence(watch, r, &detail);
	if (r < 0)
		return control_call_unanswered(r, &detail);
	/* A restarting daemon goes on with the login. */
	if (reply.status == 503 && strcmp(control_reply_code(&reply), CODE_STOPPING) == 0) {
		(void)err_set(&detail, ERR_BUSY, _("The daemon was stopped."));
		return watch_silence(watch, ERR_BUSY, &detail);
	}
	watch->silent_since_ms = 0;
	if (polled && reply.status == 404)
		return watch_forgotten(watch);
	if (reply.status >= 400)
		return control_call_refused(&reply);
	if (polled && watch->unanswered && control_login_state(reply.body) == LOGIN_FINISHED &&
	    ++watch->rejoins <= REJOIN_MAX) {
		/* That was the end of an earlier login. */
		watch->joined = false;
		return CONTINUE;
	}
	if (!polled && watch->request->if_needed &&
	    outcome_is_success(control_login_outcome(reply.body)))
		return login_report_kept(watch->request, reply.body);
	if (polled)
		watch->rejoins = 0;
	watch->joined = true;
	watch->unanswered = false;
	return watch_apply(watch, TAKE_PTR(reply.body));
}

/* Takes what the caller knows already. Its page is not shown again: the consent was given there. */
static int watch_begin(struct watch *watch)
{
	if (!watch->request->login)
		return CONTINUE;
	login_shown_note(&watch->shown, watch->request->login);
	watch->joined = true;
	if (control_login_state(watch->request->login) == LOGIN_FINISHED)
		return login_report_finished(watch->request, watch->request->login);
	return CONTINUE;
}

int login_wait(struct control_client *client, const struct login_request *request)
{
	_cleanup_(watch_done) struct watch watch = {
		.client = client,
		.request = request,
		.body = request->body,
		.revision = 0,
		.started_unix_s = (int64_t)time(NULL),
		.deadline_ms = INT64_MAX,
	};
	int status;

	if (request->timeout_s > 0)
		watch.deadline_ms = control_client_now_ms() + request->timeout_s * 1000;
	if (!request->open_only)
		interruption_note(request->account);
	status = watch_begin(&watch);
	while (status == CONTINUE)
		status = watch_step(&watch);
	terminal_progress_end();
	return status;
}
