/* SPDX-License-Identifier: MIT */
#include "terminal/daemon_text.h"

#include <string.h>

#include "common/cleanup.h"
#include "common/translate.h"
#include "common/vocabulary.h"
#include "terminal/daemon_sentences.h"
#include "terminal/terminal.h"

/* The English of these is never shown: the daemon's own sentence says more. */
static const struct {
	const char *code;
	const char *text;
} meanings[] = {
	/* Errors */
	{CODE_INVALID_REQUEST, N_("What was given is not valid.")},
	{CODE_NOT_FOUND, N_("There is no such login.")},
	{CODE_NO_SUCH_ACCOUNT, N_("There is no such account. To see all: misskey-authctl list")},
	{CODE_NO_SUCH_SESSION, N_("The address belongs to no login that is pending.")},
	{CODE_NO_CREDENTIAL, N_("The account has no credential that can be used: log in again.")},
	{CODE_CONFLICT,
	 N_("It does not go together with the account, or with its login under way.")},
	{CODE_OTHER_USER,
	 N_("The account has the credential of another user. Nothing was changed.")},
	{CODE_INTERNAL, N_("It failed on this computer.")},
	{CODE_STOPPING, N_("The daemon is ending. A pending login goes on when it starts again.")},
	{CODE_TOO_MANY_STREAMS,
	 N_("Too many clients follow the events. Stop one, then try again.")},
	/* Errors and problems */
	{CODE_BAD_CONFIG, N_("The config is wrong.")},
	{CODE_UNSAFE_CONFIG, N_("Other users can write the config.")},
	/* Problems */
	{CODE_PORT_TAKEN,
	 N_("The callback port cannot be used, so logins work by asking the server.")},
	{CODE_SOCKET_UNUSABLE, N_("A socket of systemd cannot be used.")},
	{CODE_LISTEN_IGNORED,
	 N_("The port is that of the systemd socket, and not that of the config.")},
	{CODE_CANNOT_START, N_("The daemon cannot work.")},
	{CODE_STATE_DAMAGED,
	 N_("A file of the state directory is damaged. To see what to do: misskey-authctl doctor")},
	{CODE_RESTART_NEEDED,
	 N_("The config has changed in a way that needs a restart of the daemon.")},
	{CODE_REGISTRY_SET_ASIDE, N_("A damaged file was set aside: start pending logins again.")},
	{CODE_STATE_GONE, N_("The state directory is gone, and a credential is not stored yet. To "
			     "store it, move the "
			     "directory back.")},
	/* Problems of logins that go on */
	{CODE_START_RACED,
	 N_("The link was opened in two browsers, or twice in one that blocks cookies. That login "
	    "was stopped for safety, and there is a new link.")},
	{CODE_NO_COOKIE,
	 N_("The browser came back without the login's cookie. Perhaps it blocks cookies for "
	    "127.0.0.1, or it is not the browser that opened the link. To finish this login, copy "
	    "the "
	    "address of its page and run: misskey-authctl callback 'ADDRESS'")},
	{CODE_NO_ROOM,
	 N_("There is no room to store the login on this computer. It is tried again.")},
	{CODE_NOT_STORED, N_("The credential could not be stored yet. It is tried again.")},
	{CODE_SERVER, N_("The server does not answer as it should. It is tried again.")},
	{CODE_RATE_LIMIT_EXCEEDED, N_("The server wants fewer requests. It is tried again.")},
};

static const char *const outcomes[OUTCOME_COUNT] = {
	[OUTCOME_WRONG_USER] =
		N_("Another user consented than the account is of. Nothing was changed."),
	[OUTCOME_EXPIRED] = N_("The login timed out: nobody approved it. Log in again."),
	[OUTCOME_LOST] = N_("The server lost the login. Log in again."),
	[OUTCOME_REJECTED] = N_("The server does not accept the credential that it just gave."),
	[OUTCOME_UNREACHABLE] =
		N_("The server could not be reached. Check the connection and log in again."),
	[OUTCOME_REFUSED] = N_("The server refused the login."),
	[OUTCOME_BAD_REPLY] = N_("The server's answer is not one of a Misskey server."),
	[OUTCOME_ELSEWHERE] =
		N_("The server has another name: log in with the address that it reports."),
	[OUTCOME_LOCAL] = N_("The login could not be stored on this computer."),
	[OUTCOME_CANCELLED] = N_("The login was cancelled."),
};

/* NULL: there is none, or it would be English too. */
static const char *find_meaning(const char *code)
{
	const char *english = outcomes[outcome_from_code(code)];

	for (size_t i = 0; !english && code && i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (strcmp(meanings[i].code, code) == 0)
			english = meanings[i].text;
	return english && _(english) != english ? _(english) : NULL;
}

void daemon_text_append(struct buf *text, const char *code, const char *message)
{
	const char *meaning = find_meaning(code);

	if (daemon_sentences_append(text, message, translate))
		return;
	if (meaning)
		buf_append_format(text, _("%s Reported, in English: %s"), meaning, message);
	else
		buf_append_text(text, message);
}

void daemon_text_say(const char *code, const char *message)
{
	_cleanup_(buf_done) struct buf text = {0};

	daemon_text_append(&text, code, message);
	terminal_message("misskey-authctl: %s", buf_text(&text));
}
