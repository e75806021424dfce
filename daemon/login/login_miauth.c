/* SPDX-License-Identifier: MIT */
/*
 * MiAuth: a session that needs no app, and what is different about asking for its answer.
 */
#include <stdio.h>

#include "common/vocabulary.h"
#include "login_steps.h"

/* ---- The session ---- */

bool login_ask_miauth(struct login *login, const char *uuid, struct machine_input *event)
{
	_cleanup_(buf_done) struct buf body = {0};
	char path[MISSKEY_PATH_MIAUTH_BYTES];
	bool is_known;

	misskey_miauth_path(uuid, path);
	is_known = login_ask(login, path, misskey_miauth_request(&body), &body, event);
	secret_erase(path, sizeof(path));
	return is_known;
}

/* The server makes nothing for a session before the consent. It is asked about this one, which
 * nobody knows yet, to see whether it has MiAuth at all. */
bool login_make_miauth_session(struct login *login, struct machine_input *event)
{
	struct err_detail detail = {"No random numbers can be had from the system"};

	if (random_uuid(login->uuid)) {
		login_fail_for_good_here(login, &detail, event);
		return true;
	}
	return login_ask_miauth(login, login->uuid, event);
}

static int session_make(const struct login *login, struct misskey_session *ret_session)
{
	/* Without a browser here, nothing can come back to this computer. */
	const char *callback_url = login->machine.browser ? login->environment->callback_url : NULL;
	int r = misskey_miauth_consent_url(&login->account->server, login->uuid,
					   login->wish.app_name, login->wish.permission,
					   callback_url, ret_session->consent_url);

	return r ? r : secret_set_text(&ret_session->token, login->uuid);
}

static void keep(struct login *login, struct machine_input *event)
{
	struct misskey_session session = {0};
	struct err_detail detail;
	int r = session_make(login, &session);

	if (r == ERR_LIMIT)
		(void)err_set(&detail, r,
			      "The address of the consent page would be too long; ask for fewer "
			      "permissions, or give the app a shorter name");
	else if (r)
		(void)err_set(&detail, r, "The session could not be made: %s", err_text(r));
	if (r)
		login_fail_for_good_here(login, &detail, event);
	else
		login_keep_session(login, &session, METHOD_MIAUTH, event);
	secret_done(&session.token);
	secret_erase(session.consent_url, sizeof(session.consent_url));
}

void login_read_miauth_session(struct login *login, const struct http_answer *answer,
			       struct machine_input *event)
{
	struct misskey_problem problem;
	enum misskey_verdict verdict = misskey_miauth_probe_read(answer, &problem);

	if (verdict == MISSKEY_DONE)
		keep(login, event);
	else
		login_read_early_verdict(login, verdict, &problem, event);
	secret_erase(login->uuid, sizeof(login->uuid));
}

/* ---- What was given once ---- */

/* Whether the server may have given what it gives only once, and the answer got lost. */
static bool may_have_answered(const struct http_answer *answer)
{
	return answer->failure == HTTP_TIMED_OUT || answer->failure == HTTP_CUT ||
	       answer->failure == HTTP_TOO_LARGE ||
	       (answer->failure == HTTP_ANSWERED &&
		(answer->status == 200 || answer->status >= 500));
}

/* A poll goes on: mostly nobody has consented yet. Who came back from the page has, and who asks
 * again may have: for them there is another session. */
enum misskey_verdict login_weigh_miauth(struct login *login, const struct http_answer *answer,
					enum misskey_verdict verdict,
					struct misskey_problem *problem)
{
	const struct login_machine *machine = &login->machine;

	if (verdict != MISSKEY_PENDING) {
		login->is_in_doubt |= verdict != MISSKEY_DONE && may_have_answered(answer);
		return verdict;
	}
	if (!login->is_in_doubt || (machine->is_polling && !machine->callback_arrived))
		return verdict;
	snprintf(problem->code, sizeof(problem->code), "%s", CODE_ANSWER_LOST);
	snprintf(problem->text, sizeof(problem->text),
		 "The server gives a credential only once, and its answer was lost");
	return MISSKEY_NO_SUCH_SESSION;
}
