/* SPDX-License-Identifier: MIT */
#include "follow/agent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "agent_state.h"
#include "common/fsx.h"
#include "common/log.h"
#include "common/vocabulary.h"
#include "runtime/systemd.h"

/* Before a daemon that lives is followed again. */
#define AGAIN_MS 250
/* An earlier agent has this time to end. */
#define LOCK_TRIES 20
#define LOCK_PAUSE_MS 100
/* The user's systemd answers at once or is in trouble. */
#define SYSTEMD_ANSWER_US 2000000

/* systemd is told at once: a daemon that begins meanwhile gets another agent. */
static void end(struct agent *agent)
{
	sd_tell_stopping();
	agent->is_over = true;
}

/* ---- Keeping the daemon ---- */

static void let_go(struct agent *agent)
{
	agent->hold_end = sd_event_source_disable_unref(agent->hold_end);
	control_stream_free(TAKE_PTR(agent->hold));
}

static int on_hold_end(sd_event_source *source, int fd, uint32_t events, void *context)
{
	(void)source;
	(void)fd;
	(void)events;
	let_go(context);
	return 0;
}

/* While something is told or waits, there is a connection that counts as anybody's does. */
static void hold(struct agent *agent)
{
	bool is_needed = agent->stream && !agent->is_over && telling_is_at_work(agent);

	if (!is_needed)
		let_go(agent);
	if (!is_needed || agent->hold ||
	    control_stream_open(agent->client, NULL, &agent->hold, NULL))
		return;
	if (sd_event_add_io(agent->event, &agent->hold_end, control_stream_fd(agent->hold), EPOLLIN,
			    on_hold_end, agent) < 0)
		let_go(agent);
}

/* ---- Following the daemon ---- */

static void read_config_again(struct agent *agent)
{
	struct config *config;
	struct err_detail detail;

	if (config_read_source(&agent->options->source, &config, &detail)) {
		log_error("the config is not read again: %s", detail.text);
		return;
	}
	config_free(agent->config);
	agent->config = config;
	if (!agent->options->log_level_is_fixed)
		log_set_level(config->log_level);
	telling_again(agent);
}

static void on_event(const struct json *line, void *context)
{
	struct agent *agent = context;
	const char *event = json_get_string(line, "event");
	const struct json *account = json_get(line, "account");

	if (!event)
		return;
	if (strcmp(event, EVENT_SNAPSHOT) == 0)
		telling_snapshot(agent, json_get(line, "status"));
	else if (strcmp(event, EVENT_REMOVED) == 0)
		telling_removed(agent, account);
	else if (strcmp(event, EVENT_RELOAD) == 0)
		read_config_again(agent);
	else if (strcmp(event, EVENT_STOPPING) == 0)
		end(agent);
	else if (account)
		telling_account(agent, account);
	/* A heartbeat too: what could not be asked for is asked for again. */
	hooks_wake(agent->hooks);
}

static int follow(struct agent *agent, struct err_detail *detail);

/* One that the daemon has started follows it as long as it lives. Another one is started again by
 * systemd, if the daemon runs: to ask at its socket would start it. */
static void unfollow(struct agent *agent, struct err_detail *detail)
{
	struct pollfd daemon = {.fd = STDIN_FILENO, .events = POLLIN};

	agent->line = sd_event_source_disable_unref(agent->line);
	control_stream_free(TAKE_PTR(agent->stream));
	let_go(agent);
	if (agent->is_over || (agent->options->is_daemons && poll(&daemon, 1, AGAIN_MS) == 0 &&
			       !follow(agent, detail)))
		return;
	log_error("%s", detail->text);
	agent->result = ERR_IO;
	end(agent);
}

static int on_line(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct agent *agent = context;
	_cleanup_(control_reply_done) struct control_reply reply = {0};
	struct err_detail detail;
	int r = control_stream_read(agent->stream, on_event, agent, &reply, &detail);

	(void)source;
	(void)fd;
	(void)events;
	if (reply.status)
		r = err_set(&detail, ERR_IO, "the daemon refuses its events");
	/* It cannot work, and must not be kept from ending by an agent that asks again and again.
	 */
	if (reply.status == 503 && strcmp(control_reply_code(&reply), CODE_TOO_MANY_STREAMS) != 0)
		end(agent);
	if (r)
		unfollow(agent, &detail);
	return 0;
}

static int follow(struct agent *agent, struct err_detail *detail)
{
	int r = control_stream_open(agent->client, "/v1/events?agent=1", &agent->stream, detail);

	if (r)
		return r;
	r = sd_event_add_io(agent->event, &agent->line, control_stream_fd(agent->stream), EPOLLIN,
			    on_line, agent);
	return r < 0 ? err_set(detail, ERR_NOMEM, "no memory for the daemon's events") : 0;
}

/* ---- The environment ---- */

static int read_manager(char ***ret_variables)
{
	sd_bus *bus = NULL;
	int r = sd_bus_open_user(&bus);

	if (r >= 0)
		r = sd_bus_set_method_call_timeout(bus, SYSTEMD_ANSWER_US);
	if (r >= 0)
		r = sd_bus_get_property_strv(
			bus, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
			"org.freedesktop.systemd1.Manager", "Environment", NULL, ret_variables);
	sd_bus_close_unref(bus);
	return r;
}

