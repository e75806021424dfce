/* SPDX-License-Identifier: MIT */
#include "terminal/daemon_text.h"

#include <string.h>

#include "common/translate.h"

/* The English of these is never shown: the daemon's own sentence says more. */
static const struct {
	const char *code;
	const char *text;
} meanings[] = {
	/* Errors */
	{"INVALID_REQUEST", N_("What was given is not valid.")},
	{"NO_SUCH_ACCOUNT", N_("There is no such account. To see all: misskey-authctl list")},
	{"NO_SUCH_SESSION", N_("The address belongs to no login that is pending.")},
	{"NO_CREDENTIAL", N_("The account has no credential that can be used: log in again.")},
	{"CONFLICT", N_("It does not go together with the account, or with its login under way.")},
	{"INTERNAL", N_("It failed on this computer.")},
	{"STOPPING", N_("The daemon is ending. A pending login goes on when it starts again.")},
	{"TOO_MANY_STREAMS", N_("Too many clients follow the events. Stop one, then try again.")},
	{"UNAVAILABLE", N_("The daemon cannot work before a problem of this computer is solved. To "
			   "see what to do: misskey-authctl doctor")},
	/* Errors and problems */
	{"BAD_CONFIG", N_("The config is wrong.")},
	{"UNSAFE_CONFIG", N_("Other users can write the config.")},
	/* Problems */
	{"PORT_TAKEN",
	 N_("The callback port cannot be used, so logins work by asking the server.")},
	{"SOCKET_UNUSABLE", N_("A socket of systemd cannot be used.")},
	{"LISTEN_IGNORED",
	 N_("The port is that of the systemd socket, and not that of the config.")},
	{"CANNOT_START", N_("The daemon cannot work.")},
	{"STATE_DAMAGED", N_("A file of the state directory is damaged. To see what to do: "
			     "misskey-authctl doctor")},
	{"RESTART_NEEDED", N_("The port of the config has changed: restart the daemon.")},
	{"REGISTRY_SET_ASIDE", N_("A damaged file was set aside: start pending logins again.")},
	/* Problems of logins that go on */
	{"NO_ROOM", N_("There is no room to store the login on this computer. It is tried again.")},
	{"NOT_STORED", N_("The credential could not be stored yet. It is tried again.")},
	{"SERVER", N_("The server does not answer as it should. It is tried again.")},
	{"RATE_LIMIT_EXCEEDED", N_("The server wants fewer requests. It is tried again.")},
	/* Outcomes of logins */
	{"WRONG_USER", N_("Another user consented than the account is of. Nothing was changed.")},
	{"EXPIRED", N_("Nobody consented in time. Log in again.")},
	{"LOST", N_("The server lost the login. Log in again.")},
	{"REJECTED", N_("The server does not accept the credential that it just gave.")},
	{"UNREACHABLE",
	 N_("The server could not be reached. Check the connection and log in again.")},
	{"REFUSED", N_("The server refused the login.")},
	{"BAD_REPLY", N_("The server's answer is not one of a Misskey server.")},
	{"ELSEWHERE", N_("The server has another name: log in with the address that it reports.")},
	{"LOCAL", N_("The login could not be stored on this computer.")},
	{"CANCELLED", N_("The login was cancelled.")},
};

/* NULL: there is none, or it would be English too. */
static const char *find_meaning(const char *code)
{
	for (size_t i = 0; code && i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (strcmp(meanings[i].code, code) == 0) {
			const char *text = _(meanings[i].text);

			return text == meanings[i].text ? NULL : text;
		}
	}
	return NULL;
}

void daemon_text_append(struct buf *text, const char *code, const char *message)
{
	const char *meaning = find_meaning(code);

	if (meaning)
		buf_append_format(text, _("%s Reported, in English: %s"), meaning, message);
	else
		buf_append_text(text, message);
}
