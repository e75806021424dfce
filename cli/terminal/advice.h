/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The next steps that more than one message ends with.
 */

#include "common/translate.h"

#define ADVICE_ENABLE "misskey-authctl enable"
#define ADVICE_RESTART                                                                             \
	_("systemctl --user restart misskey-authd (without systemd: end misskey-authd and run it " \
	  "again)")
