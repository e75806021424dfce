/* SPDX-License-Identifier: MIT */
/*
 * The config, read again while the daemon runs.
 */
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/vocabulary.h"
#include "confinement/confinement.h"
#include "service_state.h"

#define RESTART                                                                                  \
	"systemctl --user restart misskey-authd (without systemd: end misskey-authd and run it " \
	"again)"

struct reload {
	struct service *service;
	struct service_reload_report *report;
	struct clock_time now;
};

void service_reload_report_done(struct service_reload_report *report)
{
	buf_done(&report->added);
	buf_done(&report->changed);
	buf_done(&report->removed);
}

/* A config that moves an account whose login has consent to another server is refused for now: what
 * belongs to one server must not be sent to the other. */
static int check_consented(const struct account *account, const struct config *config,
			   struct err_detail *detail)
{
	const struct config_account *wanted = config_account_find(config, account->name);

	if (!wanted || strcmp(wanted->server.origin, account->server.origin) == 0)
		return 0;
	return err_set(detail, ERR_BUSY,
		       "A login of %s at %s is being finished, and the config has another server "
		       "for it now; nothing was changed, try again in a moment",
		       account->name, account->server.origin);
}

/* An account stays for its login, which is under way: one that the config has no more only if there
 * is consent, because the credential is on its way then. */
static int keep_for_login(const struct login *login, struct accounts *wanted)
{
	const struct account *account = login_account(login);
	enum login_phase phase = login_phase(login);
	struct config_account kept = {
		.server = account->server,
		.permission = account->permission,
		.app_name = account->app_name,
		.description = account->description,
		.method = account->method,
	};
	struct account *put;

	if (phase == LOGIN_IS_OVER || (account->from_config && phase != LOGIN_HAS_CONSENT) ||
	    accounts_find(wanted, account->name))
		return 0;
	memcpy(kept.name, account->name, sizeof(kept.name));
	if (accounts_put(wanted, &kept, &put))
		return ERR_NOMEM;
	put->is_provisional = true;
	return 0;
}

/* Ends a login without consent whose session was made for what the account was before. */
static void cancel_outdated(const struct reload *reload, const struct account *account,
			    bool is_gone)
{
	struct service *service = reload->service;
	struct login *login = service_find_login(service, account);
	enum login_phase phase = login_phase(login);
	const struct registry_session *session =
		registry_session_find(service->registry, account->name);

	if (phase != LOGIN_MAKES_PAGE && phase != LOGIN_AWAITS_CONSENT)
		return;
	if (is_gone || !session || !service_session_fits(session, account))
		login_cancel(login, "the account was changed in the config", reload->now);
}

static void remove_account(const struct reload *reload, struct account *account)
{
	struct err_detail detail;

	if (credentials_underive(reload->service->credentials, account->name, &detail))
		log_warning("account %s: %s", account->name, detail.text);
	service_drop_account(reload->service, account, reload->now);
}

static void on_difference(enum accounts_change change, struct account *account, void *context)
{
	struct reload *reload = context;
	struct service_reload_report *report = reload->report;
	struct buf *names = change == ACCOUNTS_ADDED	 ? &report->added
			    : change == ACCOUNTS_REMOVED ? &report->removed
							 : &report->changed;

	/* What is not shown, because its login has ended, is no news. */
	if (!account->is_unlisted)
		buf_append_format(names, "%s\n", account->name);
	cancel_outdated(reload, account, change == ACCOUNTS_REMOVED);
	if (change == ACCOUNTS_REMOVED)
		remove_account(reload, account);
	else
		service_tell(reload->service, SERVICE_ACCOUNT_CHANGED, account, reload->now);
}

/* The accounts as a start would load them. */
static int load_wanted(struct service *service, const struct config *config,
		       struct accounts **ret_wanted, struct err_detail *detail)
{
	const struct name_table *logins = &service->environment.logins;
	_cleanup_(accounts_freep) struct accounts *wanted = NULL;
	int r = 0;

