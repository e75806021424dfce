/* SPDX-License-Identifier: MIT */
#include "assembly.h"

#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/vocabulary.h"

void assembly_free(struct assembly *assembly)
{
	/* A module goes before those that it uses. */
	control_free(assembly->control);
	browser_free(assembly->browser);
	service_free(assembly->service);
	loop_free(assembly->loop);
	http_client_free(assembly->client);
	closep(&assembly->callback_fd);
	if (assembly->control_fd >= 0)
		(void)unlink(assembly->control_path);
	closep(&assembly->control_fd);
}

/* ---- Sockets ---- */

static int callback_fd(const struct assembly *assembly)
{
	return assembly->passed->callback_fd >= 0 ? assembly->passed->callback_fd
						  : assembly->callback_fd;
}

static int control_fd(const struct assembly *assembly)
{
	return assembly->passed->control_fd >= 0 ? assembly->passed->control_fd
						 : assembly->control_fd;
}

/* Without the callback listener logins still work, by polling. A passed socket counts, whatever
 * port the config has. */
static void open_callback(struct assembly *assembly, const struct config *config)
{
	struct err_detail *problem = &assembly->callback_problem;
	int r = 0;

	if (assembly->passed->callback_fd < 0)
		r = listener_callback(config->port, &assembly->callback_fd, problem);
	/* The socket's unit has failed for the same reason, and the port is changed there. */
	if (r == ERR_BUSY && assembly->passed->control_fd >= 0)
		(void)err_set(problem, r,
			      "The callback port 127.0.0.1:%u is taken by another program or "
			      "another user, so logins wait by asking the server instead; to have "
			      "another port: misskey-authctl enable --port PORT",
			      config->port);
	if (r || listener_callback_url(callback_fd(assembly), assembly->callback_url, problem))
		assembly->callback_url[0] = '\0';
}

static int open_control(struct assembly *assembly, const struct paths *paths,
			struct err_detail *detail)
{
	int r;

	if (assembly->passed->control_fd >= 0)
		return 0;
	if (!paths->control[0])
		return err_set(detail, ERR_NOT_FOUND,
			       "XDG_RUNTIME_DIR is not set, so there is no place for the control "
			       "socket; log in through a session of systemd, or set it to a "
			       "directory of yours");
	assembly->control_path = paths->control;
	r = listener_control(paths->control, &assembly->control_fd, detail);
	/* A passed socket of a wrong type may be in its place. */
	if (r && assembly->passed->problem.text[0])
		return err_set(detail, r, "%s", assembly->passed->problem.text);
	return r;
}

/* ---- Putting together ---- */

static int build_service(struct assembly *assembly, const struct daemon_options *options,
			 const struct service_refusal *refusal, struct config *config,
			 struct err_detail *detail)
{
	struct service_options service = {
		.config = config,
		.source = options->source,
		.log_level_is_fixed = options->log_level_is_fixed,
		.state_directory = options->paths->state,
		.callback_url = assembly->callback_url[0] ? assembly->callback_url : NULL,
		.callback_is_passed = assembly->passed->callback_fd >= 0,
		.client = assembly->client,
		.refusal = refusal,
	};
	int r = service_new(&service, &assembly->service, detail);

	if (r || refusal)
		return r;
	if (assembly->passed->problem.text[0])
		service_add_problem(assembly->service, CODE_SOCKET_UNUSABLE,
				    assembly->passed->problem.text);
	if (!service.callback_url)
		service_add_problem(assembly->service, CODE_PORT_TAKEN,
				    assembly->callback_problem.text);
	return 0;
}

/* The browser's server watches first: a page that waits there is served before a program is told to
 * open another. */
static int build_servers(struct assembly *assembly, struct err_detail *detail)
{
	int r = 0;

	if (assembly->callback_url[0])
		r = browser_new(callback_fd(assembly), assembly->service, &assembly->browser,
				detail);
	if (!r && control_fd(assembly) >= 0)
		r = control_new(control_fd(assembly), assembly->service, &assembly->control,
				detail);
	return r;
}

/* SIGHUP does what POST /v1/reload does, and has the log alone to answer to. */
static void reload(void *context, struct clock_time now)
{
	const struct assembly *assembly = context;
	_cleanup_(service_reload_report_done) struct service_reload_report report = {0};
	struct err_detail detail;

	if (service_reload(assembly->service, now, &report, &detail))
		log_error("not reloaded: %s", detail.text);
}

int assembly_attach(struct assembly *assembly, struct err_detail *detail)
{
	loop_on_hangup(assembly->loop, reload, assembly);
	if (http_client_attach(assembly->client, assembly->loop) ||
	    service_attach(assembly->service, assembly->loop) ||
	    (assembly->browser && browser_attach(assembly->browser, assembly->loop)) ||
	    (assembly->control && control_attach(assembly->control, assembly->loop)) ||
	    sd_watchdog_attach(&assembly->watchdog, assembly->loop))
		return err_set(detail, ERR_LIMIT, "too many sources for the loop");
	return 0;
}

static int build_core(struct assembly *assembly, const struct daemon_options *options,
		      const struct service_refusal *refusal, struct config **config,
		      struct err_detail *detail)
{
	int r = http_client_new((*config)->ca_file, (*config)->request_time_s * 1000,
				&assembly->client, detail);

	if (!r)
		r = loop_new(http_client_multi(assembly->client), &assembly->loop, detail);
	return r ? r : build_service(assembly, options, refusal, TAKE_PTR(*config), detail);
}

static int build_working(struct assembly *assembly, const struct daemon_options *options,
			 struct config **config, struct err_detail *detail)
{
	int r;

	open_callback(assembly, *config);
	r = build_core(assembly, options, NULL, config, detail);
	/* The service has locked the state, so only one daemon comes here. */
	if (!r)
		r = open_control(assembly, options->paths, detail);
	if (!r)
		r = build_servers(assembly, detail);
	return r;
}

static int build_refusing(struct assembly *assembly, const struct daemon_options *options,
			  const struct service_refusal *refusal, struct err_detail *detail)
{
	_cleanup_(config_freep) struct config *config = NULL;
	int r = config_new(&config);

	if (r)
		return err_set(detail, r, "no memory");
	if (listener_callback_url(assembly->passed->callback_fd, assembly->callback_url, NULL))
		assembly->callback_url[0] = '\0';
	r = build_core(assembly, options, refusal, &config, detail);
	if (!r)
		r = build_servers(assembly, detail);
	return r;
}

static const char *problem_code(int r)
{
	return r == ERR_UNSAFE || r == ERR_DAMAGED || r == ERR_VERSION ? CODE_STATE_DAMAGED
								       : CODE_CANNOT_START;
}

int assembly_build(struct assembly *assembly, const struct daemon_options *options,
		   const struct sd_sockets *passed, const struct service_refusal *refusal,
		   const char **ret_code, struct err_detail *detail)
{
	_cleanup_(config_freep) struct config *config = NULL;
	int r;

	assembly->passed = passed;
	if (refusal)
		return build_refusing(assembly, options, refusal, detail);
	r = config_read_source(&options->source, &config, detail);
	if (r) {
		*ret_code = r == ERR_UNSAFE ? CODE_UNSAFE_CONFIG : CODE_BAD_CONFIG;
		return r;
	}
	if (!options->log_level_is_fixed)
		log_set_level(config->log_level);
	service_log_doubts(config);
	r = build_working(assembly, options, &config, detail);
	*ret_code = problem_code(r);
	return r;
}
