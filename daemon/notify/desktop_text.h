/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The words of desktop notifications. What servers say (users' names) is made printable here; the
 * notifier escapes it where the desktop would take it for markup.
 */

#include "common/buf.h"
#include "store/credentials.h"

/* All append to BODY. SERVER is an origin. */

/* EXPECTED is whose consent is expected, NULL: anybody's. */
void desktop_text_consent(const char *account, const char *server, const char *expected,
			  struct buf *body);
/* What to do where a notification cannot be answered. */
void desktop_text_consent_instead(const char *account, struct buf *body);

void desktop_text_signed_in(const char *account, const char *server, const char *username,
			    struct buf *body);

/* CREDENTIAL is revoked or suspended. */
void desktop_text_lost(const struct credential *credential, struct buf *body);
