/* SPDX-License-Identifier: MIT */

/*
 * doctor: what the daemon, or without it env/, says about every account's credential.
 */

#include <string.h>

#include "common/translate.h"
#include "doctor.h"

#define ACCOUNTS "accounts"

/* What a state means, and what to do. */
struct meaning {
	const char *state;
	enum finding_status status;
	const char *text;
	const char *remedy; /* the account's name follows; NULL: nothing */
};

static const struct meaning meanings[] = {
	{"verified", FINDING_OK, N_("the credential works"), NULL},
	{"absent", FINDING_NOTE, N_("nobody has logged in yet"), "misskey-authctl login"},
	{"unverified", FINDING_WARNING, N_("the server could not be asked yet whether it works"),
	 "misskey-authctl verify"},
	{"revoked", FINDING_ERROR, N_("the server does not accept the credential any more"),
	 "misskey-authctl login"},
	{"suspended", FINDING_ERROR, N_("the server has suspended the user"),
	 N_("Ask those who run the server; when it is over: misskey-authctl verify")},
};

static void say(struct doctor *doctor, const struct json *account)
{
	const char *name = json_get_string(account, "account");
	const char *server = json_get_string(account, "server");
	const char *state = json_get_string(account, "state");

	if (!name || !server || !state)
		return;
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		const struct meaning *meaning = &meanings[i];

		if (strcmp(meaning->state, state) != 0)
			continue;
		findings_add(&doctor->findings, meaning->status, ACCOUNTS, "%s (%s): %s", name,
			     server, _(meaning->text));
		if (meaning->remedy)
			findings_remedy(&doctor->findings, "%s %s", _(meaning->remedy), name);
		return;
	}
}

void doctor_check_accounts(struct doctor *doctor)
{
	const struct json *account = json_first(doctor_accounts(doctor));

	for (; account; account = json_next(account))
		say(doctor, account);
}
