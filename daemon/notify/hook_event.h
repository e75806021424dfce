/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a hook is told, as docs/integrations.md describes it: a line of JSON, which may hold a
 * credential or the address of a consent page, and facts for its environment, which hold neither.
 */

#include "common/account_name.h"
#include "common/buf.h"
#include "service/service.h"

struct hook_event {
	char account[ACCOUNT_NAME_BYTES]; /* "": none's */
	struct buf json;		  /* with a line break at the end */
	struct buf facts;		  /* "KEY=VALUE", a NUL behind each */
};

/* A login waits for consent. ERR_NOT_FOUND if it does not any more. */
int hook_event_consent_needed(struct service *service, const char *account,
			      struct hook_event *ret_event) _must_check_;

/* What the account's credential is now; SERVER is used for an account that is gone. ERR_NOMEM. */
int hook_event_credential_changed(struct service *service, const char *account, const char *server,
				  struct hook_event *ret_event) _must_check_;

/* ACCOUNT may be NULL. CODE is of letters, digits and _ alone. ERR_NOMEM. */
int hook_event_error(const struct service *service, const struct account *account, const char *code,
		     const char *message, struct hook_event *ret_event) _must_check_;

void hook_event_done(struct hook_event *event);
