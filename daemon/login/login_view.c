/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "common/vocabulary.h"
#include "login_steps.h"

static bool view_equals(const struct login_view *a, const struct login_view *b)
{
	return a->state == b->state && a->browser == b->browser && a->method == b->method &&
	       a->link_opened == b->link_opened && a->outcome == b->outcome &&
	       a->sessions == b->sessions && a->retry_at == b->retry_at &&
	       strcmp(a->problem_code, b->problem_code) == 0 &&
	       strcmp(a->problem, b->problem) == 0 && strcmp(a->user.id, b->user.id) == 0 &&
	       strcmp(a->user.username, b->user.username) == 0 &&
	       strcmp(a->expected, b->expected) == 0 &&
	       strcmp(a->browser_problem, b->browser_problem) == 0;
}

/* It is shown only while the page waits for a browser. */
static void view_browser_problem(struct login *login)
{
	struct login_view *view = &login->view;
	const struct registry_session *session =
		view->state == MACHINE_CONSENT ? login_session(login) : NULL;

	snprintf(view->browser_problem, sizeof(view->browser_problem), "%s",
		 session && session->browser_problem ? session->browser_problem : "");
}

/* Whether SESSION was stopped because two browsers opened its link, or waits in place of one that
 * was. */
static bool is_raced(const struct login *login, const struct registry_session *session)
{
	return session->start_raced ||
	       (login->view.state == MACHINE_CONSENT && session->browser && !session->start_used &&
		registry_finished_races(login->environment->registry, login->account->name) > 0);
}

/* What is wrong with the page is shown while nothing else is wrong, and goes with its session. */
static void view_page_problem(struct login *login)
{
	const struct registry_session *session = login_session(login);
	const char *code = login->view.problem_code;

	if (*code && strcmp(code, CODE_START_RACED) != 0 && strcmp(code, CODE_NO_COOKIE) != 0)
		return;
	login_clear_problem(login);
	if (session && is_raced(login, session))
		login_set_problem(login, CODE_START_RACED,
				  "The link was opened in two browsers, or twice in one that "
				  "blocks cookies. That login was stopped for safety, and there is "
				  "a new link.");
	else if (session && session->refusal_told && login->view.state == MACHINE_CONSENT)
		login_set_problem(login, CODE_NO_COOKIE,
				  "The browser came back without the login's cookie. Perhaps it "
				  "blocks cookies for 127.0.0.1, or it is not the browser that "
				  "opened the link. To finish this login, copy the address of its "
				  "page and run: misskey-authctl callback 'ADDRESS'");
}

/* Only what went wrong is told when it is tried again, not each poll. */
static int64_t retry_at(const struct login *login, struct clock_time now)
{
	const struct login_machine *machine = &login->machine;

	if (!login_machine_is_active(machine) || !machine->waiting ||
	    machine->retry_ms == CLOCK_NEVER || !login->view.problem[0])
		return 0;
	return now.unix_s + (machine->retry_ms - now.mono_ms + 999) / 1000;
}

void login_publish(struct login *login, struct clock_time now)
{
	struct login_view *view = &login->view;
	const struct registry_session *session = login_session(login);

	view->state = login_machine_visible_state(&login->machine);
	/* Who waits for a turn is shown as asking already; who had no room, as lacking it. */
	if (view->state == MACHINE_SECURING && login->turn.state == TURN_WAITS &&
	    login->published.state != MACHINE_SECURING)
		view->state = MACHINE_EXCHANGING;
	view->browser = login->machine.browser;
	if (login_machine_is_active(&login->machine))
		view->method = session ? session->method : login->wish.method;
	view->outcome =
		login->machine.state == MACHINE_FINISHED ? login->machine.outcome : OUTCOME_NONE;
	view->link_opened = session && session->start_used;
	view_browser_problem(login);
	view_page_problem(login);
	view->retry_at = retry_at(login, now);
	if (view_equals(view, &login->published))
		return;
	view->revision++;
	login->published = *view;
	login_tell(login, LOGIN_CHANGED, now);
}
