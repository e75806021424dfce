/* SPDX-License-Identifier: MIT */
#include "terminal/color.h"

#include <unistd.h>

#include "terminal/terminal.h"

/* The eight colours that every terminal has: what they look like is the person's choice. */
const enum color color_of_state[CREDENTIAL_STATE_COUNT + 1] = {
	[CREDENTIAL_VERIFIED] = COLOR_GOOD,
	[CREDENTIAL_UNVERIFIED] = COLOR_CAUTION,
	[CREDENTIAL_SUSPENDED] = COLOR_BAD,
	[CREDENTIAL_REVOKED] = COLOR_BAD,
};

static const char *const begin[] = {
	[COLOR_GOOD] = "\033[32m",
	[COLOR_CAUTION] = "\033[33m",
	[COLOR_BAD] = "\033[31m",
};

void color_append(struct buf *buf, enum color color, const char *text)
{
	bool on = color != COLOR_NONE && terminal_takes_colors(STDOUT_FILENO);

	if (on)
		buf_append_text(buf, begin[color]);
	buf_append_text(buf, text);
	if (on)
		buf_append_text(buf, "\033[0m");
}
