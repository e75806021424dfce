/* SPDX-License-Identifier: MIT */
#include "daemon/daemon.h"

#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "common/log.h"
#include "daemon/callback.h"
#include "daemon/control.h"
#include "daemon/http_client.h"
#include "daemon/listener.h"
#include "daemon/loop.h"
#include "daemon/notify.h"
#include "daemon/sd.h"
#include "daemon/service.h"

struct daemon_parts {
	int callback_fd;
	int control_fd;
	char callback_url[LISTENER_URL_BYTES]; /* "": no listener */
	struct err_detail callback_problem;    /* why there is none */
	struct http_client *client;
	struct loop *loop;
	struct service *service;
	struct callback *callback; /* NULL: no listener */
	struct control *control;
	struct notify *notify;
};

/* Secrets are in this process: no core dumps, nothing readable for other users, whatever the umask
 * was. */
static void protect_process(void)
{
	const struct rlimit none = {0, 0};

	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)umask(077);
}

static void free_parts(struct daemon_parts *parts)
{
	/* The order: who uses before who is used. */
	notify_free(parts->notify);
	control_free(parts->control);
	callback_free(parts->callback);
	service_free(parts->service);
	loop_free(parts->loop);
	http_client_free(parts->client);
	closep(&parts->callback_fd);
	closep(&parts->control_fd);
}

/* Without the callback listener logins still work, by polling. */
static void open_callback(struct daemon_parts *parts, const struct config *config)
{
	struct err_detail *problem = &parts->callback_problem;

	if (listener_callback(config->port, &parts->callback_fd, problem) ||
	    listener_callback_url(parts->callback_fd, parts->callback_url, problem))
		parts->callback_url[0] = '\0';
}

static int open_control(struct daemon_parts *parts, const struct paths *paths,
			struct err_detail *detail)
{
	if (!paths->control[0])
		return err_set(detail, ERR_NOT_FOUND,
			       "XDG_RUNTIME_DIR is not set, so there is no place for the control "
			       "socket; log in through a session of systemd, or set it to a "
			       "directory of yours");
	return listener_control(paths->control, &parts->control_fd, detail);
}

static int build_service(struct daemon_parts *parts, const struct daemon_options *daemon,
			 struct config *config, struct err_detail *detail)
{
	struct service_options options = {
		.config = config,
		.source = daemon->source,
		.log_level_is_fixed = daemon->log_level_is_fixed,
		.state_directory = daemon->paths->state,
		.callback_url = parts->callback_url[0] ? parts->callback_url : NULL,
		.client = parts->client,
	};
	int r = service_new(&options, &parts->service, detail);

	if (!r && !options.callback_url)
		service_add_problem(parts->service, "PORT_TAKEN", parts->callback_problem.text);
	return r;
}

/* The callback server watches first: a page that waits in the browser is served before a program is
 * told to open another, and the hooks are told last. */
static int build_servers(struct daemon_parts *parts, struct err_detail *detail)
{
	int r = 0;

	if (parts->callback_url[0])
		r = callback_new(parts->callback_fd, parts->service, &parts->callback, detail);
	if (!r)
		r = control_new(parts->control_fd, parts->service, &parts->control, detail);
	if (!r)
		r = notify_new(parts->service, &parts->notify, detail);
	if (r)
		return r;
	if (http_client_attach(parts->client, parts->loop) ||
	    service_attach(parts->service, parts->loop) ||
	    (parts->callback && callback_attach(parts->callback, parts->loop)) ||
	    control_attach(parts->control, parts->loop) ||
	    notify_attach(parts->notify, parts->loop))
		return err_set(detail, ERR_LIMIT, "too many sources for the loop");
	return 0;
}

static int build(struct daemon_parts *parts, const struct daemon_options *options,
		 struct err_detail *detail)
{
	_cleanup_(config_freep) struct config *config = options->config;
	int r;

	open_callback(parts, config);
	r = http_client_new(config->ca_file, config->request_time_s * 1000, &parts->client, detail);
	if (!r)
		r = loop_new(http_client_multi(parts->client), &parts->loop, detail);
	if (!r)
		r = build_service(parts, options, TAKE_PTR(config), detail);
	/* The service has locked the state: of two daemons that start at once only one comes here.
	 */
	if (!r)
		r = open_control(parts, options->paths, detail);
	if (!r)
		r = build_servers(parts, detail);
	return r;
}

static bool is_flushed(void *context)
{
	const struct daemon_parts *parts = context;

	return control_is_idle(parts->control) &&
	       (!parts->callback || callback_is_idle(parts->callback)) &&
	       !service_is_exchanging(parts->service) && notify_is_idle(parts->notify);
}

static void stop(struct daemon_parts *parts)
{
	sd_tell_stopping();
	log_info("stopping; pending logins go on at the next start");
	control_quiesce(parts->control);
	if (parts->callback)
		callback_quiesce(parts->callback);
	loop_drain(parts->loop, is_flushed, parts, DAEMON_DRAIN_MS);
	service_flush(parts->service);
}

int daemon_run(const struct daemon_options *options, struct err_detail *detail)
{
	const struct paths *paths = options->paths;
	_cleanup_(free_parts) struct daemon_parts parts = {.callback_fd = -1, .control_fd = -1};
	char status[128];
	int r;

	protect_process();
	json_init();
	r = build(&parts, options, detail);
	if (r)
		return r;
	service_restore(parts.service, moment_now());
	snprintf(status, sizeof(status), "callback %s",
		 parts.callback_url[0] ? parts.callback_url : "(no port; logins poll)");
	log_info("ready: %s, control socket %s", status, paths->control);
	sd_tell_ready(status);
	r = loop_run(parts.loop, detail);
	stop(&parts);
	(void)unlink(paths->control);
	return r;
}
