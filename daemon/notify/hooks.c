/* SPDX-License-Identifier: MIT */
#include "hooks.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "account_queue.h"
#include "common/log.h"
#include "hook_event.h"
#include "launch/launch.h"

struct hook {
	struct launch *run;		  /* the one that is under way; NULL: none */
	char account[ACCOUNT_NAME_BYTES]; /* what it is about; "": no account */
	char program[PATH_MAX];		  /* which it is of */
	struct account_queue waiting;	  /* not for errors */
};

struct hooks {
	struct service *service;
	struct bus *units; /* for launch_start() */
	int epoll_fd;	   /* of the runs */
	struct hook kinds[CONFIG_HOOK_COUNT];
	struct hook_event errors[HOOKS_MAX_ERRORS]; /* a ring: those that wait */
	size_t first_error;
	size_t error_count;
};

/* For the log. */
static const char *about(const char *account)
{
	return account[0] ? account : "none";
}

static char **command_of(const struct hooks *hooks, enum config_hook kind)
{
	return service_config(hooks->service)->hooks[kind];
}

static bool is_waiting(const struct hooks *hooks, enum config_hook kind)
{
	return kind == CONFIG_ON_ERROR ? hooks->error_count > 0
				       : !account_queue_is_empty(&hooks->kinds[kind].waiting);
}

/* ---- What happened ---- */

static void push(struct hooks *hooks, enum config_hook kind, const struct account *account)
{
	if (command_of(hooks, kind) &&
	    account_queue_push(&hooks->kinds[kind].waiting, account->name, account->server.origin))
		log_error("hook %s (account %s): not run, there is no memory",
			  config_hook_name(kind), account->name);
}

void hooks_consent_needed(struct hooks *hooks, const struct account *account)
{
	push(hooks, CONFIG_ON_CONSENT_NEEDED, account);
}

void hooks_credential_changed(struct hooks *hooks, const struct account *account)
{
	push(hooks, CONFIG_ON_CREDENTIAL_CHANGED, account);
}

void hooks_error(struct hooks *hooks, const struct account *account, const char *code,
		 const char *message)
{
	size_t place = (hooks->first_error + hooks->error_count) % HOOKS_MAX_ERRORS;
	const char *why = NULL;

	if (!command_of(hooks, CONFIG_ON_ERROR))
		return;
	if (hooks->error_count == HOOKS_MAX_ERRORS)
		why = "too many errors wait for it";
	else if (hook_event_error(hooks->service, account, code, message, &hooks->errors[place]))
		why = "there is no memory";
	if (why)
		log_warning("hook on_error (account %s): not run for %s, %s",
			    about(account ? account->name : ""), code, why);
	else
		hooks->error_count++;
}

/* ---- Running ---- */

static int take_error(struct hooks *hooks, struct hook_event *ret_event)
{
	struct hook_event *event = &hooks->errors[hooks->first_error];

	*ret_event = *event;
	*event = (struct hook_event){0};
	hooks->first_error = (hooks->first_error + 1) % HOOKS_MAX_ERRORS;
	hooks->error_count--;
	return 0;
}

/* ERR_NOT_FOUND if there is nothing to tell any more. */
static int take_account(struct hooks *hooks, enum config_hook kind, struct hook_event *ret_event)
{
	_cleanup_(freep) struct account_queue_entry *entry =
		account_queue_take(&hooks->kinds[kind].waiting);
	int r;

	if (kind == CONFIG_ON_CONSENT_NEEDED)
		r = hook_event_consent_needed(hooks->service, entry->account, ret_event);
	else
		r = hook_event_credential_changed(hooks->service, entry->account, entry->server,
						  ret_event);
	if (r && r != ERR_NOT_FOUND)
		log_error("hook %s (account %s): not run, %s", config_hook_name(kind),
			  entry->account, err_text(r));
	return r;
}

