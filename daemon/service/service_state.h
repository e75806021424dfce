/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the files of the service share.
 */

#include "service/service.h"

/* Of the rooms above. */
#define SERVICE_MAX_WATCHERS 2

struct service_watch {
	service_watcher *function;
	void *context;
};

/* Times of verification are written this long after the first of them. */
#define SERVICE_FLUSH_MS 5000
/* Files in accounts/ that could not be written are tried again after this time. */
#define SERVICE_REPAIR_MS 60000

struct service {
	struct config *config;
	struct config_source source;
	unsigned port; /* of the config at start */
	bool log_level_is_fixed;
	const char *callback_url; /* borrowed */
	bool callback_is_passed;
	char *state_directory;
	int state_fd;
	int lock_fd;
	struct registry *registry;	 /* NULL while unavailable */
	struct credentials *credentials; /* NULL while unavailable */
	struct accounts *accounts;
	struct login_environment environment; /* holds the logins and verifications */
	bool has_resumed;		      /* this start went on with an exchange */
	int64_t flush_ms;  /* monotonic: when to write the credentials' times; or CLOCK_NEVER */
	int64_t repair_ms; /* the same for accounts/ */
	struct service_watch watchers[SERVICE_MAX_WATCHERS];
	size_t watcher_count;
	struct service_problem problems[SERVICE_MAX_PROBLEMS];
	size_t problem_count;
	struct service_refusal unavailable; /* its text "": available */
};

/* Tells the watchers. */
void service_tell(struct service *service, enum service_change change, struct account *account,
		  struct clock_time now);

/* Adds or clears the problem that the config has another port than the listener. */
void service_check_port(struct service *service);

/* The account that ASKED is for, made if it is not known, and what its login is to ask for, which
 * is the caller's. Errors as service_login(): nothing was changed. */
int service_resolve_account(struct service *service, const struct service_login *asked,
			    struct account **ret_account, struct wish *ret_wish,
			    struct err_detail *detail) _must_check_;

/* Refuses NAME, a new account's, if it differs only in the case of letters from that of an account
 * other than EXCEPT (which may be NULL): ERR_EXISTS. */
int service_check_name(const struct service *service, const char *name,
		       const struct account *except, struct err_detail *detail) _must_check_;

/* The files in accounts/ say what credentials.json says, for all accounts that there are. */
void service_derive_all(struct service *service);

/* Whether ACCOUNT, if it is in the config, is still what SESSION was made for. */
bool service_session_fits(const struct registry_session *session, const struct account *account);

/* At an orderly end: no exchange has ended this process. */
void service_forget_resumes(struct service *service, struct clock_time now);

/* Takes ACCOUNT, whose login must not be under way, out and frees it. */
void service_drop_account(struct service *service, struct account *account, struct clock_time now);

/* The logins' call-back. */
void service_login_changed(enum login_change change, struct account *account, struct clock_time now,
			   void *context);
