/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the person's desktop shows of the daemon's doings, if the config has `notifications = yes`.
 * A login that waits for consent, and whose page no program was told to open, comes with "Open":
 * that runs `misskey-authctl login ACCOUNT --unattended`, which opens the page in the person's
 * browser, outside of the daemon's sandbox (launch.h). So no address is in any process's arguments.
 */

#include <stdbool.h>

#include "common/cleanup.h"
#include "launch/bus.h"
#include "runtime/loop.h"
#include "service/service.h"

struct desktop;

/* SERVICE and BUS are borrowed; UNITS is as for launch_start(). */
int desktop_new(struct service *service, struct bus *bus, struct bus *units,
		struct desktop **ret_desktop, struct err_detail *detail) _must_check_;
int desktop_attach(struct desktop *desktop, struct loop *loop) _must_check_;

void desktop_consent_needed(struct desktop *desktop, const struct account *account);
/* The account's login does not wait for consent, or does not any more. */
void desktop_consent_over(struct desktop *desktop, const struct account *account);
void desktop_signed_in(struct desktop *desktop, const struct account *account,
		       const char *username);
/* The credential is revoked or suspended. */
void desktop_credential_lost(struct desktop *desktop, const struct credential *credential);
/* MESSAGE is a sentence, printable, that names the account. */
void desktop_failed(struct desktop *desktop, const char *message);

/* Whether the person may still press "Open". */
bool desktop_awaits_person(const struct desktop *desktop);
/* Whether nothing is being told. */
bool desktop_is_flushed(const struct desktop *desktop);

/* The daemon ends, and nobody could open a page any more: closes what waits for the person. */
void desktop_quiesce(struct desktop *desktop);

/* What was opened stays open. */
void desktop_free(struct desktop *desktop);
DEFINE_CLEANUP(struct desktop *, desktop_free);