	for (size_t n = 0; r == 0 && n < logins->count; n++)
		if (login_phase(logins->rows[n]) == LOGIN_HAS_CONSENT)
			r = check_consented(login_account(logins->rows[n]), config, detail);
	if (r == 0)
		r = accounts_new(&wanted);
	if (r == 0)
		r = accounts_load(wanted, config, service->registry, service->credentials);
	for (size_t n = 0; r == 0 && n < logins->count; n++)
		r = keep_for_login(logins->rows[n], wanted);
	if (r == ERR_NOMEM)
		return err_set(detail, r, "no memory for the accounts of the config");
	if (r == 0)
		r = accounts_check_names(wanted, config, detail);
	*ret_wanted = TAKE_PTR(wanted);
	return r;
}

/* Systemd listens: the config's port does not count. The default port is no wish for another. */
static void check_passed_port(struct service *service)
{
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u/callback", service->config->port);
	if (service->config->port == CONFIG_DEFAULT_PORT ||
	    (service->callback_url && strcmp(url, service->callback_url) == 0))
		service_clear_problem(service, CODE_LISTEN_IGNORED);
	else
		service_add_problem(
			service, CODE_LISTEN_IGNORED,
			"The config has another port (`listen`) than systemd listens on, which is "
			"what counts; to change that: misskey-authctl enable --port PORT");
}

void service_check_port(struct service *service)
{
	if (service->callback_is_passed)
		check_passed_port(service);
	else if (service->config->port == service->port)
		service_clear_problem(service, CODE_RESTART_NEEDED);
	else
		service_add_problem(service, CODE_RESTART_NEEDED,
				    "The config has another port (`listen`) than the daemon "
				    "listens on; to use it: " RESTART);
}

/* Settings that a reload changes without a restart. */
static void apply_settings(struct service *service, struct config *config)
{
	config_free(service->config);
	service->config = config;
	service->environment.session_time_s = config->session_time_s;
	service->environment.poll_interval_s = config->poll_interval_s;
	service->environment.poll_interval_max_s = config->poll_interval_max_s;
	if (!service->log_level_is_fixed)
		log_set_level(config->log_level);
	service_check_port(service);
	if (config->confinement == confinement_current()->is_declined)
		service_add_problem(service, CODE_RESTART_NEEDED,
				    "The config has another `confinement` than the daemon was "
				    "started with; to use it: " RESTART);
}

static void log_doubt(const char *sentence, void *context)
{
	(void)context;
	log_warning("%s", sentence);
}

void service_log_doubts(const struct config *config)
{
	config_tell_doubts(config, log_doubt, NULL);
}

/* Reads what SERVICE->source names. */
static int read_config(struct service *service, struct config **ret_config,
		       struct err_detail *detail)
{
	int r = config_read_source(&service->source, ret_config, detail);

	if (r == ERR_ACCESS)
		confinement_explain(detail);
	return r;
}

/* The last step that can fail because of the config. */
static int configure_client(struct service *service, const struct config *config,
			    struct err_detail *detail)
{
	int r = http_client_configure(service->environment.client, config->ca_file,
				      config->request_time_s * 1000, detail);

	if (r == ERR_ACCESS)
		confinement_explain(detail);
	return r;
}

int service_reload(struct service *service, struct clock_time now,
		   struct service_reload_report *ret_report, struct err_detail *detail)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(accounts_freep) struct accounts *wanted = NULL;
	struct reload reload = {.service = service, .report = ret_report, .now = now};
	int r;

	r = service_check_available(service, detail);
	if (r)
		return r;
	r = read_config(service, &config, detail);
	if (r)
		return r;
	r = load_wanted(service, config, &wanted, detail);
	if (r)
		return r;
	r = configure_client(service, config, detail);
	if (r)
		return r;
	r = accounts_replace(service->accounts, wanted, on_difference, &reload);
	if (r)
		return err_set(detail, r, "no memory for the accounts of the config");
	apply_settings(service, TAKE_PTR(config));
	service_derive_all(service);
	ret_report->needs_restart =
		(!service->callback_is_passed && service->config->port != service->port) ||
		service->config->confinement == confinement_current()->is_declined;
	log_info("the config was read again: %s",
		 service->config->file ? service->config->file : "no file, defaults");
	service_log_doubts(service->config);
	service_tell(service, SERVICE_RELOADED, NULL, now);
	return 0;
}
