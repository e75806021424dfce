/* SPDX-License-Identifier: MIT */
/*
 * What the daemon says is compared with what was told, and what differs is told.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "agent_state.h"
#include "common/log.h"
#include "desktop/desktop_text.h"
#include "desktop/opening.h"

/* What is not written is told again, so it need not be written at once: the file is as large as
 * there are accounts. */
#define SAVE_AFTER_US 200000
/* The daemon answers these at once. */
#define ANSWER_MS 5000
/* Errors that wait for on_error. What is more is in the log alone: the first are the cause. */
#define MAX_ERRORS 64

void telling_save(struct agent *agent)
{
	struct err_detail detail;

	if (!agent->save)
		return;
	agent->save = sd_event_source_disable_unref(agent->save);
	if (told_save(agent->told, &detail))
		log_error("what was told may be told again: %s", detail.text);
}

static int on_save(sd_event_source *source, uint64_t usec, void *context)
{
	(void)source;
	(void)usec;
	telling_save(context);
	return 0;
}

static void save_soon(struct agent *agent)
{
	if (!agent->save)
		(void)sd_event_add_time_relative(agent->event, &agent->save, CLOCK_BOOTTIME,
						 SAVE_AFTER_US, 0, on_save, agent);
}

/* ---- What hooks are to be told ---- */

static void set_turn(struct agent *agent, struct told_row *row, enum config_hook kind, bool on)
{
	if (on == (row->turn[kind] != 0))
		return;
	row->turn[kind] = on ? ++agent->last_turn : 0;
	agent->waiting[kind] = on ? agent->waiting[kind] + 1 : agent->waiting[kind] - 1;
	hooks_wake(agent->hooks);
}

/* Whether a hook is not told of what differs: that a consent is not needed any more or an error is
 * over, an error that nobody asked for, or one too many. */
static bool is_passed_over(const struct agent *agent, const struct told_row *row,
			   enum config_hook kind)
{
	if (kind == CONFIG_ON_CREDENTIAL_CHANGED)
		return false;
	if (kind == CONFIG_ON_CONSENT_NEEDED || !row->now[kind][0])
		return !row->now[kind][0];
	if (agent->waiting[kind] == MAX_ERRORS && row->turn[kind] == 0 &&
	    agent->config->hooks[kind])
		log_warning("hook on_error (account %s): not run for %s, too many errors wait for "
			    "it",
			    row->error.account[0] ? row->error.account : "none", row->now[kind]);
	else if (agent->config->hooks[kind])
		return false;
	return true;
}

static void update(struct agent *agent, struct told_row *row, enum config_hook kind)
{
	bool differs = strcmp(row->now[kind], row->told[kind]) != 0;

	if (differs && is_passed_over(agent, row, kind)) {
		memcpy(row->told[kind], row->now[kind], TOLD_BYTES);
		save_soon(agent);
		differs = false;
	}
	set_turn(agent, row, kind, differs);
}

static void set_now(struct agent *agent, struct told_row *row, enum config_hook kind,
		    const char *now)
{
	(void)snprintf(row->now[kind], TOLD_BYTES, "%s", now);
	update(agent, row, kind);
}

/* Nothing is kept of what is gone, once the hooks know. */
static void forget_if_told(struct agent *agent, const struct told_row *row)
{
	for (enum config_hook kind = 0; kind < CONFIG_HOOK_COUNT; kind++)
		if (row->turn[kind] || agent->running[kind].row == row)
			return;
	if (!row->is_there)
		told_forget(agent->told, row->name);
}

void telling_again(struct agent *agent)
{
	for (size_t n = 0; n < agent->told->rows.count; n++)
		for (enum config_hook kind = 0; kind < CONFIG_HOOK_COUNT; kind++)
			update(agent, agent->told->rows.rows[n], kind);
	hooks_wake(agent->hooks);
}

/* ---- The desktop ---- */

