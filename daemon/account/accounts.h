/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Every account that the daemon knows, sorted by name. An account is what the config says, or else
 * what its credential says, which is what its last login made of it. One that has neither exists as
 * long as its login is pending.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/account_name.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/url.h"
#include "config/config.h"
#include "store/credentials.h"
#include "store/registry.h"

struct account {
	char name[ACCOUNT_NAME_BYTES];
	bool from_config;
	bool is_provisional;   /* it exists by its login alone */
	bool is_unlisted;      /* that has come to no page nor wait yet, or has ended */
	int64_t page_given_ms; /* when somebody was told to open the start page, monotonic */
	struct url_server server;
	char *permission; /* canonical */
	char *user;	  /* who must consent, by the config; NULL: not fixed */
	char *app_name;
	char *description;
	enum method method; /* by which its next login asks */
};

struct accounts;

int accounts_new(struct accounts **ret_accounts) _must_check_;
void accounts_free(struct accounts *accounts);
DEFINE_CLEANUP(struct accounts *, accounts_free);

/* Adds the accounts of the config, then of the credentials, then of the pending logins. REGISTRY
 * and CREDENTIALS may be NULL. ERR_NOMEM. */
int accounts_load(struct accounts *accounts, const struct config *config,
		  const struct registry *registry,
		  const struct credentials *credentials) _must_check_;

/* Whether an account of CONFIG and another one differ only in the case of letters: ERR_EXISTS with
 * a sentence. ERR_NOMEM. */
int accounts_check_names(const struct accounts *accounts, const struct config *config,
			 struct err_detail *detail) _must_check_;

/* Makes the account that DEFINITION (copied) names, or makes it that. Without an app_name it has
 * the default, without a description likewise. Pointers to accounts stay valid. ERR_NOMEM. */
int accounts_put(struct accounts *accounts, const struct config_account *definition,
		 struct account **ret_account) _must_check_;

/* Makes the account that CREDENTIAL is of, or makes it what CREDENTIAL says. REGISTRY has the app's
 * description; it may be NULL. ERR_NOMEM. */
int accounts_put_credential(struct accounts *accounts, const struct credential *credential,
			    const struct registry *registry,
			    struct account **ret_account) _must_check_;

/* Takes the account out and frees it: nobody may refer to it any more. */
void accounts_remove(struct accounts *accounts, const char *name);

/* What accounts_replace() has done with an account. */
enum accounts_change { ACCOUNTS_ADDED, ACCOUNTS_CHANGED, ACCOUNTS_REMOVED };
typedef void accounts_change_function(enum accounts_change change, struct account *account,
				      void *context);

/* Makes the accounts those of WANTED, which can only be freed afterwards. Pointers to accounts that
 * are in both stay valid. FUNCTION is called for each difference. With ACCOUNTS_REMOVED it decides:
 * it calls accounts_remove(), or the account stays. ERR_NOMEM: nothing was changed. */
int accounts_replace(struct accounts *accounts, struct accounts *wanted,
		     accounts_change_function *function, void *context) _must_check_;

struct account *accounts_find(struct accounts *accounts, const char *name);
size_t accounts_count(const struct accounts *accounts);
struct account *accounts_at(struct accounts *accounts, size_t index);
