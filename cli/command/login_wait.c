/* SPDX-License-Identifier: MIT */
#include "login_wait.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/account_name.h"
#include "common/text.h"
#include "common/translate.h"
#include "control_call.h"
#include "login_report.h"
#include "login_show.h"
#include "terminal/exit_status.h"
#include "terminal/interruption.h"
#include "terminal/terminal.h"

/* The daemon holds a long poll for 60 s at most; a proxy of the person's own may cut at 30. */
#define POLL_WAIT_S 25
/* As long as it is not known whether the browser failed at once; the whole second that is over. */
#define POLL_BROWSER_WAIT_MS (BROWSER_FAILURE_MS + 500)
/* What a reply may take beyond the wait that was asked for. */
#define REPLY_MARGIN_MS 10000
/* The daemon answers a start when there is a page to open. Until then we look now and then what
 * keeps it from making one. */
#define START_TIMEOUT_MS 5000
/* A restarting daemon is back within this time. */
#define RESTART_MS 15000
#define RETRY_PAUSE_MS 250
/* A daemon that forgets the login again and again is not asked for ever. */
#define REJOIN_MAX 3
/* "/v1/accounts/", a name, "/login?wait=60&revision=" and 20 digits. */
#define PATH_BYTES (64 + ACCOUNT_NAME_BYTES)

/* Not an exit status: the login has not ended. */
#define CONTINUE (-1)

struct watch {
	struct control_client *client;
	const struct login_request *request;
	struct json *login; /* the newest; NULL before the first */
	struct login_shown shown;
	int64_t revision;
	int64_t started_unix_s;
	int64_t deadline_ms;	 /* INT64_MAX: none */
	int64_t silent_since_ms; /* 0: the daemon answers */
	unsigned rejoins;
	bool unanswered; /* the start was; perhaps the daemon has not seen it */
	bool joined;	 /* the daemon knows the login: it can be polled */
};

static void watch_done(struct watch *watch)
{
	json_free(watch->login);
	login_shown_done(&watch->shown);
}

static int64_t now_ms(void)
{
	struct timespec now = {0};

	/* Counts while the machine sleeps, as the session's time does. */
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_a_moment(void)
{
	const struct timespec moment = {.tv_nsec = RETRY_PAUSE_MS * 1000000L};

	nanosleep(&moment, NULL);
}

static bool is_finished(const struct json *login)
{
	const char *state = json_get_string(login, "state");

	return state && strcmp(state, "finished") == 0;
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
	if (is_finished(login))
		return login_report_finished(watch->request, login);
	if (!json_get_integer(login, "revision", &revision) || revision == watch->revision)
		pause_a_moment(); /* nothing new: a reply that came at once must not make us spin */
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
	int64_t left = watch->deadline_ms - now_ms();

	if (left < 1)
		return 1;
	return left < ms ? left : ms;
}

static int request_start(struct watch *watch, struct control_reply *ret_reply,
			 struct err_detail *detail)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "/v1/accounts/%s/login", watch->request->account);
	return control_client_request(watch->client, "POST", path, watch->request->body,
				      until_deadline(watch, START_TIMEOUT_MS), ret_reply, detail);
}

static int request_poll(struct watch *watch, int64_t wait_ms, struct control_reply *ret_reply,
			struct err_detail *detail)
{
	int64_t wait_s = (until_deadline(watch, wait_ms) + 999) / 1000;
	char path[PATH_BYTES];

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
		watch->silent_since_ms = now_ms();
		terminal_progress(_("The daemon does not answer; trying again…"));
	}
	if (now_ms() - watch->silent_since_ms < RESTART_MS) {
		pause_a_moment();
		return CONTINUE;
	}
	status = control_call_unanswered(code, detail);
	terminal_message(_("The login is still pending. When the daemon runs again, go on with: "
			   "misskey-authctl login %s"),
			 watch->request->account);
	return status;
}

/* Whether the daemon has stored a credential since we began: then the login ended well while we
 * could not hear it. */
static bool ended_meanwhile(struct watch *watch, struct control_reply *ret_reply)
{
	char path[PATH_BYTES];
	const char *obtained;
	const char *state;
	int64_t obtained_s;

	snprintf(path, sizeof(path), "/v1/accounts/%s", watch->request->account);
	if (control_client_request(watch->client, "GET", path, NULL, CONTROL_CALL_TIMEOUT_MS,
				   ret_reply, NULL) < 0)
		return false;
	obtained = json_get_string(ret_reply->body, "obtained_at");
	state = json_get_string(ret_reply->body, "state");
	return ret_reply->status == 200 && obtained && state &&
	       (strcmp(state, "verified") == 0 || strcmp(state, "unverified") == 0) &&
	       text_time_parse(obtained, &obtained_s) == 0 && obtained_s >= watch->started_unix_s;
}