static int start(struct hooks *hooks, enum config_hook kind, const struct hook_event *event,
		 struct clock_time now, struct err_detail *detail)
{
	_cleanup_(launch_freep) struct launch *run = NULL;
	struct epoll_event wanted = {.events = EPOLLIN | EPOLLET};
	struct launch_command command = {
		.purpose = config_hook_name(kind),
		.account = event->account,
		.words = command_of(hooks, kind),
		.facts = &event->facts,
		.input = &event->json,
		.limit_ms = service_config(hooks->service)->hook_time_s * 1000,
	};
	/* It was safe when the config was read. What cannot be seen here may still be run: a unit
	 * is outside the sandbox. */
	int r = trust_check(service_trust(hooks->service), command.words[0], detail);

	if (r != ERR_UNSAFE)
		r = launch_start(hooks->units, &command, now, &run, detail);
	if (r)
		return r;
	/* Without it the end is merely noticed late. */
	if (launch_fd(run) >= 0 &&
	    epoll_ctl(hooks->epoll_fd, EPOLL_CTL_ADD, launch_fd(run), &wanted) < 0)
		log_warning("hook %s: its end cannot be waited for: %s", config_hook_name(kind),
			    strerror(errno));
	hooks->kinds[kind].run = TAKE_PTR(run);
	return 0;
}

static void log_not_started(enum config_hook kind, const struct hook *hook,
			    const struct err_detail *detail)
{
	log_error("hook %s (account %s): %s cannot be started: %s", config_hook_name(kind),
		  about(hook->account), hook->program, detail->text);
}

/* Takes one from the queue. One a round: a program that is missing must not stop everything else
 * for as long as the queue. */
static void start_next(struct hooks *hooks, enum config_hook kind, struct clock_time now)
{
	_cleanup_(hook_event_done) struct hook_event event = {0};
	struct hook *hook = &hooks->kinds[kind];
	char **words = command_of(hooks, kind);
	struct err_detail detail;

	if (kind == CONFIG_ON_ERROR ? take_error(hooks, &event) : take_account(hooks, kind, &event))
		return;
	if (!words)
		return; /* the config is another by now */
	memcpy(hook->account, event.account, sizeof(hook->account));
	snprintf(hook->program, sizeof(hook->program), "%s", words[0]);
	if (start(hooks, kind, &event, now, &detail))
		log_not_started(kind, hook, &detail);
	else
		log_debug("hook %s (account %s): started", config_hook_name(kind),
			  about(hook->account));
}

static void log_result(enum config_hook kind, const struct hook *hook,
		       const struct launch_result *result)
{
	const char *name = config_hook_name(kind);
	const char *account = about(hook->account);
	double took_s = (double)result->took_ms / 1000;

	if (result->end == LAUNCH_NOT_STARTED)
		log_not_started(kind, hook, &result->detail);
	else if (result->end == LAUNCH_LOST)
		log_warning("hook %s (account %s): what became of it is not known, because %s",
			    name, account, result->detail.text);
	else if (result->end == LAUNCH_TIMED_OUT)
		log_error("hook %s (account %s): was ended after %.1f s, because it took longer "
			  "than hook_time allows",
			  name, account, took_s);
	else if (result->end == LAUNCH_SIGNALED)
		log_error("hook %s (account %s): was ended by signal %d (%s) after %.1f s", name,
			  account, result->number, strsignal(result->number), took_s);
	else if (result->number != 0)
		log_error("hook %s (account %s): failed with exit status %d after %.1f s", name,
			  account, result->number, took_s);
	else
		log_debug("hook %s (account %s): done after %.1f s", name, account, took_s);
}

/* ---- In the loop ---- */

static int64_t hooks_deadline(void *context, struct clock_time now)
{
	const struct hooks *hooks = context;
	int64_t deadline_ms = CLOCK_NEVER;

	for (enum config_hook kind = 0; kind < CONFIG_HOOK_COUNT; kind++) {
		const struct hook *hook = &hooks->kinds[kind];
		int64_t one_ms = CLOCK_NEVER;

		if (hook->run)
			one_ms = launch_deadline(hook->run, now);
		else if (is_waiting(hooks, kind))
			one_ms = now.mono_ms;
		if (one_ms < deadline_ms)
			deadline_ms = one_ms;
	}
	return deadline_ms;
}

