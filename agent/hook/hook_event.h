/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a hook is told, as docs/integrations.md describes it: a line of JSON, which may hold a
 * credential or the address of a consent page, and facts for its environment, which hold neither,
 * and are of a harmless alphabet. Pure.
 */

#include "common/buf.h"
#include "news/news.h"

struct hook_event {
	char account[ACCOUNT_NAME_BYTES]; /* "": none's */
	struct buf json;		  /* with a line break at the end */
	struct buf facts;		  /* "KEY=VALUE", a NUL behind each */
};

/* A login waits for consent. ERR_NOMEM, here and below. */
int hook_event_consent_needed(const struct news *news, struct hook_event *ret_event) _must_check_;

/* CREDENTIAL is the answer to GET /v1/accounts/NAME/credential. ERR_INVALID: it is not what the
 * daemon says. */
int hook_event_credential_changed(const char *account, const struct json *credential,
				  struct hook_event *ret_event) _must_check_;
/* There is none any more. */
int hook_event_credential_absent(const char *account, const char *server,
				 struct hook_event *ret_event) _must_check_;

/* NEWS may be NULL: it is about no account. CODE is one (news_code_valid()). */
int hook_event_error(const struct news *news, const char *code, const char *message,
		     struct hook_event *ret_event) _must_check_;

void hook_event_done(struct hook_event *event);
