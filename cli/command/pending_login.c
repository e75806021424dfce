/* SPDX-License-Identifier: MIT */
#include "pending_login.h"

#include <stdint.h>
#include <time.h>

#include "client/control_reply.h"
#include "common/text.h"
#include "common/translate.h"
#include "terminal/daemon_text.h"
#include "terminal/terminal.h"

#define MINUTE_S 60
#define HOUR_S 3600
/* A try that comes sooner is over before anybody has read of it. */
#define RETRY_SHOWN_MIN_S 5

/* Which part of a login is under way, as far as a person minds. */
enum stage {
	STAGE_NONE,
	STAGE_PREPARING, /* there is no page yet */
	STAGE_CONSENT,
	STAGE_FINISHING, /* consent was given: it cannot be cancelled any more */
};

static enum stage stage_of(const struct json *account)
{
	switch (control_login_state(json_get(account, "login"))) {
	case LOGIN_IDLE:
	case LOGIN_FINISHED:
		return STAGE_NONE;
	case LOGIN_REGISTERING:
	case LOGIN_SESSION:
		return STAGE_PREPARING;
	case LOGIN_CONSENT:
		return STAGE_CONSENT;
	default:
		return STAGE_FINISHING;
	}
}

bool pending_login_is(const struct json *account)
{
	return stage_of(account) != STAGE_NONE;
}

bool pending_login_was_all(const struct json *account)
{
	return control_credential_state(account) == CREDENTIAL_ABSENT &&
	       !control_is_configured(account) && !pending_login_is(account);
}

/* Until the time of the member KEY; 0: it is over, or there is none. */
static int64_t seconds_until(const struct json *login, const char *key)
{
	const char *text = json_get_string(login, key);
	int64_t now_s = (int64_t)time(NULL);
	int64_t then_s;

	if (!text || text_time_parse(text, &then_s) < 0 || then_s < now_s)
		return 0;
	return then_s - now_s;
}

static size_t waiting(const struct json *login)
{
	int64_t count;

	return json_get_integer(login, "waiting", &count) && count > 0 ? (size_t)count : 0;
}

static void append_time_left(struct buf *cell, int64_t s)
{
	if (s < MINUTE_S)
		buf_append_format(cell, "%lld s left", (long long)s);
	else if (s < 2 * HOUR_S)
		buf_append_format(cell, "%lld min left", (long long)(s / MINUTE_S));
	else
		buf_append_format(cell, "%lld h left", (long long)(s / HOUR_S));
}

void pending_login_append(struct buf *cell, const struct json *account)
{
	const struct json *login = json_get(account, "login");

	switch (stage_of(account)) {
	case STAGE_NONE:
		buf_append_char(cell, '-');
		return;
	case STAGE_PREPARING:
		buf_append_text(cell, "preparing");
		break;
	case STAGE_CONSENT:
		append_time_left(cell, seconds_until(login, "expires_at"));
		break;
	case STAGE_FINISHING:
		buf_append_text(cell, "finishing");
		break;
	}
	buf_append_format(cell, ", %zu waiting", waiting(login));
}

static void append_duration(struct buf *text, int64_t s)
{
	size_t minutes = (size_t)(s / MINUTE_S);
	size_t hours = (size_t)(s / HOUR_S);

	if (s < MINUTE_S)
		buf_append_format(text, translate_count("%zu second", "%zu seconds", (size_t)s),
				  (size_t)s);
	else if (s < 2 * HOUR_S)
		buf_append_format(text, translate_count("%zu minute", "%zu minutes", minutes),
				  minutes);
	else
		buf_append_format(text, translate_count("%zu hour", "%zu hours", hours), hours);
}

bool pending_login_append_retry(struct buf *text, const struct json *login)
{
	int64_t s = seconds_until(login, "retry_at");

	if (s < RETRY_SHOWN_MIN_S)
		return false;
	if (s >= MINUTE_S)
		s = (s + MINUTE_S / 2) / MINUTE_S * MINUTE_S;
	append_duration(text, s);
	return true;
}

static void say_consent(const char *name, const char *server, const struct json *login)
{
	_cleanup_(buf_done) struct buf left = {0};
	size_t commands = waiting(login);

	append_duration(&left, seconds_until(login, "expires_at"));
	if (commands == 0)
		terminal_message(_("%s: a login at %s waits for consent. It ends in %s, and no "
				   "command waits for it."),
				 name, server, buf_text(&left));
	else
		terminal_message(translate_count("%s: a login at %s waits for consent. It ends in "
						 "%s, and %zu command waits for it.",
						 "%s: a login at %s waits for consent. It ends in "
						 "%s, and %zu commands wait for it.",
						 commands),
				 name, server, buf_text(&left), commands);
}

static void say_problem(const char *name, const struct json *login)
{
	const struct json *problem = json_get(login, "problem");
	const char *message = json_get_string(problem, "message");
	_cleanup_(buf_done) struct buf text = {0};
	_cleanup_(buf_done) struct buf retry = {0};

	/* account_note_browser() says it, with the new link. */
	if (!message || control_login_is_raced(login))
		return;
	daemon_text_append(&text, json_get_string(problem, "code"), message);
	terminal_message("%s: %s", name, buf_text(&text));
	if (pending_login_append_retry(&retry, login))
		terminal_message(_("%s: the next try is in %s."), name, buf_text(&retry));
}

void pending_login_note(const struct json *account)
{
	const struct json *login = json_get(account, "login");
	const char *name = json_get_string(account, "account");
	const char *server = json_get_string(account, "server");

	if (!name || !server || !pending_login_is(account))
		return;
	if (stage_of(account) == STAGE_PREPARING)
		terminal_message(_("%s: a login at %s is being prepared."), name, server);
	else if (stage_of(account) == STAGE_FINISHING)
		terminal_message(_("%s: a login at %s is being finished."), name, server);
	else
		say_consent(name, server, login);
	say_problem(name, login);
	if (stage_of(account) == STAGE_FINISHING)
		return;
	terminal_message(_("To go on with it: misskey-authctl login %s"), name);
	terminal_message(_("To end it: misskey-authctl cancel %s"), name);
}

void pending_login_note_all(const struct json *accounts)
{
	const struct json *pending = NULL;
	size_t count = 0;

	for (const struct json *c = json_first(accounts); c; c = json_next(c)) {
		if (!pending_login_is(c))
			continue;
		pending = c;
		count++;
	}
	if (count == 1) {
		pending_login_note(pending);
	} else if (count > 1) {
		terminal_message(_("There are %zu pending logins."), count);
		terminal_message(_("To go on with one: misskey-authctl login ACCOUNT"));
		terminal_message(_("To end one: misskey-authctl cancel ACCOUNT"));
	}
}
