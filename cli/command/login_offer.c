/* SPDX-License-Identifier: MIT */
#include "login_offer.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "client/control_client.h"
#include "common/translate.h"
#include "terminal/terminal.h"

/* How often the key is looked at. */
#define KEY_MS 1000

void login_offer_await(struct login_offer *offer)
{
	*offer = (struct login_offer){.due_ms = control_client_now_ms() + LOGIN_OFFER_AFTER_MS};
}

void login_offer_end(struct login_offer *offer, bool opened)
{
	if (offer->is_made && opened)
		terminal_message(_("A browser has opened the page."));
	*offer = (struct login_offer){0};
}

void login_offer_hurry(struct login_offer *offer)
{
	if (offer->due_ms > 0 && !offer->is_made)
		offer->due_ms = 1;
}

/* Whether a person sits there: a process in the background would be stopped by reading. */
static bool has_keyboard(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO) &&
	       tcgetpgrp(STDIN_FILENO) == getpgrp();
}

void login_offer_make(struct login_offer *offer, const char *account)
{
	if (offer->is_made || offer->due_ms == 0 || control_client_now_ms() < offer->due_ms)
		return;
	offer->is_made = true;
	offer->has_key = has_keyboard();
	if (!offer->has_key) {
		terminal_message(_("No browser has opened the page yet. To use another device: "
				   "misskey-authctl login %s --no-browser"),
				 account);
		return;
	}
	/* What was typed before is no answer. */
	(void)tcflush(STDIN_FILENO, TCIFLUSH);
	terminal_message(_("No browser has opened the page yet. To use another device, press "
			   "Enter."));
}

int64_t login_offer_wait(const struct login_offer *offer, int64_t ms)
{
	int64_t left_ms = ms;

	if (offer->has_key)
		left_ms = KEY_MS;
	else if (offer->due_ms > 0 && !offer->is_made)
		left_ms = offer->due_ms - control_client_now_ms();
	if (left_ms < 1)
		left_ms = 1;
	return left_ms < ms ? left_ms : ms;
}

bool login_offer_is_taken(struct login_offer *offer)
{
	struct pollfd keyboard = {.fd = STDIN_FILENO, .events = POLLIN};
	char line[256];
	ssize_t size;

	if (!offer->has_key || !has_keyboard() || poll(&keyboard, 1, 0) <= 0)
		return false;
	size = read(STDIN_FILENO, line, sizeof(line));
	/* Nobody can press it any more. */
	if (size <= 0)
		offer->has_key = false;
	return size > 0 && line[size - 1] == '\n';
}
