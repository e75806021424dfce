/* SPDX-License-Identifier: MIT */
#include "notify/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/name_table.h"
#include "common/text.h"
#include "common/vocabulary.h"
#include "desktop.h"
#include "hooks.h"
#include "launch/bus.h"
#include "login/login_failure.h"
#include "runtime/systemd.h"
#include "told_problems.h"

/* What was told of an account's login. */
struct told {
	char account[ACCOUNT_NAME_BYTES]; /* first, for the set */
	unsigned session;		  /* login_view.sessions */
	enum outcome outcome;
	const char *trouble; /* the code of trouble that goes on, NULL: none */
};

struct notify {
	struct service *service;
	struct bus *bus;
	struct hooks *hooks;
	struct desktop *desktop;
	struct name_table told;
};

/* ---- What was told ---- */

/* NULL without memory. */
static struct told *told_of(struct notify *notify, const char *account)
{
	struct told *told = name_table_find(&notify->told, account);
	void *old;

	if (told)
		return told;
	told = calloc(1, sizeof(*told));
	if (!told)
		return NULL;
	snprintf(told->account, sizeof(told->account), "%s", account);
	if (name_table_put(&notify->told, told, &old)) {
		free(told);
		return NULL;
	}
	return told;
}

/* ---- What is worth telling ---- */

/* The code of trouble that is retried until a person does something, or NULL. */
static const char *trouble_of(const struct login_view *view)
{
	static const char *const codes[] = {CODE_NO_ROOM, CODE_NOT_STORED};

	for (size_t n = 0; n < sizeof(codes) / sizeof(codes[0]); n++)
		if (view->state != MACHINE_FINISHED && strcmp(view->problem_code, codes[n]) == 0)
			return codes[n];
	return NULL;
}

/* A login that was cancelled is what a person wanted. */
static bool is_failure(enum outcome outcome)
{
	return outcome != OUTCOME_NONE && outcome != OUTCOME_CANCELLED &&
	       !outcome_is_success(outcome);
}

/* CLAUSE becomes a sentence, as in the control API. ACCOUNT may be NULL. */
static void tell_trouble(struct notify *notify, const struct account *account, const char *code,
			 const char *clause)
{
	_cleanup_(buf_done) struct buf text = {0};

	text_append_sentence(&text, clause);
	hooks_error(notify->hooks, account, code, buf_text(&text));
	/* What is wrong with the whole daemon is so at every start: `status` has it. */
	if (account)
		desktop_failed(notify->desktop, buf_text(&text));
}

static void tell_failure(struct notify *notify, const struct account *account,
			 const struct login_view *view)
{
	_cleanup_(buf_done) struct buf text = {0};

	login_failure_text(account, service_credential(notify->service, account->name), view,
			   &text);
	hooks_error(notify->hooks, account, outcome_code(view->outcome), buf_text(&text));
	desktop_failed(notify->desktop, buf_text(&text));
}

static void tell_consent_needed(struct notify *notify, const struct account *account)
{
	const struct registry_session *session = service_open_session(notify->service, account);

	hooks_consent_needed(notify->hooks, account);
	/* A page that somebody was told to open is not offered once more. */
	if (session && !session->page_given)
		desktop_consent_needed(notify->desktop, account);
}

/* Whether anybody is told of anything that can become of a login. */
static bool logins_are_told(const struct notify *notify)
{
	const struct config *config = service_config(notify->service);

	return config->notifications || config->hooks[CONFIG_ON_CONSENT_NEEDED] ||
	       config->hooks[CONFIG_ON_ERROR];
}

static void login_changed(struct notify *notify, const struct account *account)
{
	const struct login_view *view = login_view(service_find_login(notify->service, account));
	struct told *told = told_of(notify, account->name);
	const char *trouble = trouble_of(view);

	if (!told) {
		log_error("account %s: nobody is told of its login: no memory", account->name);
		return;
	}
	if (view->state == MACHINE_CONSENT && view->sessions != told->session) {
		told->session = view->sessions;
		tell_consent_needed(notify, account);
	}
	if (trouble && trouble != told->trouble)
		tell_trouble(notify, account, trouble, view->problem);
	told->trouble = trouble;
	if (view->outcome != told->outcome && is_failure(view->outcome))
		tell_failure(notify, account, view);
	if (view->outcome != told->outcome && outcome_is_success(view->outcome))
		desktop_signed_in(notify->desktop, account, view->user.username);
	told->outcome = view->outcome;
}

