/* SPDX-License-Identifier: MIT */
#include "assembly.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"

void parts_free(struct parts *parts)
{
	/* The order: who uses before who is used. */
	notify_free(parts->notify);
	control_free(parts->control);
	callback_free(parts->callback);
	service_free(parts->service);
	loop_free(parts->loop);
	http_client_free(parts->client);
	closep(&parts->callback_fd);
	if (parts->control_fd >= 0)
		(void)unlink(parts->control_path);
	closep(&parts->control_fd);
}

/* ---- Sockets ---- */

static int callback_fd(const struct parts *parts)
{
	return parts->passed->callback_fd >= 0 ? parts->passed->callback_fd : parts->callback_fd;
}

static int control_fd(const struct parts *parts)
{
	return parts->passed->control_fd >= 0 ? parts->passed->control_fd : parts->control_fd;
}

/* Without the callback listener logins still work, by polling. What was passed is the truth, also
 * where it is not the config's port. */
static void open_callback(struct parts *parts, const struct config *config)
{
	struct err_detail *problem = &parts->callback_problem;
	int r = 0;

	if (parts->passed->callback_fd < 0)
		r = listener_callback(config->port, &parts->callback_fd, problem);
	/* The unit of the socket has failed for the same reason, and is where to change it. */
	if (r == ERR_BUSY && parts->passed->control_fd >= 0)
		(void)err_set(problem, r,
			      "The callback port 127.0.0.1:%u is taken by another program or "
			      "another user, so logins wait by asking the server instead; to have "
			      "another port: systemctl --user edit misskey-authd-callback.socket "
			      "(docs/systemd.md shows what to write there)",
			      config->port);
	if (r || listener_callback_url(callback_fd(parts), parts->callback_url, problem))
		parts->callback_url[0] = '\0';
}

static int open_control(struct parts *parts, const struct paths *paths, struct err_detail *detail)
{
	int r;

	if (parts->passed->control_fd >= 0)
		return 0;
	if (!paths->control[0])
		return err_set(detail, ERR_NOT_FOUND,
			       "XDG_RUNTIME_DIR is not set, so there is no place for the control "
			       "socket; log in through a session of systemd, or set it to a "
			       "directory of yours");
	parts->control_path = paths->control;
	r = listener_control(paths->control, &parts->control_fd, detail);
	/* A unit's socket of a wrong type is in its place. */
	if (r && parts->passed->problem.text[0])
		return err_set(detail, r, "%s", parts->passed->problem.text);
	return r;
}

/* ---- Putting together ---- */

static int build_service(struct parts *parts, const struct daemon_options *options,
			 const struct refusal *refusal, struct config *config,
			 struct err_detail *detail)
{
	struct service_options service = {
		.config = config,
		.source = options->source,
		.log_level_is_fixed = options->log_level_is_fixed,
		.state_directory = options->paths->state,
		.callback_url = parts->callback_url[0] ? parts->callback_url : NULL,
		.callback_is_passed = parts->passed->callback_fd >= 0,
		.client = parts->client,
		.refusal_code = refusal ? refusal->code : NULL,
		.refusal = refusal ? refusal->why.text : NULL,
	};
	int r = service_new(&service, &parts->service, detail);

	if (r || refusal)
		return r;
	if (parts->passed->problem.text[0])
		service_add_problem(parts->service, "SOCKET_UNUSABLE", parts->passed->problem.text);
	if (!service.callback_url)
		service_add_problem(parts->service, "PORT_TAKEN", parts->callback_problem.text);
	return 0;
}

/* The callback server watches first: a page that waits in the browser is served before a program is
 * told to open another, and the hooks are told last. */
static int build_servers(struct parts *parts, struct err_detail *detail)
{
	int r = 0;

	if (parts->callback_url[0])
		r = callback_new(callback_fd(parts), parts->service, &parts->callback, detail);
	if (!r && control_fd(parts) >= 0)
		r = control_new(control_fd(parts), parts->service, &parts->control, detail);
	return r;
}