static void hooks_dispatch(void *context, struct clock_time now)
{
	struct hooks *hooks = context;
	struct epoll_event ended[CONFIG_HOOK_COUNT];

	/* Only so that it is readable no longer: a tick costs no more than to look who it was. */
	(void)epoll_wait(hooks->epoll_fd, ended, CONFIG_HOOK_COUNT, 0);
	for (enum config_hook kind = 0; kind < CONFIG_HOOK_COUNT; kind++) {
		struct hook *hook = &hooks->kinds[kind];
		struct launch_result result;

		if (hook->run && launch_tick(hook->run, now, &result)) {
			log_result(kind, hook, &result);
			launch_free(TAKE_PTR(hook->run));
		}
		if (!hook->run && is_waiting(hooks, kind))
			start_next(hooks, kind, now);
	}
}

/* ---- Life ---- */

int hooks_new(struct service *service, struct bus *units, struct hooks **ret_hooks,
	      struct err_detail *detail)
{
	struct hooks *hooks = calloc(1, sizeof(*hooks));
	struct sigaction by_default = {.sa_handler = SIG_DFL};

	if (!hooks)
		return err_set(detail, ERR_NOMEM, "no memory for the hooks");
	hooks->service = service;
	hooks->units = units;
	hooks->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	/* Ignored, as it may have been inherited, no child could be waited for. */
	if (hooks->epoll_fd < 0 || sigaction(SIGCHLD, &by_default, NULL) < 0) {
		int r = err_set(detail, err_from_errno(errno), "hooks cannot be watched: %s",
				strerror(errno));

		hooks_free(hooks);
		return r;
	}
	*ret_hooks = hooks;
	return 0;
}

int hooks_attach(struct hooks *hooks, struct loop *loop)
{
	return loop_add(loop, &(struct loop_source){
				      .fd = hooks->epoll_fd,
				      .deadline = hooks_deadline,
				      .dispatch = hooks_dispatch,
				      .context = hooks,
			      });
}

bool hooks_are_idle(const struct hooks *hooks)
{
	for (enum config_hook kind = 0; kind < CONFIG_HOOK_COUNT; kind++)
		if (hooks->kinds[kind].run || is_waiting(hooks, kind))
			return false;
	return true;
}

static void log_not_run(enum config_hook kind, const char *account)
{
	log_warning("hook %s (account %s): not run, because the daemon stops",
		    config_hook_name(kind), about(account));
}

static void free_waiting(struct hooks *hooks, enum config_hook kind)
{
	struct account_queue *waiting = &hooks->kinds[kind].waiting;

	for (const struct account_queue_entry *entry = waiting->first; entry; entry = entry->next)
		log_not_run(kind, entry->account);
	account_queue_done(waiting);
}

void hooks_free(struct hooks *hooks)
{
	if (!hooks)
		return;
	for (enum config_hook kind = 0; kind < CONFIG_HOOK_COUNT; kind++) {
		struct hook *hook = &hooks->kinds[kind];

		if (hook->run)
			log_info("hook %s (account %s): not waited for, because the daemon stops",
				 config_hook_name(kind), about(hook->account));
		launch_free(hook->run);
		free_waiting(hooks, kind);
	}
	for (; hooks->error_count > 0; hooks->error_count--) {
		struct hook_event *event = &hooks->errors[hooks->first_error];

		log_not_run(CONFIG_ON_ERROR, event->account);
		hook_event_done(event);
		hooks->first_error = (hooks->first_error + 1) % HOOKS_MAX_ERRORS;
	}
	if (hooks->epoll_fd >= 0)
		close(hooks->epoll_fd);
	free(hooks);
}