static void show(struct agent *agent, const char *summary,
		 void (*append_text)(const struct news *news, struct buf *body),
		 const struct news *news)
{
	_cleanup_(buf_done) struct buf body = {0};

	if (!agent->config->notifications)
		return;
	append_text(news, &body);
	if (!buf_error(&body))
		notifier_tell(agent->notifier, summary, buf_text(&body));
}

static void offer_page(struct agent *agent, const struct news *news)
{
	_cleanup_(buf_done) struct buf body = {0};
	_cleanup_(buf_done) struct buf instead = {0};

	/* A page that somebody was told to open is not offered once more. */
	if (!agent->config->notifications || news->page_given)
		return;
	desktop_text_consent(news, &body);
	desktop_text_consent_instead(news->account, &instead);
	if (!buf_error(&body) && !buf_error(&instead))
		notifier_offer(agent->notifier, news->account, "Misskey: your consent is needed",
			       buf_text(&body), buf_text(&instead), news->url != NULL);
}

/* While a login is under way, its end tells what comes of it. */
static void show_credential(struct agent *agent, struct told_row *row, const struct news *news)
{
	char shown[TOLD_BYTES];

	if (news->is_active)
		return;
	(void)snprintf(shown, sizeof(shown), "%s%s", news->digest ? news->digest : "",
		       news->is_lost ? "!" : "");
	if (strcmp(shown, row->shown) == 0)
		return;
	if (news->is_lost)
		show(agent, "Misskey: a credential works no more", desktop_text_lost, news);
	else if (news->is_signed_in && strncmp(shown, row->shown, SHA256_HEX_BYTES - 1) != 0)
		show(agent, "Misskey: signed in", desktop_text_signed_in, news);
	memcpy(row->shown, shown, sizeof(row->shown));
	save_soon(agent);
}

/* ---- What the daemon says ---- */

/* NEWS is NULL for a problem that is no account's: it is so at every start, and not shown. */
static void tell_error(struct agent *agent, struct told_row *row, const struct news *news,
		       const char *code, const char *message)
{
	bool is_new = strcmp(row->now[CONFIG_ON_ERROR], code) != 0 &&
		      strcmp(row->told[CONFIG_ON_ERROR], code) != 0 && code[0];

	if (is_new && news)
		show(agent, "Misskey: a login has a problem", desktop_text_failed, news);
	if (is_new) {
		hook_event_done(&row->error);
		if (hook_event_error(news, code, message, &row->error))
			log_error("no hook is run for %s: there is no memory", code);
	}
	set_now(agent, row, CONFIG_ON_ERROR, code);
}

static void tell_consent(struct agent *agent, struct told_row *row, const struct news *news)
{
	bool is_new = strcmp(row->now[CONFIG_ON_CONSENT_NEEDED], news->page) != 0;

	if (is_new)
		notifier_withdraw(agent->notifier, row->name);
	if (is_new && news->page[0])
		offer_page(agent, news);
	set_now(agent, row, CONFIG_ON_CONSENT_NEEDED, news->page);
}

static int read_news(const struct agent *agent, const struct json *account, struct news *ret_news)
{
	struct err_detail detail;
	int r = news_read(account, agent->callback_url, ret_news, &detail);

	if (r)
		log_warning("what the daemon says of an account is passed over: %s", detail.text);
	return r;
}

static struct told_row *row_of(struct agent *agent, const char *name)
{
	struct told_row *row = told_of(agent->told, name);

	if (row)
		row->is_there = true;
	else
		log_error("nothing is told of %s: there is no memory", name);
	return row;
}

void telling_account(struct agent *agent, const struct json *account)
{
	struct told_row *row;
	struct news news;

	if (read_news(agent, account, &news))
		return;
	row = row_of(agent, news.account);
	if (!row)
		return;
	strcpy(row->server, news.server);
	tell_consent(agent, row, &news);
	tell_error(agent, row, &news, news.error, news.message);
	show_credential(agent, row, &news);
	set_now(agent, row, CONFIG_ON_CREDENTIAL_CHANGED, news.credential);
}

