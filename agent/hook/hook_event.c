/* SPDX-License-Identifier: MIT */
#include "hook/hook_event.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "common/vocabulary.h"

#define CREDENTIAL_CHANGED "credential_changed"

/* ---- What all events have ---- */

static void add_fact(struct hook_event *event, const char *key, const char *value)
{
	buf_append_format(&event->facts, "%s=%s", key, value);
	buf_append_char(&event->facts, '\0');
}

/* A name that is not harmless is in the JSON alone. */
static void add_user_fact(struct hook_event *event, const char *username)
{
	if (username && username_is_harmless(username))
		add_fact(event, "MISSKEY_USER", username);
}

/* ACCOUNT and SERVER may be NULL. The object is NULL without memory. */
static struct json *begin(struct hook_event *event, const char *kind, const char *account,
			  const char *server)
{
	_cleanup_(json_freep) struct json *object = json_new_object();

	add_fact(event, "MISSKEY_EVENT", kind);
	if (account) {
		(void)snprintf(event->account, sizeof(event->account), "%s", account);
		add_fact(event, "MISSKEY_ACCOUNT", account);
		add_fact(event, "MISSKEY_SERVER", server);
	}
	if (json_add_string(object, "event", kind) || json_add_string(object, "account", account) ||
	    json_add_string(object, "server", server))
		return NULL;
	return TAKE_PTR(object);
}

/* Hands EVENT over, with its JSON as far as R is 0. */
static int finish(int r, struct hook_event *event, struct hook_event *ret_event)
{
	buf_append_char(&event->json, '\n');
	if (r || buf_error(&event->json) || buf_error(&event->facts))
		return ERR_NOMEM;
	*ret_event = *event;
	*event = (struct hook_event){0};
	return 0;
}

/* ---- The events ---- */

int hook_event_consent_needed(const struct news *news, struct hook_event *ret_event)
{
	_cleanup_(hook_event_done) struct hook_event event = {0};
	_cleanup_(json_freep) struct json *object =
		begin(&event, "consent_needed", news->account, news->server);

	add_user_fact(&event, news->expected_user);
	/* A start link works once: it is not for two. */
	if (json_add_string(object, "url", news->page_given ? NULL : news->url) ||
	    json_add_bool(object, "browser", news->browser) ||
	    json_add_string(object, "expires_at", news->expires_at) ||
	    json_add_string(object, "expected_user", news->expected_user))
		return ERR_NOMEM;
	return finish(json_print(object, false, &event.json), &event, ret_event);
}

int hook_event_credential_absent(const char *account, const char *server,
				 struct hook_event *ret_event)
{
	_cleanup_(hook_event_done) struct hook_event event = {0};
	_cleanup_(json_freep) struct json *object =
		begin(&event, CREDENTIAL_CHANGED, account, server);
	const char *state = credential_state_text(CREDENTIAL_ABSENT);

	add_fact(&event, "MISSKEY_STATE", state);
	if (json_add_null(object, "i") || json_add_string(object, "state", state))
		return ERR_NOMEM;
	return finish(json_print(object, false, &event.json), &event, ret_event);
}

int hook_event_credential_changed(const char *account, const struct json *credential,
				  struct hook_event *ret_event)
{
	_cleanup_(hook_event_done) struct hook_event event = {0};
	_cleanup_(json_freep) struct json *beginning = NULL;
	_cleanup_(buf_done) struct buf members = {0};
	struct news news;

	/* What is checked in an ACCOUNT has the same names here. */
	if (news_read(credential, "", &news, NULL) || strcmp(news.account, account) != 0 ||
	    json_get(credential, "event"))
		return ERR_INVALID;
	beginning = begin(&event, CREDENTIAL_CHANGED, account, news.server);
	add_user_fact(&event, news.username);
	add_fact(&event, "MISSKEY_STATE", news.state);
	if (!beginning || json_print(credential, false, &members))
		return ERR_NOMEM;
	buf_append_format(&event.json, "{\"event\":\"" CREDENTIAL_CHANGED "\",%s",
			  buf_text(&members) + strlen("{"));
	return finish(0, &event, ret_event);
}

int hook_event_error(const struct news *news, const char *code, const char *message,
		     struct hook_event *ret_event)
{
	_cleanup_(hook_event_done) struct hook_event event = {0};
	_cleanup_(buf_done) struct buf text = {0};
	_cleanup_(json_freep) struct json *object =
		begin(&event, "error", news ? news->account : NULL, news ? news->server : NULL);

	text_append_printable(&text, message, ERR_DETAIL_BYTES);
	add_user_fact(&event, news ? news->expected_user : NULL);
	add_fact(&event, "MISSKEY_CODE", code);
	if (buf_error(&text) || json_add_string(object, "code", code) ||
	    json_add_string(object, "message", buf_text(&text)))
		return ERR_NOMEM;
	return finish(json_print(object, false, &event.json), &event, ret_event);
}

void hook_event_done(struct hook_event *event)
{
	buf_done(&event->json);
	buf_done(&event->facts);
	*event = (struct hook_event){0};
}