static int attach(struct parts *parts, struct err_detail *detail)
{
	if (http_client_attach(parts->client, parts->loop) ||
	    service_attach(parts->service, parts->loop) ||
	    (parts->callback && callback_attach(parts->callback, parts->loop)) ||
	    (parts->control && control_attach(parts->control, parts->loop)) ||
	    (parts->notify && notify_attach(parts->notify, parts->loop)) ||
	    sd_watchdog_attach(&parts->watchdog, parts->loop))
		return err_set(detail, ERR_LIMIT, "too many sources for the loop");
	return 0;
}

static int build_core(struct parts *parts, const struct daemon_options *options,
		      const struct refusal *refusal, struct config **config,
		      struct err_detail *detail)
{
	int r = http_client_new((*config)->ca_file, (*config)->request_time_s * 1000,
				&parts->client, detail);

	if (!r)
		r = loop_new(http_client_multi(parts->client), &parts->loop, detail);
	return r ? r : build_service(parts, options, refusal, TAKE_PTR(*config), detail);
}

/* Of what was told: for a daemon that is started again and again. */
static const char *memory(const struct parts *parts, const struct paths *paths)
{
	return parts->passed->control_fd >= 0 && paths->runtime[0] ? paths->runtime : NULL;
}

static int build_working(struct parts *parts, const struct daemon_options *options,
			 struct config **config, struct err_detail *detail)
{
	int r;

	open_callback(parts, *config);
	r = build_core(parts, options, NULL, config, detail);
	/* The service has locked the state: of two daemons that start at once only one comes here.
	 */
	if (!r)
		r = open_control(parts, options->paths, detail);
	if (!r)
		r = build_servers(parts, detail);
	if (!r)
		r = notify_new(parts->service, memory(parts, options->paths), &parts->notify,
			       detail);
	return r ? r : attach(parts, detail);
}

static int build_refusing(struct parts *parts, const struct daemon_options *options,
			  const struct refusal *refusal, struct err_detail *detail)
{
	_cleanup_(config_freep) struct config *config = NULL;
	int r = config_new(&config);

	if (r)
		return err_set(detail, r, "no memory");
	if (listener_callback_url(parts->passed->callback_fd, parts->callback_url, NULL))
		parts->callback_url[0] = '\0';
	r = build_core(parts, options, refusal, &config, detail);
	if (!r)
		r = build_servers(parts, detail);
	return r ? r : attach(parts, detail);
}

static const char *problem_code(int r)
{
	return r == ERR_UNSAFE || r == ERR_DAMAGED || r == ERR_VERSION ? "STATE_DAMAGED"
								       : "CANNOT_START";
}

int parts_build(struct parts *parts, const struct daemon_options *options,
		const struct sd_sockets *passed, const struct refusal *refusal,
		const char **ret_code, struct err_detail *detail)
{
	_cleanup_(config_freep) struct config *config = NULL;
	int r;

	parts->passed = passed;
	if (refusal)
		return build_refusing(parts, options, refusal, detail);
	r = config_read_source(&options->source, &config, detail);
	if (r) {
		*ret_code = r == ERR_UNSAFE ? "UNSAFE_CONFIG" : "BAD_CONFIG";
		return r;
	}
	if (!options->log_level_is_fixed)
		log_set_level(config->log_level);
	r = build_working(parts, options, &config, detail);
	*ret_code = problem_code(r);
	return r;
}

/* ---- Ending ---- */

/* Whether nobody is connected. */
static bool is_quiet(const struct parts *parts)
{
	return (!parts->control || control_is_idle(parts->control)) &&
	       (!parts->callback || callback_is_idle(parts->callback));
}

bool parts_are_flushed(const struct parts *parts)
{
	return is_quiet(parts) && !service_is_exchanging(parts->service) &&
	       (!parts->notify || notify_is_flushed(parts->notify));
}

bool parts_are_idle(const struct parts *parts)
{
	return is_quiet(parts) && service_is_idle(parts->service) &&
	       (!parts->notify || notify_is_idle(parts->notify));
}

void parts_quiesce(struct parts *parts)
{
	if (parts->control)
		control_quiesce(parts->control);
	if (parts->callback)
		callback_quiesce(parts->callback);
	if (parts->notify)
		notify_quiesce(parts->notify);
}
