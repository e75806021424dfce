/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Opens the page of a login in the person's browser. What was opened stays open.
 */

#include <systemd/sd-event.h>

/* URL must be allowed (news_url_allowed()). A browser that cannot be started, or fails at once
 * while EVENT is run, is told of in the log. */
void opening_start(sd_event *event, const char *account, const char *url);