/* Its error is told all the same. */
static void tell_removed(struct agent *agent, struct told_row *row)
{
	notifier_withdraw(agent->notifier, row->name);
	row->is_there = false;
	row->shown[0] = '\0';
	set_now(agent, row, CONFIG_ON_CONSENT_NEEDED, "");
	set_now(agent, row, CONFIG_ON_CREDENTIAL_CHANGED, "");
	forget_if_told(agent, row);
	save_soon(agent);
}

void telling_removed(struct agent *agent, const struct json *account)
{
	struct told_row *row;
	struct news news;

	if (read_news(agent, account, &news))
		return;
	row = name_table_find(&agent->told->rows, news.account);
	if (row)
		tell_removed(agent, row);
}

static void tell_problems(struct agent *agent, const struct json *status)
{
	const struct json *problems = json_get(status, "problems");

	for (const struct json *one = json_first(problems); one; one = json_next(one)) {
		const char *code = json_get_string(one, "code");
		const char *message = json_get_string(one, "message");
		struct told_row *row;
		char name[ACCOUNT_NAME_BYTES];

		if (!code || !news_code_valid(code) || !message)
			continue;
		(void)snprintf(name, sizeof(name), "%c%s", TOLD_PROBLEM, code);
		row = row_of(agent, name);
		if (row)
			tell_error(agent, row, NULL, code, message);
	}
}

void telling_snapshot(struct agent *agent, const struct json *status)
{
	const struct json *accounts = json_get(status, "accounts");
	const char *callback_url = json_get_string(status, "callback_url");
	struct told_row *row;

	if (!json_is_array(accounts))
		return;
	(void)snprintf(agent->callback_url, sizeof(agent->callback_url), "%s",
		       callback_url ? callback_url : "");
	for (size_t n = 0; n < agent->told->rows.count; n++) {
		row = agent->told->rows.rows[n];
		row->is_there = false;
	}
	tell_problems(agent, status);
	for (const struct json *one = json_first(accounts); one; one = json_next(one))
		telling_account(agent, one);
	/* From the end: what is forgotten makes no gap before what is still to come. */
	for (size_t n = agent->told->rows.count; n-- > 0;) {
		row = agent->told->rows.rows[n];
		if (!row->is_there)
			tell_removed(agent, row);
	}
}

/* ---- What a hook is told ---- */

/* The answer to GET /v1/accounts/NAME and WHAT. ERR_NOT_FOUND: there is none; ERR_BUSY: the daemon
 * cannot say it now. */
static int ask(struct agent *agent, const char *account, const char *what, struct json **ret_answer)
{
	_cleanup_(control_reply_done) struct control_reply reply = {0};
	struct err_detail detail;
	char path[CONTROL_PATH_BYTES];

	/* To ask one that has ended would start it. */
	if (!agent->stream)
		return ERR_BUSY;
	(void)snprintf(path, sizeof(path), "/v1/accounts/%s%s", account, what);
	if (control_client_request(agent->client, "GET", path, NULL, ANSWER_MS, &reply, &detail)) {
		log_debug("account %s: %s", account, detail.text);
		return ERR_BUSY;
	}
	if (reply.status != 200)
		return reply.status == 404 ? ERR_NOT_FOUND : ERR_BUSY;
	*ret_answer = TAKE_PTR(reply.body);
	return 0;
}

static int build_consent(struct agent *agent, const struct told_row *row,
			 struct hook_event *ret_event)
{
	_cleanup_(json_freep) struct json *answer = NULL;
	struct news news;
	int r = ask(agent, row->name, "", &answer);

	if (!r)
		r = read_news(agent, answer, &news);
	if (r)
		return r;
	return news.page[0] ? hook_event_consent_needed(&news, ret_event) : ERR_NOT_FOUND;
}