/* While a login is under way, its end tells what comes of it. */
static void credential_changed(struct notify *notify, const struct account *account)
{
	const struct credential *credential = service_credential(notify->service, account->name);
	bool is_lost = credential && !credential_is_good(credential);

	hooks_credential_changed(notify->hooks, account);
	if (is_lost && login_phase(service_find_login(notify->service, account)) == LOGIN_IS_OVER)
		desktop_credential_lost(notify->desktop, credential);
}

static void on_change(enum service_change change, struct account *account, struct clock_time now,
		      void *context)
{
	struct notify *notify = context;

	(void)now;
	switch (change) {
	case SERVICE_LOGIN_CHANGED:
		if (login_phase(service_find_login(notify->service, account)) !=
		    LOGIN_AWAITS_CONSENT)
			desktop_consent_over(notify->desktop, account);
		if (logins_are_told(notify))
			login_changed(notify, account);
		break;
	case SERVICE_ACCOUNT_REMOVED:
		free(name_table_take(&notify->told, account->name));
		desktop_consent_over(notify->desktop, account);
		hooks_credential_changed(notify->hooks, account);
		break;
	case SERVICE_CREDENTIAL_CHANGED:
		credential_changed(notify, account);
		break;
	case SERVICE_ACCOUNT_CHANGED:
	case SERVICE_VERIFICATION_ENDED:
		break;
	}
}

static void tell_problems(struct notify *notify, const char *memory)
{
	_cleanup_(told_problems_done) struct told_problems told = {0};

	told_problems_read(&told, memory);
	for (size_t n = 0; n < service_problem_count(notify->service); n++) {
		const struct service_problem *problem = service_problem_at(notify->service, n);

		if (!told_problems_has(&told, problem->code))
			tell_trouble(notify, NULL, problem->code, problem->text);
	}
	told_problems_write(&told, memory, notify->service);
}

/* ---- Life ---- */

int notify_new(struct service *service, const char *memory, struct notify **ret_notify,
	       struct err_detail *detail)
{
	_cleanup_(notify_freep) struct notify *notify = calloc(1, sizeof(*notify));
	struct bus *units;
	int r;

	if (!notify)
		return err_set(detail, ERR_NOMEM, "no memory for the hooks");
	notify->service = service;
	r = bus_new(&notify->bus, detail);
	units = sd_is_user_service() ? notify->bus : NULL;
	if (!r)
		r = hooks_new(service, units, &notify->hooks, detail);
	if (!r)
		r = desktop_new(service, notify->bus, units, &notify->desktop, detail);
	if (r)
		return r;
	tell_problems(notify, memory);
	service_watch(service, on_change, notify);
	*ret_notify = TAKE_PTR(notify);
	return 0;
}

int notify_attach(struct notify *notify, struct loop *loop)
{
	int r = bus_attach(notify->bus, loop);

	if (!r)
		r = hooks_attach(notify->hooks, loop);
	return r ? r : desktop_attach(notify->desktop, loop);
}

bool notify_is_flushed(const struct notify *notify)
{
	return hooks_are_idle(notify->hooks) && desktop_is_flushed(notify->desktop) &&
	       bus_is_flushed(notify->bus);
}

bool notify_is_idle(const struct notify *notify)
{
	return notify_is_flushed(notify) && !desktop_awaits_person(notify->desktop);
}

void notify_quiesce(struct notify *notify)
{
	desktop_quiesce(notify->desktop);
}

void notify_free(struct notify *notify)
{
	if (!notify)
		return;
	desktop_free(notify->desktop);
	hooks_free(notify->hooks);
	bus_free(notify->bus);
	for (size_t n = 0; n < notify->told.count; n++)
		free(notify->told.rows[n]);
	name_table_done(&notify->told);
	free(notify);
}
