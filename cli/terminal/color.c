/* SPDX-License-Identifier: MIT */
#include "terminal/color.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "terminal/terminal.h"

/* The eight colours that every terminal has: what they look like is the person's choice. */
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

enum color color_of_state(const char *state)
{
	static const struct {
		const char *state;
		enum color color;
	} colors[] = {
		{"verified", COLOR_GOOD},
		{"unverified", COLOR_CAUTION},
		{"suspended", COLOR_BAD},
		{"revoked", COLOR_BAD},
	};

	for (size_t i = 0; state && i < sizeof(colors) / sizeof(colors[0]); i++)
		if (strcmp(state, colors[i].state) == 0)
			return colors[i].color;
	return COLOR_NONE;
}
