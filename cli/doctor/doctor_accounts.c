/* SPDX-License-Identifier: MIT */

/*
 * doctor: what the daemon, or without it accounts/, says about every account's credential.
 */

#include "client/control_reply.h"
#include "common/translate.h"
#include "doctor.h"

/* What a state means, and what to do. */
struct meaning {
	enum finding_status status;
	const char *text;
	const char *remedy; /* the account's name follows; NULL: nothing */
};

static const struct meaning meanings[CREDENTIAL_STATE_COUNT] = {
	[CREDENTIAL_VERIFIED] = {FINDING_OK, N_("the credential works"), NULL},
	[CREDENTIAL_ABSENT] = {FINDING_NOTE, N_("nobody has logged in yet"),
			       "misskey-authctl login"},
	[CREDENTIAL_UNVERIFIED] = {FINDING_WARNING,
				   N_("the server could not be asked yet whether it works"),
				   "misskey-authctl verify"},
	[CREDENTIAL_REVOKED] = {FINDING_ERROR,
				N_("the server does not accept the credential any more"),
				"misskey-authctl login"},
	[CREDENTIAL_SUSPENDED] =
		{FINDING_ERROR, N_("the server has suspended the user"),
		 N_("Ask those who run the server; when it is over: misskey-authctl verify")},
};

static void say(struct doctor *doctor, const struct json *account)
{
	const char *name = json_get_string(account, "account");
	const char *server = json_get_string(account, "server");
	enum credential_state state = control_credential_state(account);

	if (!name || !server || state == CREDENTIAL_STATE_COUNT)
		return;
	findings_add(&doctor->findings, meanings[state].status, "%s (%s): %s", name, server,
		     _(meanings[state].text));
	if (meanings[state].remedy)
		findings_remedy(&doctor->findings, "%s %s", _(meanings[state].remedy), name);
}

void doctor_check_accounts(struct doctor *doctor)
{
	const struct json *account = json_first(doctor_accounts(doctor));

	for (; account; account = json_next(account))
		say(doctor, account);
}
