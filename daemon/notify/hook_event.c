/* SPDX-License-Identifier: MIT */
#include "hook_event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "common/vocabulary.h"
#include "store/credentials.h"

/* ---- What all events have ---- */

/* VALUE is of a harmless alphabet: names and origins are, and so are our own words. */
static void add_fact(struct hook_event *event, const char *key, const char *value)
{
	buf_append_format(&event->facts, "%s=%s", key, value);
	buf_append_char(&event->facts, '\0');
}

static void add_user_fact(struct hook_event *event, const char *username)
{
	if (username && credential_username_is_harmless(username))
		add_fact(event, "MISSKEY_USER", username);
}

/* ACCOUNT and SERVER may be NULL. */
static int begin(struct hook_event *event, struct json *object, const char *kind,
		 const char *account, const char *server)
{
	add_fact(event, "MISSKEY_EVENT", kind);
	if (account) {
		snprintf(event->account, sizeof(event->account), "%s", account);
		add_fact(event, "MISSKEY_ACCOUNT", account);
		add_fact(event, "MISSKEY_SERVER", server);
	}
	if (json_add_string(object, "event", kind) || json_add_string(object, "account", account))
		return ERR_NOMEM;
	return 0;
}

/* Hands EVENT over, with OBJECT as its JSON. */
static int finish(struct hook_event *event, const struct json *object, struct hook_event *ret_event)
{
	int r = json_print(object, false, &event->json);

	buf_append_char(&event->json, '\n');
	if (r || buf_error(&event->json) || buf_error(&event->facts))
		return ERR_NOMEM;
	*ret_event = *event;
	*event = (struct hook_event){0};
	return 0;
}

/* ---- The events ---- */

int hook_event_consent_needed(struct service *service, const char *account,
			      struct hook_event *ret_event)
{
	const struct account *known = accounts_find(service_accounts(service), account);
	const struct registry_session *session =
		known ? service_open_session(service, known) : NULL;
	_cleanup_(hook_event_done) struct hook_event event = {0};
	_cleanup_(json_freep) struct json *object = json_new_object();
	_cleanup_(buf_done) struct buf url = {0};
	const char *expected;
	char expires_at[TEXT_TIME_BYTES];

	if (!session || login_phase(service_find_login(service, known)) != LOGIN_AWAITS_CONSENT)
		return ERR_NOT_FOUND;
	/* A start link works once: it is not for two. */
	if (!session->page_given)
		service_page_url(service, session, &url);
	expected = service_expected_user(service, known);
	text_time(session->expires_at, expires_at);
	if (begin(&event, object, "consent_needed", account, known->server.origin) ||
	    buf_error(&url) || json_add_string(object, "server", known->server.origin) ||
	    json_add_string(object, "url", url.size > 0 ? buf_text(&url) : NULL) ||
	    json_add_bool(object, "browser", session->browser) ||
	    json_add_string(object, "expires_at", expires_at) ||
	    json_add_string(object, "expected_user", expected))
		return ERR_NOMEM;
	add_user_fact(&event, expected);
	return finish(&event, object, ret_event);
}

/* The members of an account without a credential: those that can be said. */
static int add_absent(struct json *object, const char *server)
{
	if (json_add_string(object, "server", server) || json_add_null(object, "i") ||
	    json_add_string(object, "state", credential_state_text(CREDENTIAL_ABSENT)))
		return ERR_NOMEM;
	return 0;
}

int hook_event_credential_changed(struct service *service, const char *account, const char *server,
				  struct hook_event *ret_event)
{
	const struct credential *credential = service_credential(service, account);
	_cleanup_(hook_event_done) struct hook_event event = {0};
	_cleanup_(json_freep) struct json *object = json_new_object();

	if (credential)
		server = credential->server;
	if (begin(&event, object, "credential_changed", account, server) ||
	    (credential ? credential_add_members(object, credential) : add_absent(object, server)))
		return ERR_NOMEM;
	add_user_fact(&event, credential ? credential->username : NULL);
	add_fact(&event, "MISSKEY_STATE",
		 credential_state_text(credential ? credential->state : CREDENTIAL_ABSENT));
	return finish(&event, object, ret_event);
}

int hook_event_error(const struct service *service, const struct account *account, const char *code,
		     const char *message, struct hook_event *ret_event)
{
	_cleanup_(hook_event_done) struct hook_event event = {0};
	_cleanup_(json_freep) struct json *object = json_new_object();
	_cleanup_(buf_done) struct buf text = {0};
	const char *server = account ? account->server.origin : NULL;

	/* A detail that had to be cut may have lost a part of its last character. */
	text_append_printable(&text, message, ERR_DETAIL_BYTES);
	if (begin(&event, object, "error", account ? account->name : NULL, server) ||
	    buf_error(&text) || json_add_string(object, "server", server) ||
	    json_add_string(object, "code", code) ||
	    json_add_string(object, "message", buf_text(&text)))
		return ERR_NOMEM;
	add_user_fact(&event, account ? service_expected_user(service, account) : NULL);
	add_fact(&event, "MISSKEY_CODE", code);
	return finish(&event, object, ret_event);
}

void hook_event_done(struct hook_event *event)
{
	buf_done(&event->json);
	buf_done(&event->facts);
	*event = (struct hook_event){0};
}
