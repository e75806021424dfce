/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/vocabulary.h"
#include "login_steps.h"

/* ---- What went wrong ---- */

void login_set_problem(struct login *login, const char *code, const char *text)
{
	snprintf(login->view.problem_code, sizeof(login->view.problem_code), "%s", code);
	snprintf(login->view.problem, sizeof(login->view.problem), "%s", text);
}

void login_clear_problem(struct login *login)
{
	login_set_problem(login, "", "");
}

void login_fail(struct machine_input *event, enum outcome outcome)
{
	event->event = MACHINE_FAILED;
	event->outcome = outcome;
}

void login_fail_here(struct login *login, const char *code, const struct err_detail *detail,
		     struct machine_input *event)
{
	if (strcmp(login->view.problem, detail->text) != 0)
		log_error("account %s: %s", login->account->name, detail->text);
	login_set_problem(login, code, detail->text);
	event->event = MACHINE_FAILED_FOR_NOW;
}

void login_fail_for_good_here(struct login *login, const struct err_detail *detail,
			      struct machine_input *event)
{
	login_fail_here(login, "LOCAL", detail, event);
	login_fail(event, OUTCOME_LOCAL);
}

void login_read_verdict(struct login *login, enum misskey_verdict verdict,
			const struct misskey_problem *problem, struct machine_input *event)
{
	static const enum outcome outcome[] = {
		[MISSKEY_REJECTED] = OUTCOME_REJECTED,	 [MISSKEY_SUSPENDED] = OUTCOME_REJECTED,
		[MISSKEY_DENIED] = OUTCOME_REFUSED,	 [MISSKEY_REFUSED] = OUTCOME_REFUSED,
		[MISSKEY_BAD_REPLY] = OUTCOME_BAD_REPLY, [MISSKEY_ELSEWHERE] = OUTCOME_ELSEWHERE,
	};

	switch (verdict) {
	case MISSKEY_DONE:
		return;
	case MISSKEY_PENDING:
		event->event = MACHINE_PENDING;
		return;
	case MISSKEY_NO_SUCH_SESSION:
		event->event = MACHINE_NO_SUCH_SESSION;
		break;
	case MISSKEY_NO_SUCH_APP:
		event->event = MACHINE_NO_SUCH_APP;
		break;
	case MISSKEY_FOR_NOW:
		event->event = MACHINE_FAILED_FOR_NOW;
		event->retry_after_s = problem->retry_after_s;
		break;
	default:
		login_fail(event, outcome[verdict]);
		break;
	}
	login_set_problem(login, problem->code[0] ? problem->code : "SERVER", problem->text);
	log_warning("account %s: %s: %s", login->account->name, login->account->server.origin,
		    problem->text);
}

/* ---- Asking the server ---- */

static void read_missing(struct login *login, const struct http_answer *answer,
			 struct machine_input *event)
{
	struct misskey_problem problem;

	misskey_missing_read(answer, login->missing, &problem);
	login->missing = MISSKEY_LACKS_NOTHING;
	login_read_verdict(login, MISSKEY_REFUSED, &problem, event);
}

/* The machine does not change its state while a call is under way: the state says what was asked.
 */
static void read_answer(struct login *login, const struct http_answer *answer,
			struct machine_input *event)
{
	if (login->missing)
		read_missing(login, answer, event);
	else if (login->machine.state == MACHINE_REGISTERING)
		login_read_app(login, answer, event);
	else if (login->machine.state == MACHINE_SESSION && login->wish.method == METHOD_MIAUTH)
		login_read_miauth_session(login, answer, event);
	else if (login->machine.state == MACHINE_SESSION)
		login_read_session(login, answer, event);
	else if (login->machine.state == MACHINE_EXCHANGING)
		login_read_exchange(login, answer, event);
	else
		login_read_i(login, answer, event);
}

void login_on_answer(const struct http_answer *answer, void *context)
{
	struct login *login = context;
	struct machine_input event = login_event(login, MACHINE_FAILED_FOR_NOW, clock_now());

	login->call = NULL;
	read_answer(login, answer, &event);
	if (login->call)
		return; /* something else has to be known first */
	/* What was learnt may have added or removed an app. */
	event.app_known = login_is_registered(login);
	login_advance(login, &event);
}

bool login_ask(struct login *login, const char *path, int built, const struct buf *body,
	       struct machine_input *event)
{
	struct err_detail detail = {"a request could not be put together: no memory"};

	if (!built && !buf_error(body) &&
	    !http_client_post(login->environment->client, &login->account->server, path,
			      buf_text(body), body->size, login_on_answer, login, &login->call,
			      &detail))
		return false;
	login_fail_here(login, "LOCAL", &detail, event);
	return true;
}

/* The server does not know an endpoint of the login's method. */
static void try_other_method(struct login *login, struct machine_input *event)
{
	bool is_miauth = login->wish.method == METHOD_MIAUTH;
	_cleanup_(buf_done) struct buf body = {0};

	if (login->wish.method == METHOD_AUTO) {
		log_info("account %s: %s has no app authorization; trying MiAuth",
			 login->account->name, login->account->server.origin);
		login->wish.method = METHOD_MIAUTH;
		login->has_no_apps = true;
		event->event = MACHINE_OTHER_METHOD;
	} else if (!login_ask(login, MISSKEY_PATH_META, misskey_meta_request(&body), &body,
			      event)) {
		login->missing = !is_miauth	      ? MISSKEY_LACKS_APPS
				 : login->has_no_apps ? MISSKEY_LACKS_BOTH
						      : MISSKEY_LACKS_MIAUTH;
	}
}

void login_read_early_verdict(struct login *login, enum misskey_verdict verdict,
			      const struct misskey_problem *problem, struct machine_input *event)
{
	if (verdict == MISSKEY_REFUSED && misskey_endpoint_is_missing(problem))
		try_other_method(login, event);
	else
		login_read_verdict(login, verdict, problem, event);
}

static void on_software(const struct http_answer *answer, void *context)
{
	struct login *login = context;

	login->software_call = NULL;
	(void)misskey_software_read(answer, login->software);
}

void login_ask_software(struct login *login)
{
	struct err_detail detail;

	if (login->software_call)
		return;
	login->software[0] = '\0';
	if (http_client_get(login->environment->client, &login->account->server,
			    MISSKEY_PATH_NODEINFO, on_software, login, &login->software_call,
			    &detail))
		log_warning("account %s: %s", login->account->name, detail.text);
}
