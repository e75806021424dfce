/* SPDX-License-Identifier: MIT */
#include "terminal/daemon_sentences.h"

#include <string.h>

#include "common/translate.h"

/* No pattern has more. */
#define PARTS_MAX 8
/* A failure, its problem, and what the problem adds. */
#define DEPTH_MAX 4

/* A part of a message. */
struct part {
	const char *start;
	size_t size;
};

/* Without the full stop at their end, which a sentence has only where nothing follows. The first
 * that fits counts: what goes around other sentences comes first. */
static const char *const patterns[] = {
	/* login_failure.c */
	N_("%s Log in again with: %s"),
	N_("Your browser is signed in as @%s; %s needs @%s. Nothing was changed. Sign out at %s "
	   "first, or use a private window. This shows an address for it: %s"),
	N_("The browser that approved is signed in as @%s; %s needs @%s. Nothing was changed. Sign "
	   "out at %s first, or use a private window. This shows an address for it: %s"),
	N_("Your browser is signed in as @%s; %s needs @%s. Nothing was changed. If the page lists "
	   "accounts, choose @%s there. Otherwise sign out at %s first, or use a private window. "
	   "This shows an address for it: %s"),
	N_("The browser that approved is signed in as @%s; %s needs @%s. Nothing was changed. If "
	   "the page lists accounts, choose @%s there. Otherwise sign out at %s first, or use a "
	   "private window. This shows an address for it: %s"),
	N_("%s has suspended @%s. %s When that is over, run: %s"),
	N_("%s does not accept the credential of %s that it just gave. %s Remove the app at %s, "
	   "then log in again: %s"),
	N_("The login of %s at %s timed out: nobody approved it"),
	N_("%s lost the session of the login of %s twice"),
	N_("The login of %s was cancelled: %s"),
	N_("The login of %s failed on this computer. %s"),
	N_("The login of %s at %s failed. %s"),
	N_("the account was removed from this computer"),
	N_("the account was changed in the config"),
	N_("that was asked for with misskey-authctl cancel"),
	/* misskey_problem.c, misskey.c */
	N_("A secure connection to the server could not be made%s; %s"),
	N_("The server's certificate could not be verified%s; %s"),
	N_("it is for another name; is the server's name right?"),
	N_("if it is valid in a browser, this computer's clock is wrong; else only the server's "
	   "administrator can renew it"),
	N_("correct ca_file in config.ini: it must name a file of certificates in the form PEM"),
	N_("is it a server of https? TLS 1.2 is the oldest that is used"),
	N_("if it is signed by an authority of your own, name that authority's file as ca_file in "
	   "config.ini"),
	N_("The server could not be reached%s"),
	N_("The proxy wants a password (HTTP 407); put it into the https_proxy that the daemon "
	   "has, as http://USER:PASSWORD@PROXY:PORT"),
	N_("The server did not answer %s in time%s"),
	N_("The connection ended before the answer to %s was complete%s"),
	N_("The server's answer to %s is larger than %s KiB, which no answer of Misskey's is"),
	N_("This computer could not make the call%s"),
	N_("The server answered %s with %s (HTTP %s): no consent has been given yet"),
	N_("The server answered %s with %s (HTTP %s): it does not know this login"),
	N_("The server answered %s with %s (HTTP %s): it has forgotten the app registration"),
	N_("The server answered %s with %s (HTTP %s): it does not accept this credential"),
	N_("The server answered %s with %s (HTTP %s): the user may be suspended"),
	N_("The server answered %s with %s (HTTP %s): the user is suspended"),
	N_("The server answered %s with %s (HTTP %s): the app lacks a permission for this"),
	N_("The server answered %s with HTTP %s without an error code of Misskey's; perhaps it is "
	   "no Misskey server"),
	N_("The server answered %s with HTTP %s without an error code of Misskey's; a proxy or a "
	   "firewall in front of it may have answered"),
	N_("The server answered %s with HTTP %s without any content"),
	N_("The server answered %s with HTTP %s, which Misskey does not do here"),
	N_("The server answered %s with HTTP %s and a web page: a firewall in front of it lets "
	   "only "
	   "browsers pass. Only the server's administrator can let programs call /api/"),
	N_("The server answered %s with HTTP %s, a redirect to %s, which is not followed. If that "
	   "is the server that you mean, log in with that name"),
	N_("The server answered %s with HTTP %s, a redirect to %s, which is not followed. The "
	   "server may be in maintenance"),
	N_("The server answered %s with HTTP %s, a redirect, which is not followed. The server may "
	   "be in maintenance"),
	N_("The server answered %s with HTTP %s, a redirect, which is not followed"),
	N_("The server answered %s with HTTP %s: it is in maintenance, or has too much to do"),
	N_("The server answered %s with HTTP %s"),
	N_("The server answered %s with %s (HTTP %s)"),
	N_("The server's answer to %s is not valid JSON; perhaps it is no Misskey server, or "
	   "another page is in front of it"),
	N_("The server's answer to %s has no usable %s"),
	N_("The server calls itself %s, which cannot be used; its administrator can correct that"),
	N_("The server calls itself %s; if that is the server you mean, log in with that name"),
	N_("The server does not know %s (HTTP 404); perhaps it is no Misskey server"),
	N_("The server (version %s) does not offer the app authorization (app/create). It may "
	   "offer MiAuth: log in with --method miauth"),
	N_("The server (version %s) does not offer MiAuth. Log in with --method app"),
	N_("The server (version %s) offers neither the app authorization (app/create) nor MiAuth: "
	   "misskey-authd cannot log in there. Make an access token in its settings, under API, "
	   "and give that to your scripts"),
	N_("The server gives consent to a login before anybody was asked"),
	N_("The server gives a credential only once, and its answer was lost"),
	N_("An answer of the server may have been lost. If Accept was pressed already, run "
	   "misskey-authctl login again, for another page"),
	N_("The address of the consent page would be too long; ask for fewer permissions, or give "
	   "the app a shorter name"),
	N_("The server did not accept the credential"),
	N_("The server has not answered yet"),
	N_("The server says that the credential is another user's"),
	N_("The credential was replaced or removed meanwhile"),
	/* control/, service/ */
	N_("There is no account %s. To see all: %s"),
	N_("There is no account %s; to make it, say for which server"),
	N_("The account %s has no credential that can be used. Log in with: %s"),
	N_("The account %s has no credential to ask about. Log in with: %s"),
	N_("This is not the address that the browser was sent to, %s, nor the token in it"),
	N_("No pending login waits for this address. Perhaps it is finished, which "
	   "misskey-authctl list shows. Otherwise log in again with: %s"),
	N_("The account %s is @%s's, and scripts use it as @%s. To sign @%s in beside it: %s. To "
	   "put @%s in its place: %s"),
	N_("The account %s has the server %s, not %s; use another name with --as"),
	N_("The account %s has the server %s in the config, not %s; change its section there, or "
	   "use another name with --as"),
	N_("The account %s has the user %s in the config, not %s; change its section there, or use "
	   "another name with --as"),
	N_("The account %s has the permissions %s in the config, not %s; change its section there, "
	   "or use another name with --as"),
	N_("A login of %s that asks for something else is under way; wait for its end, or use "
	   "another name with --as"),
	N_("No login of %s is under way"),
	N_("Consent was given for %s, and its login is being finished. To remove the credential "
	   "after that: %s"),
	N_("The account %s cannot be renamed to %s: %s"),
	N_("there is an account of that name; choose another one"),
	N_("it has no credential"),
	N_("a login is under way; wait for its end, or end it with misskey-authctl cancel"),
	N_("The account %s is in the config. Change [account %s] to [account %s] in %s, run "
	   "misskey-authctl reload, and then this again"),
	N_("The account %s is in the config. Take [account %s] out of %s, run misskey-authctl "
	   "reload and then this again, and add [account %s]"),
	N_("There is an account %s, and %s differs from that only in the case of letters; use that "
	   "account, or choose another name"),
	N_("The daemon stops. The login goes on when it is started again"),
	/* process/ */
	N_("The callback port %s is taken by another program or another user, so logins wait by "
	   "asking the server instead; to have another port: %s"),
	N_("The callback port %s is taken by another program, so logins wait by asking the server "
	   "instead; to change it, set `listen = 127.0.0.1:PORT` in the section [daemon] of the "
	   "config and restart"),
};