/* A daemon that was restarted does not know the login any more. */
static int watch_forgotten(struct watch *watch)
{
	struct control_reply account = {0};
	int status = CONTINUE;

	if (ended_meanwhile(watch, &account)) {
		status = login_report_signed_in(watch->request, account.body);
	} else if (!watch->request->body || ++watch->rejoins > REJOIN_MAX) {
		terminal_message(
			_("misskey-authctl: The daemon does not know the login of %s any more. "
			  "Start it again with: misskey-authctl login %s"),
			watch->request->account, watch->request->account);
		status = EXIT_STATUS_FAILED;
	}
	watch->joined = false;
	watch->revision = 0;
	control_reply_done(&account);
	return status;
}

static int watch_late(const struct watch *watch)
{
	terminal_message(_("misskey-authctl: Nobody consented for the account %s in time. The "
			   "login is still "
			   "pending; go on with: misskey-authctl login %s"),
			 watch->request->account, watch->request->account);
	return EXIT_STATUS_NO_CREDENTIAL;
}

/* One request and what follows from its reply. Returns the exit status or CONTINUE. */
static int watch_step(struct watch *watch)
{
	_cleanup_(control_reply_done) struct control_reply reply = {0};
	struct err_detail detail = {0};
	bool polled = watch->joined;
	int r;

	login_show_browser(&watch->shown, watch->client, watch->request, 0);
	if (now_ms() >= watch->deadline_ms)
		return watch_late(watch);
	if (polled)
		r = request_poll(watch,
				 watch->shown.browser.is_watched ? POLL_BROWSER_WAIT_MS
								 : POLL_WAIT_S * 1000,
				 &reply, &detail);
	else
		r = request_start(watch, &reply, &detail);
	if (r == ERR_BUSY && !polled) {
		/* The start takes its time. From here on the daemon is asked what it does. */
		watch->joined = watch->unanswered = true;
		return CONTINUE;
	}
	if (r == ERR_NOT_FOUND || r == ERR_IO || r == ERR_BUSY)
		return watch_silence(watch, r, &detail);
	if (r < 0)
		return control_call_unanswered(r, &detail);
	/* It may be there again in a moment, and goes on with what was pending. */
	if (reply.status == 503 && strcmp(control_error_code(&reply), "STOPPING") == 0) {
		(void)err_set(&detail, ERR_BUSY, _("The daemon was stopped."));
		return watch_silence(watch, ERR_BUSY, &detail);
	}
	watch->silent_since_ms = 0;
	if (polled && reply.status == 404)
		return watch_forgotten(watch);
	if (reply.status >= 400)
		return control_call_refused(watch->client, &reply);
	if (polled && watch->unanswered && is_finished(reply.body) &&
	    ++watch->rejoins <= REJOIN_MAX) {
		/* That was the login before. */
		watch->joined = false;
		return CONTINUE;
	}
	if (polled)
		watch->rejoins = 0;
	watch->joined = true;
	watch->unanswered = false;
	return watch_apply(watch, TAKE_PTR(reply.body));
}

/* What the caller knows already: its page is where the consent was given, so it is not shown again.
 */
static int watch_begin(struct watch *watch)
{
	if (!watch->request->login)
		return CONTINUE;
	login_shown_note(&watch->shown, watch->request->login);
	watch->joined = true;
	if (is_finished(watch->request->login))
		return login_report_finished(watch->request, watch->request->login);
	return CONTINUE;
}

int login_wait(struct control_client *client, const struct login_request *request)
{
	_cleanup_(watch_done) struct watch watch = {
		.client = client,
		.request = request,
		.revision = 0,
		.started_unix_s = (int64_t)time(NULL),
		.deadline_ms = INT64_MAX,
	};
	int status;

	if (request->timeout_s > 0)
		watch.deadline_ms = now_ms() + request->timeout_s * 1000;
	if (!request->open_only)
		interruption_note(request->account);
	status = watch_begin(&watch);
	while (status == CONTINUE)
		status = watch_step(&watch);
	terminal_progress_end();
	return status;
}