void environment_refresh(void)
{
	_cleanup_(freep) char **variables = NULL;
	int r;

	if (!sd_is_user_service())
		return;
	r = read_manager(&variables);
	if (r < 0)
		log_debug("systemd does not tell its environment: %s", strerror(-r));
	for (char **variable = variables; variable && *variable; variable++) {
		char *equal = strchr(*variable, '=');

		if (equal) {
			*equal = '\0';
			(void)setenv(*variable, equal + 1, 1);
		}
		free(*variable);
	}
}

/* ---- What happens beside ---- */

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *context)
{
	(void)source;
	(void)info;
	end(context);
	return 0;
}

/* The daemon that started this process has ended. */
static int on_daemon_end(sd_event_source *source, int fd, uint32_t events, void *context)
{
	(void)fd;
	(void)events;
	end(context);
	return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

/* ---- Life ---- */

static int add_sources(struct agent *agent)
{
	int r = sd_event_add_signal(agent->event, NULL, SIGTERM, on_signal, agent);

	if (r >= 0)
		r = sd_event_add_signal(agent->event, NULL, SIGINT, on_signal, agent);
	if (r >= 0 && agent->options->is_daemons)
		r = sd_event_add_io(agent->event, NULL, STDIN_FILENO, EPOLLIN, on_daemon_end,
				    agent);
	return r;
}

static int open_events(struct agent *agent, struct err_detail *detail)
{
	sigset_t taken;
	int r;

	sigemptyset(&taken);
	sigaddset(&taken, SIGTERM);
	sigaddset(&taken, SIGINT);
	sigaddset(&taken, SIGCHLD);
	/* SIGCHLD ignored, as it may have been inherited, would leave no child to be waited for. */
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR || signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    sigprocmask(SIG_BLOCK, &taken, NULL) < 0)
		return err_set(detail, err_from_errno(errno), "cannot block signals: %s",
			       strerror(errno));
	r = sd_event_new(&agent->event);
	if (r >= 0)
		r = add_sources(agent);
	return r < 0 ? err_set(detail, err_from_errno(-r), "events cannot be waited for: %s",
			       strerror(-r))
		     : 0;
}

/* An earlier one may just be ending. */
static int lock(const struct agent *agent, struct err_detail *detail)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000000L};

	for (int n = 0; n < LOCK_TRIES; n++) {
		if (flock(agent->state_fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		(void)nanosleep(&pause, NULL);
	}
	return err_set(detail, ERR_BUSY, "another misskey-authd-agent is at work for %s",
		       agent->options->paths->state);
}

static int open_all(struct agent *agent, struct err_detail *detail)
{
	const struct paths *paths = agent->options->paths;
	const struct hooks_owner owner = {telling_next, telling_told, agent};
	int r = fsx_open_directory(paths->state, &agent->state_fd, detail);

	if (!r)
		r = lock(agent, detail);
	if (!r)
		r = told_open(agent->state_fd, &agent->told, detail);
	if (!r)
		r = control_client_new(paths->control, &agent->client, detail);
	if (!r)
		r = open_events(agent, detail);
	if (!r)
		r = hooks_new(agent->event, &agent->config, &agent->options->source.trust, &owner,
			      &agent->hooks, detail);
	if (!r)
		r = notifier_new(agent->event, telling_open, agent, &agent->notifier, detail);
	return !r && follow(agent, detail) ? ERR_IO : r;
}

static void agent_done(struct agent *agent)
{
	let_go(agent);
	notifier_free(agent->notifier);
	hooks_free(agent->hooks);
	sd_event_source_disable_unref(agent->line);
	control_stream_free(agent->stream);
	sd_event_unref(agent->event);
	control_client_free(agent->client);
	told_free(agent->told);
	closep(&agent->state_fd);
	config_free(agent->config);
}

/* What is running and being shown has a moment; what waits is told by the next agent. */
static void stop(struct agent *agent)
{
	const int64_t end_ms = control_client_now_ms() + AGENT_DRAIN_MS;

	/* Nobody could open a page any more. */
	notifier_withdraw(agent->notifier, NULL);
	for (int64_t now_ms = control_client_now_ms();
	     now_ms < end_ms &&
	     (hooks_are_running(agent->hooks) || !notifier_is_flushed(agent->notifier));
	     now_ms = control_client_now_ms())
		(void)sd_event_run(agent->event, (uint64_t)(end_ms - now_ms) * 1000);
	telling_save(agent);
}

int agent_run(const struct agent_options *options, struct err_detail *detail)
{
	_cleanup_(agent_done) struct agent agent = {.options = options, .state_fd = -1};
	int r;

	sd_tell_ready("");
	r = config_read_source(&options->source, &agent.config, detail);
	if (r)
		return r;
	if (!options->log_level_is_fixed)
		log_set_level(agent.config->log_level);
	/* One that the daemon has started stays, for a reload. */
	if (!options->is_daemons && !config_tells_anybody(agent.config)) {
		log_debug("nothing to do: no hook, and notifications = no");
		return 0;
	}
	r = open_all(&agent, detail);
	if (r)
		return r;
	while (!agent.is_over && sd_event_run(agent.event, UINT64_MAX) >= 0)
		hold(&agent);
	stop(&agent);
	return agent.result;
}
