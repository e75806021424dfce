/* SPDX-License-Identifier: MIT */
/*
 * What can be done with an account besides logging in: asking whether its credential works, and
 * forgetting it.
 */
#include <string.h>

#include "common/log.h"
#include "service_state.h"

/* ---- Verifying ---- */

int service_verify(struct service *service, struct account *account, struct err_detail *detail)
{
	int r = service_check_available(service, detail);

	return r ? r : verification_start(account, &service->environment, detail);
}

/* ---- Forgetting ---- */

void service_drop_account(struct service *service, struct account *account, struct clock_time now)
{
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

	if (login)
		login_cancel(login, "the account was removed from this computer", now);
	verification_free(verification_find(&service->environment, account));
}

int service_logout(struct service *service, struct account *account, struct clock_time now,
		   struct err_detail *detail)
{
	struct err_detail save_detail;
	bool had_credential;
	int r = service_check_available(service, detail);

	if (r)
		return r;
	had_credential = credentials_find(service->credentials, account->name) != NULL;
	r = credentials_remove(service->credentials, account->name,
			       account->from_config ? account->server.origin : NULL, detail);
	if (r)
		return r;
	end_questions(service, account, now);
	registry_account_remove(service->registry, account->name);
	if (registry_save(service->registry, now.unix_s, &save_detail))
		log_warning("account %s: it may be listed again after a restart: %s", account->name,
			    save_detail.text);
	log_info("account %s: its credential was removed from this computer", account->name);
	if (!account->from_config)
		service_drop_account(service, account, now);
	else if (had_credential)
		service_tell(service, SERVICE_CREDENTIAL_CHANGED, account, now);
	return 0;
}