static struct part without_full_stop(struct part part)
{
	if (part.size > 0 && part.start[part.size - 1] == '.')
		part.size--;
	return part;
}

/* Whether TEXT is PATTERN with something for each %s: that goes to PARTS, which has COUNT so far.
 * Each is as short as it can be. */
static bool fits(const char *pattern, struct part text, struct part parts[static PARTS_MAX],
		 size_t count)
{
	size_t literal = strcspn(pattern, "%");

	if (text.size < literal || memcmp(text.start, pattern, literal) != 0)
		return false;
	text.start += literal;
	text.size -= literal;
	pattern += literal;
	if (!*pattern)
		return text.size == 0;
	if (count == PARTS_MAX)
		return false;
	for (size_t size = 0; size <= text.size; size++) {
		parts[count] = (struct part){text.start, size};
		if (fits(pattern + 2, (struct part){text.start + size, text.size - size}, parts,
			 count + 1))
			return true;
	}
	return false;
}

static void append_part(struct buf *text, struct part part, daemon_sentences_language *language,
			unsigned depth);

/* FORMAT has %s in the order of PARTS, or %1$s and so on in its own. */
static void append_filled(struct buf *text, const char *format, const struct part *parts,
			  daemon_sentences_language *language, unsigned depth)
{
	size_t next = 0;

	while (*format) {
		size_t literal = strcspn(format, "%");

		buf_append(text, format, literal);
		format += literal;
		if (!*format)
			break;
		if (format[1] >= '1' && format[1] <= '0' + PARTS_MAX && format[2] == '$') {
			next = (size_t)(format[1] - '1');
			format += 2;
		}
		format += 2;
		append_part(text, parts[next++ % PARTS_MAX], language, depth);
	}
}

static bool append_known(struct buf *text, struct part part, daemon_sentences_language *language,
			 unsigned depth)
{
	struct part parts[PARTS_MAX] = {0};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		const char *format;

		if (!fits(patterns[i], part, parts, 0))
			continue;
		format = language(patterns[i]);
		if (format == patterns[i])
			return false;
		append_filled(text, format, parts, language, depth);
		return true;
	}
	return false;
}

static void append_part(struct buf *text, struct part part, daemon_sentences_language *language,
			unsigned depth)
{
	if (depth == DEPTH_MAX || !append_known(text, without_full_stop(part), language, depth + 1))
		buf_append(text, part.start, part.size);
}

bool daemon_sentences_append(struct buf *text, const char *message,
			     daemon_sentences_language *language)
{
	struct part part = {message, strlen(message)};

	return append_known(text, without_full_stop(part), language, 0);
}
