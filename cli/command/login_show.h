/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a person sees of a login while it is under way, on standard error: the page to open, as a QR
 * code too where there is a terminal and the consent may come from any device; trouble; and where
 * it stands. Opens the browser.
 */

#include <stdbool.h>

#include "client/control_client.h"
#include "common/json.h"
#include "login_offer.h"
#include "login_wait.h"
#include "web_browser/web_browser.h"

/* What was shown already. Declare it as `struct login_shown shown = {0};`. */
struct login_shown {
	char *page;		/* the URL that was shown last */
	char *problem;		/* the trouble that was said last */
	bool opened;		/* we opened that page */
	struct browser browser; /* the one that was started last */
	bool browser_failed;
	struct login_offer offer; /* what to do if no browser comes */
};

void login_shown_done(struct login_shown *shown);

/* Notes that the person knows the page of LOGIN. */
void login_shown_note(struct login_shown *shown, const struct json *login);

/* Shows what is new in LOGIN, the newest that is known, which has not finished. With
 * REQUEST->no_wait its page is not shown, only noted: it is what will be printed. */
void login_show(struct login_shown *shown, struct control_client *client,
		const struct login_request *request, const struct json *login);

/* Looks for WAIT_MS, as browser_look() does, whether the browser that was started failed at once;
 * that is said, to the daemon too. */
void login_show_browser(struct login_shown *shown, struct control_client *client,
			const struct login_request *request, int wait_ms);
