/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The words of desktop notifications. What servers say (users' names) is made printable here; the
 * notifier escapes it where the desktop would take it for markup. All append to BODY.
 */

#include "common/buf.h"
#include "news/news.h"

void desktop_text_consent(const struct news *news, struct buf *body);
/* What to do where a notification cannot be answered. */
void desktop_text_consent_instead(const char *account, struct buf *body);

void desktop_text_signed_in(const struct news *news, struct buf *body);

/* NEWS is of a credential that is revoked or suspended. */
void desktop_text_lost(const struct news *news, struct buf *body);

/* NEWS has an error. */
void desktop_text_failed(const struct news *news, struct buf *body);