/* What is asked for is what is told, or newer: then an event comes, and it is told once more. */
static int build_credential(struct agent *agent, const struct told_row *row,
			    struct hook_event *ret_event)
{
	_cleanup_(json_freep) struct json *answer = NULL;
	int r = ask(agent, row->name, "/credential", &answer);

	if (r == ERR_NOT_FOUND)
		return hook_event_credential_absent(row->name, row->server, ret_event);
	return r ? r : hook_event_credential_changed(row->name, answer, ret_event);
}

static int build(struct agent *agent, struct told_row *row, enum config_hook kind,
		 struct hook_event *ret_event)
{
	switch (kind) {
	case CONFIG_ON_CONSENT_NEEDED:
		return build_consent(agent, row, ret_event);
	case CONFIG_ON_CREDENTIAL_CHANGED:
		return build_credential(agent, row, ret_event);
	default:
		*ret_event = row->error;
		row->error = (struct hook_event){0};
		return ret_event->json.size > 0 ? 0 : ERR_NOT_FOUND;
	}
}

static struct told_row *find_next(const struct agent *agent, enum config_hook kind)
{
	struct told_row *next = NULL;

	for (size_t n = 0; agent->waiting[kind] && n < agent->told->rows.count; n++) {
		struct told_row *row = agent->told->rows.rows[n];

		if (row->turn[kind] && (!next || row->turn[kind] < next->turn[kind]))
			next = row;
	}
	return next;
}

int telling_next(enum config_hook kind, struct hook_event *ret_event, void *context)
{
	struct agent *agent = context;
	struct told_row *row = agent->is_over ? NULL : find_next(agent, kind);
	int r = row ? build(agent, row, kind, ret_event) : ERR_BUSY;

	if (r == ERR_BUSY || r == ERR_NOMEM)
		return ERR_NOT_FOUND;
	set_turn(agent, row, kind, false);
	if (r) {
		if (r != ERR_NOT_FOUND)
			log_error("account %s: no hook is run: %s", row->name, err_text(r));
		return ERR_NOT_FOUND;
	}
	agent->running[kind].row = row;
	memcpy(agent->running[kind].value, row->now[kind], TOLD_BYTES);
	/* If nobody sees its end, whatever is so then is told, also that the account is gone. */
	strcpy(row->told[kind], TOLD_UNKNOWN);
	save_soon(agent);
	telling_save(agent);
	environment_refresh();
	return 0;
}

void telling_told(enum config_hook kind, void *context)
{
	struct agent *agent = context;
	struct told_row *row = TAKE_PTR(agent->running[kind].row);

	memcpy(row->told[kind], agent->running[kind].value, TOLD_BYTES);
	/* The same error has come again meanwhile. */
	if (kind == CONFIG_ON_ERROR && row->error.json.size > 0)
		row->told[kind][0] = '\0';
	update(agent, row, kind);
	forget_if_told(agent, row);
	save_soon(agent);
}

/* ---- The rest ---- */

void telling_open(const char *account, void *context)
{
	_cleanup_(json_freep) struct json *answer = NULL;
	struct agent *agent = context;
	struct news news;
	mode_t own;
	int r = ask(agent, account, "", &answer);

	if (!r)
		r = read_news(agent, answer, &news);
	if (!r && !news.url)
		r = ERR_NOT_FOUND;
	if (r) {
		log_warning("account %s: its page cannot be opened: %s", account, err_text(r));
		return;
	}
	environment_refresh();
	/* What a browser saves is not only for its user. */
	own = umask(agent->options->umask);
	opening_start(agent->event, account, news.url);
	(void)umask(own);
}

bool telling_is_at_work(const struct agent *agent)
{
	for (enum config_hook kind = 0; kind < CONFIG_HOOK_COUNT; kind++)
		if (agent->waiting[kind] && agent->config->hooks[kind])
			return true;
	return hooks_are_running(agent->hooks) || notifier_awaits_person(agent->notifier) ||
	       !notifier_is_flushed(agent->notifier);
}
