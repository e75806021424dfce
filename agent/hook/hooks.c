/* SPDX-License-Identifier: MIT */
#include "hook/hooks.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "hook/hook_run.h"

struct hook {
	struct hooks *hooks;
	struct hook_run *run;		  /* the one that is under way; NULL: none */
	char account[ACCOUNT_NAME_BYTES]; /* what it is about; "": no account */
};

struct hooks {
	sd_event *event;
	sd_event_source *turn; /* enabled once, when a run may begin */
	struct config *const *config;
	const struct trust *trust;
	struct hooks_owner owner;
	struct hook kinds[CONFIG_HOOK_COUNT];
};

static enum config_hook kind_of(const struct hook *hook)
{
	return (enum config_hook)(hook - hook->hooks->kinds);
}

/* ---- The log ---- */

static const char *name_of(const struct hook *hook)
{
	return config_hook_name(kind_of(hook));
}

static const char *account_of(const struct hook *hook)
{
	return hook->account[0] ? hook->account : "none";
}

static void log_result(const struct hook *hook, const struct hook_result *result)
{
	const char *name = name_of(hook);
	const char *account = account_of(hook);

	if (result->is_over_time)
		log_error("hook %s (account %s): was ended after %.1f s, because it took longer "
			  "than hook_time allows",
			  name, account, result->took_s);
	else if (result->is_signal)
		log_error("hook %s (account %s): was ended by signal %d (%s) after %.1f s", name,
			  account, result->number, strsignal(result->number), result->took_s);
	else if (result->number != 0)
		log_error("hook %s (account %s): failed with exit status %d after %.1f s", name,
			  account, result->number, result->took_s);
	else
		log_debug("hook %s (account %s): done after %.1f s", name, account, result->took_s);
}

/* ---- Running ---- */

static void end(struct hook *hook)
{
	struct hooks *hooks = hook->hooks;

	hooks->owner.told(kind_of(hook), hooks->owner.context);
	hooks_wake(hooks);
}

static void on_ended(const struct hook_result *result, void *context)
{
	struct hook *hook = context;

	log_result(hook, result);
	hook_run_free(TAKE_PTR(hook->run));
	end(hook);
}

static void start(struct hook *hook, char *const *words, const struct hook_event *event)
{
	struct hooks *hooks = hook->hooks;
	struct hook_command command = {
		.words = words,
		.facts = &event->facts,
		.input = &event->json,
		.limit_ms = (uint64_t)(*hooks->config)->hook_time_s * 1000,
		.kill_ms = HOOK_KILL_MS,
	};
	struct err_detail detail;

	memcpy(hook->account, event->account, sizeof(hook->account));
	/* Other errors are more clearly said by the start. */
	if (trust_check(hooks->trust, words[0], &detail) != ERR_UNSAFE &&
	    !hook_run_start(hooks->event, &command, on_ended, hook, &hook->run, &detail)) {
		log_debug("hook %s (account %s): started", name_of(hook), account_of(hook));
		return;
	}
	log_error("hook %s (account %s): %s cannot be started: %s", name_of(hook), account_of(hook),
		  words[0], detail.text);
	end(hook);
}

/* One of a kind a round: a program that is missing must not stop everything else for as long as
 * there are accounts. */
static int on_turn(sd_event_source *source, void *context)
{
	struct hooks *hooks = context;

	(void)source;
	for (enum config_hook kind = 0; kind < CONFIG_HOOK_COUNT; kind++) {
		_cleanup_(hook_event_done) struct hook_event event = {0};
		char **words = (*hooks->config)->hooks[kind];
		struct hook *hook = &hooks->kinds[kind];

		if (words && !hook->run && !hooks->owner.next(kind, &event, hooks->owner.context))
			start(hook, words, &event);
	}
	return 0;
}

void hooks_wake(struct hooks *hooks)
{
	(void)sd_event_source_set_enabled(hooks->turn, SD_EVENT_ONESHOT);
}

bool hooks_are_running(const struct hooks *hooks)
{
	for (enum config_hook kind = 0; kind < CONFIG_HOOK_COUNT; kind++)
		if (hooks->kinds[kind].run)
			return true;
	return false;
}

/* ---- Life ---- */

int hooks_new(sd_event *event, struct config *const *config, const struct trust *trust,
	      const struct hooks_owner *owner, struct hooks **ret_hooks, struct err_detail *detail)
{
	_cleanup_(hooks_freep) struct hooks *hooks = calloc(1, sizeof(*hooks));

	if (!hooks || sd_event_add_defer(event, &hooks->turn, on_turn, hooks) < 0)
		return err_set(detail, ERR_NOMEM, "no memory for the hooks");
	hooks->event = event;
	hooks->config = config;
	hooks->trust = trust;
	hooks->owner = *owner;
	for (enum config_hook kind = 0; kind < CONFIG_HOOK_COUNT; kind++)
		hooks->kinds[kind].hooks = hooks;
	*ret_hooks = TAKE_PTR(hooks);
	return 0;
}

void hooks_free(struct hooks *hooks)
{
	if (!hooks)
		return;
	for (enum config_hook kind = 0; kind < CONFIG_HOOK_COUNT; kind++) {
		const struct hook *hook = &hooks->kinds[kind];

		if (hook->run)
			log_info("hook %s (account %s): not waited for, because the daemon stops",
				 name_of(hook), account_of(hook));
		hook_run_free(hook->run);
	}
	sd_event_source_disable_unref(hooks->turn);
	free(hooks);
}
