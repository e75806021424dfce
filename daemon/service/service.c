/* SPDX-License-Identifier: MIT */
#include "service/service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "common/digest.h"
#include "common/fsx.h"
#include "common/log.h"
#include "common/vocabulary.h"
#include "service_state.h"

#define LOCK_FILE "lock"

/* ---- Opening and closing ---- */

/* Whether the opened FD is no regular file; if FD is -1, whether errno says so. */
static bool is_no_file(int fd)
{
	struct stat status;

	if (fd < 0)
		return errno == ELOOP || errno == EISDIR || errno == ENXIO;
	return fstat(fd, &status) == 0 && !S_ISREG(status.st_mode);
}

static int lock_state(struct service *service, struct err_detail *detail)
{
	service->lock_fd = openat(service->state_fd, LOCK_FILE,
				  O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (is_no_file(service->lock_fd))
		return err_set(detail, ERR_UNSAFE,
			       "%s/%s is not safe to use: it is not a regular file; move it away",
			       service->state_directory, LOCK_FILE);
	if (service->lock_fd < 0)
		return err_set(detail, err_from_errno(errno), "%s/%s cannot be opened: %s",
			       service->state_directory, LOCK_FILE, strerror(errno));
	if (flock(service->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return err_set(detail, ERR_BUSY,
			       "another misskey-authd uses %s; stop it first, or give this one "
			       "another state directory with XDG_STATE_HOME",
			       service->state_directory);
	return err_set(detail, err_from_errno(errno), "%s/%s cannot be locked: %s",
		       service->state_directory, LOCK_FILE, strerror(errno));
}

/* A damaged registry is set aside, and work goes on: what it held can be had again by logins. Other
 * errors, and a damaged credentials.json, wait for a person. */
static int open_registry(struct service *service, struct err_detail *detail)
{
	char aside[256];
	char text[ERR_DETAIL_BYTES];
	int r = registry_open(service->state_fd, &service->registry, detail);

	if (r != ERR_DAMAGED)
		return r;
	if (fsx_set_aside(service->state_fd, REGISTRY_FILE, clock_now().unix_s, aside, NULL))
		return r;
	snprintf(text, sizeof(text),
		 "%s/%s was damaged and is kept as %s; pending logins must be started again. What "
		 "was wrong: %.500s",
		 service->state_directory, REGISTRY_FILE, aside, detail->text);
	service_add_problem(service, CODE_REGISTRY_SET_ASIDE, text);
	return registry_open(service->state_fd, &service->registry, detail);
}

static bool is_known(const char *name, void *context)
{
	struct service *service = context;
	const struct account *account = accounts_find(service->accounts, name);

	return account && !account->is_provisional;
}

/* Corrects what a crash or a person left there. */
void service_derive_all(struct service *service)
{
	struct err_detail detail;

	for (size_t n = 0; n < accounts_count(service->accounts); n++) {
		const struct account *account = accounts_at(service->accounts, n);

		if (!account->is_provisional &&
		    credentials_derive(service->credentials, account->name, account->server.origin,
				       &detail))
			log_error("account %s: %s", account->name, detail.text);
	}
	if (credentials_prune(service->credentials, is_known, service, &detail))
		log_error("%s", detail.text);
}

static int open_stores(struct service *service)
{
	struct err_detail detail;
	int r = open_registry(service, &detail);

	if (!r)
		r = credentials_open(service->state_fd, &service->credentials, &detail);
	if (r == ERR_NOMEM)
		return r;
	if (r) {
		service_add_problem(service, CODE_STATE_DAMAGED, detail.text);
		service->unavailable = (struct service_refusal){CODE_STATE_DAMAGED, detail};
		registry_free(TAKE_PTR(service->registry));
	}
	if (accounts_load(service->accounts, service->config, service->registry,
			  service->credentials))
		return ERR_NOMEM;
	r = accounts_check_names(service->accounts, service->config, &detail);
	if (r == ERR_NOMEM)
		return r;
	if (r) {
		service_add_problem(service, CODE_BAD_CONFIG, detail.text);
		service->unavailable = (struct service_refusal){CODE_BAD_CONFIG, detail};
		registry_free(TAKE_PTR(service->registry));
		credentials_free(TAKE_PTR(service->credentials));
	}
	if (service->credentials)
		service_derive_all(service);
	return 0;
}

static int open_state(struct service *service, struct err_detail *detail)
{
	int r = fsx_open_directory(service->state_directory, &service->state_fd, detail);

	if (!r)
		r = lock_state(service, detail);
	if (!r && open_stores(service))
		r = err_set(detail, ERR_NOMEM, "no memory");
	if (!r)
		service_check_port(service);
	return r;
}

/* Does not log it: the process does that, once. */
static void refuse(struct service *service, const struct service_refusal *refusal)
{
	struct service_problem *problem = &service->problems[service->problem_count++];

	problem->code = refusal->code;
	memcpy(problem->text, refusal->why.text, sizeof(problem->text));
	service->unavailable = *refusal;
}

int service_new(const struct service_options *options, struct service **ret_service,
		struct err_detail *detail)
{
	_cleanup_(service_freep) struct service *service = calloc(1, sizeof(*service));
	int r = 0;

	if (!service) {
		config_free(options->config);
		return err_set(detail, ERR_NOMEM, "no memory");
	}
	service->state_fd = service->lock_fd = -1;
	service->config = options->config;
	service->source = options->source;
	service->port = options->config->port;
	service->log_level_is_fixed = options->log_level_is_fixed;
	service->flush_ms = service->repair_ms = CLOCK_NEVER;
	service->callback_url = options->callback_url;
	service->callback_is_passed = options->callback_is_passed;
	service->state_directory = strdup(options->state_directory);
	if (!service->state_directory || accounts_new(&service->accounts))
		return err_set(detail, ERR_NOMEM, "no memory");
	if (options->refusal)
		refuse(service, options->refusal);
	else
		r = open_state(service, detail);
	if (r)
		return r;
	service->environment = (struct login_environment){
		.client = options->client,
		.registry = service->registry,
		.credentials = service->credentials,
		.callback_url = options->callback_url,
		.session_time_s = options->config->session_time_s,
		.poll_interval_s = options->config->poll_interval_s,
		.poll_interval_max_s = options->config->poll_interval_max_s,
		.changed = service_login_changed,
		.context = service,
	};
	*ret_service = TAKE_PTR(service);
	return 0;
}

static void free_logins(struct login_environment *environment)
{
	struct name_table *logins = &environment->logins;
	struct name_table *verifications = &environment->verifications;

	while (logins->count > 0)
		login_free(logins->rows[logins->count - 1]);
	while (verifications->count > 0)
		verification_free(verifications->rows[verifications->count - 1]);
	name_table_done(logins);
	name_table_done(verifications);
}

void service_free(struct service *service)
{
	if (!service)
		return;
	free_logins(&service->environment);
	accounts_free(service->accounts);
	credentials_free(service->credentials);
	registry_free(service->registry);
	free(service->state_directory);
	config_free(service->config);
	if (service->lock_fd >= 0)
		close(service->lock_fd);
	if (service->state_fd >= 0)
		close(service->state_fd);
	free(service);
}

/* ---- In the loop ---- */

static int64_t service_deadline(void *context, struct clock_time now)
{
	const struct service *service = context;
	const struct name_table *logins = &service->environment.logins;
	int64_t deadline_ms = turns_deadline(&service->environment.turns, now.mono_ms);

	if (service->flush_ms < deadline_ms)
		deadline_ms = service->flush_ms;
	if (service->repair_ms < deadline_ms)
		deadline_ms = service->repair_ms;
	for (size_t n = 0; n < logins->count; n++) {
		int64_t one_ms = login_deadline(logins->rows[n]);

		if (one_ms < deadline_ms)
			deadline_ms = one_ms;
	}
	return deadline_ms;
}

/* What cannot be written now is written with the next change of the credentials. */
static void flush_times(struct service *service)
{
	struct err_detail detail;

	service->flush_ms = CLOCK_NEVER;
	if (service->credentials && credentials_flush(service->credentials, &detail))
		log_warning("%s", detail.text);
}

static void service_dispatch(void *context, struct clock_time now)
{
	struct service *service = context;
	const struct name_table *logins = &service->environment.logins;
	struct login *next;

	for (size_t n = 0; n < logins->count; n++)
		login_tick(logins->rows[n], now);
	while ((next = turns_next(&service->environment.turns, now.mono_ms)))
		login_take_turn(next, now);
	if (now.mono_ms >= service->flush_ms)
		flush_times(service);
	if (now.mono_ms >= service->repair_ms) {
		service->repair_ms = CLOCK_NEVER;
		service_derive_all(service);
	}
}

int service_attach(struct service *service, struct loop *loop)
{
	return loop_add(loop, &(struct loop_source){
				      .fd = -1,
				      .deadline = service_deadline,
				      .dispatch = service_dispatch,
				      .context = service,
			      });
}

void service_watch(struct service *service, service_watcher *function, void *context)
{
	if (service->watcher_count == SERVICE_MAX_WATCHERS)
		abort();
	service->watchers[service->watcher_count++] =
		(struct service_watch){.function = function, .context = context};
}

void service_tell(struct service *service, enum service_change change, struct account *account,
		  struct clock_time now)
{
	for (size_t n = 0; n < service->watcher_count; n++)
		service->watchers[n].function(change, account, now, service->watchers[n].context);
}

bool service_is_exchanging(const struct service *service)
{
	const struct name_table *logins = &service->environment.logins;

	for (size_t n = 0; n < logins->count; n++)
		if (login_is_exchanging(logins->rows[n]))
			return true;
	return false;
}

bool service_has_state(const struct service *service)
{
	struct stat opened;
	struct stat named;

	if (service->state_fd < 0 || fstat(service->state_fd, &opened) < 0)
		return true;
	if (stat(service->state_directory, &named) == 0)
		return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
	return errno != ENOENT && errno != ENOTDIR;
}

bool service_is_idle(const struct service *service)
{
	const struct name_table *logins = &service->environment.logins;
	const struct name_table *verifications = &service->environment.verifications;

	if (service->repair_ms != CLOCK_NEVER)
		return false;
	for (size_t n = 0; n < logins->count; n++)
		if (!login_is_resting(logins->rows[n], service->callback_is_passed))
			return false;
	for (size_t n = 0; n < verifications->count; n++)
		if (verification_is_under_way(verifications->rows[n]))
			return false;
	return true;
}

void service_flush(struct service *service, struct clock_time now)
{
	const struct name_table *logins = &service->environment.logins;
	struct err_detail detail;

	for (size_t n = 0; n < logins->count; n++)
		if (login_flush(logins->rows[n], &detail))
			log_error(
				"account %s: the credential that the server gave is lost, because "
				"it could not be stored until the end: %s; make room and log in "
				"again, the server will not ask for consent again",
				login_account(logins->rows[n])->name, detail.text);
	service_forget_resumes(service, now);
	flush_times(service);
}

/* ---- What is there ---- */

void service_add_problem(struct service *service, const char *code, const char *text)
{
	struct service_problem *problem;

	service_clear_problem(service, code);
	log_error("%s", text);
	if (service->problem_count == SERVICE_MAX_PROBLEMS)
		return;
	problem = &service->problems[service->problem_count++];
	problem->code = code;
	snprintf(problem->text, sizeof(problem->text), "%s", text);
}

void service_clear_problem(struct service *service, const char *code)
{
	for (size_t n = 0; n < service->problem_count; n++) {
		if (strcmp(service->problems[n].code, code) != 0)
			continue;
		service->problem_count--;
		memmove(service->problems + n, service->problems + n + 1,
			(service->problem_count - n) * sizeof(service->problems[0]));
		return;
	}
}

size_t service_problem_count(const struct service *service)
{
	return service->problem_count;
}

const struct service_problem *service_problem_at(const struct service *service, size_t index)
{
	return &service->problems[index];
}

const char *service_unavailable(const struct service *service)
{
	return service->unavailable.why.text[0] ? service->unavailable.why.text : NULL;
}

int service_check_available(const struct service *service, struct err_detail *detail)
{
	const char *unavailable = service_unavailable(service);

	return unavailable ? err_set(detail, ERR_DAMAGED, "%s", unavailable) : 0;
}

const char *service_unavailable_code(const struct service *service)
{
	return service->unavailable.code;
}

const char *service_callback_url(const struct service *service)
{
	return service->callback_url;
}

const char *service_state_directory(const struct service *service)
{
	return service->state_directory;
}

const struct config *service_config(const struct service *service)
{
	return service->config;
}

const struct trust *service_trust(const struct service *service)
{
	return &service->source.trust;
}

struct accounts *service_accounts(struct service *service)
{
	return service->accounts;
}

struct login *service_find_login(const struct service *service, const struct account *account)
{
	return login_find(&service->environment, account);
}

const struct verification *service_find_verification(const struct service *service,
						     const struct account *account)
{
	return verification_find(&service->environment, account);
}

const struct credential *service_credential(const struct service *service, const char *account)
{
	return service->credentials ? credentials_find(service->credentials, account) : NULL;
}

const struct registry *service_registry(const struct service *service)
{
	return service->registry;
}
