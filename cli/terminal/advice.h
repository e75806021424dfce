/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The next steps that more than one message ends with.
 */

#include "common/translate.h"

/* One fact and one step, with the user's number. */
#define ADVICE_NO_SESSION                                                                    \
	_("XDG_RUNTIME_DIR is not set, and /run/user/%lu is not there or not private: this " \
	  "user has no session")
#define ADVICE_SESSION                                                                            \
	_("Log in as this user (su and sudo are no login), or name the socket with --socket, or " \
	  "run as root: loginctl enable-linger %lu")
#define ADVICE_ENABLE "misskey-authctl enable"
#define ADVICE_RESTART "systemctl --user restart misskey-authd"
