/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_SERVICE_INTERNAL_H
#define DAEMON_SERVICE_INTERNAL_H

/*
 * What service.c (state and loop) and service_login.c (logins) share.
 */

#include "daemon/service.h"

/* The callback server, the control server and the hooks. */
#define SERVICE_MAX_WATCHERS 3

struct service_watch {
	service_watcher *function;
	void *context;
};

struct service {
	const struct config *config; /* borrowed */
	const char *callback_url;    /* borrowed */
	char *state_directory;
	int state_fd;
	int lock_fd;
	struct registry *registry;	 /* NULL while unavailable */
	struct credentials *credentials; /* NULL while unavailable */
	struct accounts *accounts;
	struct authorization_environment environment;
	struct account **logins; /* the accounts that have an authorization */
	size_t login_count;
	struct service_watch watchers[SERVICE_MAX_WATCHERS];
	size_t watcher_count;
	struct service_problem problems[SERVICE_MAX_PROBLEMS];
	size_t problem_count;
	char unavailable[ERR_DETAIL_BYTES]; /* "": available */
};

/* Tells the watchers. */
void service_tell(struct service *service, enum service_change change, struct account *account,
		  struct moment now);

/* The account that LOGIN is for, made or changed as it asks. Errors as service_login(). */
int service_resolve_account(struct service *service, const struct service_login *login,
			    struct account **ret_account, struct err_detail *detail) _must_check_;

/* The authorizations' call-backs. */
void service_login_changed(struct account *account, struct moment now, void *context);
void service_credential_changed(struct account *account, struct moment now, void *context);
bool service_is_registering(const struct account *account, void *context);

#endif
