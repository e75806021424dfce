/* SPDX-License-Identifier: MIT */
/*
 * What can be done with an account besides logging in: asking whether its credential works,
 * forgetting it, and renaming it.
 */
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "service_state.h"

/* ---- Names ---- */

int service_check_name(const struct service *service, const char *name,
		       const struct account *except, struct err_detail *detail)
{
	for (size_t n = 0; n < accounts_count(service->accounts); n++) {
		const struct account *account = accounts_at(service->accounts, n);

		/* One whose first login has ended is no account any more. */
		if (account == except || !account_name_is_alike(account->name, name) ||
		    (account->is_provisional &&
		     login_phase(service_find_login(service, account)) == LOGIN_IS_OVER))
			continue;
		return err_set(detail, ERR_EXISTS,
			       "There is an account %s, and %s differs from that only in the case "
			       "of letters; use that account, or choose another name",
			       account->name, name);
	}
	return 0;
}

/* ---- Verifying ---- */

int service_verify(struct service *service, struct account *account, struct err_detail *detail)
{
	int r = service_check_available(service, detail);

	return r ? r : verification_start(account, &service->environment, detail);
}

/* ---- Forgetting ---- */

void service_drop_account(struct service *service, struct account *account, struct clock_time now)
{
	/* Of one that is not shown, its end was told. */
	if (!account->is_unlisted)
		service_tell(service, SERVICE_ACCOUNT_REMOVED, account, now);
	login_free(service_find_login(service, account));
	verification_free(verification_find(&service->environment, account));
	accounts_remove(service->accounts, account->name);
}

/* Nothing that a server answers from now on makes a credential again. */
static void end_questions(const struct service *service, const struct account *account,
			  struct clock_time now)
{
	struct login *login = service_find_login(service, account);

	/* Whoever waits for its answer is told by what follows. */
	verification_free(verification_find(&service->environment, account));
	if (login)
		login_cancel(login, "the account was removed from this computer", now);
}

int service_logout(struct service *service, struct account *account, struct clock_time now,
		   struct err_detail *detail)
{
	bool had_credential;
	int r = service_check_available(service, detail);

	if (r)
		return r;
	had_credential = credentials_find(service->credentials, account->name) != NULL;
	r = credentials_remove(service->credentials, account->name,
			       account->from_config ? account->server.origin : NULL, detail);
	if (r)
		return r;
	account->is_provisional = !account->from_config;
	end_questions(service, account, now);
	log_info("account %s: its credential was removed from this computer", account->name);
	if (!account->from_config)
		service_drop_account(service, account, now);
	else if (had_credential)
		service_tell(service, SERVICE_CREDENTIAL_CHANGED, account, now);
	return 0;
}

/* ---- Renaming ---- */

static int refuse_name(const struct account *account, const char *name, const char *why,
		       struct err_detail *detail)
{
	return err_set(detail, ERR_EXISTS, "The account %s cannot be renamed to %s: %s",
		       account->name, name, why);
}

/* OTHER, which has the new name and no login under way, may be there if the config has it and
 * nothing is stored for it. */
static int check_other(const struct service *service, const struct account *account,
		       const struct account *other, struct err_detail *detail)
{
	const struct credential *credential = service_credential(service, account->name);

	/* One whose first login has failed, which no list shows. */
	if (other->is_provisional)
		return 0;
	if (other->from_config && !service_credential(service, other->name) &&
	    strcmp(other->server.origin, credential->server) == 0 &&
	    (!other->user || strcasecmp(other->user, credential->username) == 0))
		return 0;
	return refuse_name(account, other->name,
			   "there is an account of that name; choose another one", detail);
}

static int check_rename(const struct service *service, const struct account *account,
			const char *name, struct err_detail *detail)
{
	const struct account *other;
	int r = account_name_check(name, detail);

	if (r)
		return r;
	if (account->from_config && account_name_is_alike(account->name, name))
		return err_set(detail, ERR_EXISTS,
			       "The account %s is in the config. Take [account %s] out of %s, run "
			       "misskey-authctl reload and then this again, and add [account %s]",
			       account->name, account->name, service->config->file, name);
	if (account->from_config)
		return err_set(detail, ERR_EXISTS,
			       "The account %s is in the config. Change [account %s] to [account "
			       "%s] in %s, run misskey-authctl reload, and then this again",
			       account->name, account->name, name, service->config->file);
	if (!service_credential(service, account->name))
		return refuse_name(account, name, "it has no credential", detail);
	r = service_check_name(service, name, account, detail);
	if (r)
		return r;
	other = accounts_find(service->accounts, name);
	if (login_phase(service_find_login(service, account)) != LOGIN_IS_OVER ||
	    (other && login_phase(service_find_login(service, other)) != LOGIN_IS_OVER))
		return refuse_name(account, name,
				   "a login is under way; wait for its end, or end it with "
				   "misskey-authctl cancel",
				   detail);
	if (verification_is_under_way(service_find_verification(service, account)))
		return refuse_name(account, name,
				   "its server is being asked about the credential; try again in "
				   "a moment",
				   detail);
	return other ? check_other(service, account, other, detail) : 0;
}

int service_rename(struct service *service, struct account *account, const char *name,
		   struct clock_time now, struct account **ret_account, struct err_detail *detail)
{
	struct err_detail unsaved;
	struct account *other;
	int r = service_check_available(service, detail);

	if (!r)
		r = check_rename(service, account, name, detail);
	if (r)
		return r;
	r = credentials_rename(service->credentials, account->name, name, detail);
	if (r && !credentials_find(service->credentials, name))
		return r;
	/* credentials.json says it: the files that are made from it follow. */
	if (r) {
		log_error("account %s: %s", name, detail->text);
		service->repair_ms = now.mono_ms + SERVICE_REPAIR_MS;
	}
	registry_rename(service->registry, account->name, name);
	/* Without that the next login registers another app. */
	if (registry_save(service->registry, now.unix_s, &unsaved))
		log_warning("account %s: %s", name, unsaved.text);
	log_info("account %s: it is called %s now", account->name, name);
	service_drop_account(service, account, now);
	other = accounts_find(service->accounts, name);
	if (other && other->is_provisional)
		service_drop_account(service, other, now);
	*ret_account = accounts_find(service->accounts, name);
	r = 0;
	if (!*ret_account || !(*ret_account)->from_config)
		r = accounts_put_credential(service->accounts,
					    credentials_find(service->credentials, name),
					    service->registry, ret_account);
	if (r)
		return err_set(detail, r, "no memory for the account %s", name);
	service_tell(service, SERVICE_CREDENTIAL_CHANGED, *ret_account, now);
	return 0;
}
