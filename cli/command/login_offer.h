/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What to do when no browser opens a login's link: a terminal offers, by the Enter key, to go on
 * with another session, whose page can be opened on any device; otherwise the command that does it
 * is said. It is never the same session: its link was in a process's arguments, and who read it
 * there could consent in the person's place.
 */

#include <stdbool.h>
#include <stdint.h>

/* A browser that comes at all has come within this time. */
#define LOGIN_OFFER_AFTER_MS 10000

/* Declare it as `struct login_offer offer = {0};`. */
struct login_offer {
	int64_t due_ms; /* 0: nothing is to be offered */
	bool is_made;
	bool has_key; /* Enter takes it */
};

/* A link was shown, which a browser has to open. */
void login_offer_await(struct login_offer *offer);

/* Something else is under way: another page, another state. Says so if the offer was made and
 * OPENED, that is, because a browser has come. */
void login_offer_end(struct login_offer *offer, bool opened);

/* It is known that no browser comes: it is due at once. */
void login_offer_hurry(struct login_offer *offer);

/* Makes the offer of ACCOUNT if it is due. */
void login_offer_make(struct login_offer *offer, const char *account);

/* MS, or less if the offer is due before or the key has to be looked at. */
int64_t login_offer_wait(const struct login_offer *offer, int64_t ms);

/* Whether the person took it. */
bool login_offer_is_taken(struct login_offer *offer);
