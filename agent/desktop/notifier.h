/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Notifications of the person's desktop (org.freedesktop.Notifications, Desktop Notifications
 * Specification 1.2). Where there is no bus or no such service, or it dies, nothing is shown, and a
 * line of the debug log says why: a notification is an offer, never the only way. Nothing here
 * waits: a call's answer comes through its handler, with an error if there is none in
 * NOTIFIER_CALL_MS or the connection is lost.
 */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "common/cleanup.h"
#include "common/err.h"

/* Shown or about to be; what is more, is not. It is as much as a person would look at. */
#define NOTIFIER_MAX_NOTES 64
/* The service may have to be started for its answer. */
#define NOTIFIER_CALL_MS 10000
/* Longer text is cut. */
#define NOTIFIER_TEXT_CHARS 1000

struct notifier;

/* The person wants the page of ACCOUNT's login. */
typedef void notifier_open(const char *account, void *context);

/* EVENT is borrowed. */
int notifier_new(sd_event *event, notifier_open *open, void *context,
		 struct notifier **ret_notifier, struct err_detail *detail) _must_check_;

/* SUMMARY and BODY are plain text, without control characters. */
void notifier_tell(struct notifier *notifier, const char *summary, const char *body);

/* The same, with "Open" for ACCOUNT; INSTEAD is added to BODY where that cannot be offered, because
 * the service has no actions or CAN_OPEN is false. It takes the place of an earlier offer. */
void notifier_offer(struct notifier *notifier, const char *account, const char *summary,
		    const char *body, const char *instead, bool can_open);

/* The account's offer is over, with NULL that of every account: it is closed. */
void notifier_withdraw(struct notifier *notifier, const char *account);

/* Whether the person may still press "Open". */
bool notifier_awaits_person(const struct notifier *notifier);

/* Whether no call is under way. */
bool notifier_is_flushed(const struct notifier *notifier);

/* What is shown stays, but nothing comes of it any more. */
void notifier_free(struct notifier *notifier);
DEFINE_CLEANUP(struct notifier *, notifier_free);
