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

	return r ? r : verification_start(account, &service->verification_environment, detail);
}

void service_verification_ended(struct account *account, struct clock_time now, void *context)
{
	struct service *service = context;
	const struct verification_report *report = verification_report(account->verification);

	if (credentials_is_stale(service->credentials) && service->flush_ms == CLOCK_NEVER)
		service->flush_ms = now.mono_ms + SERVICE_FLUSH_MS;
	/* credentials.json may be right already, and the files made from it not. */
	if (report->stored)
		service->repair_ms = now.mono_ms + SERVICE_REPAIR_MS;
	if (report->state_changed)
		service_tell(service, SERVICE_CREDENTIAL_CHANGED, account, now);
	service_tell(service, SERVICE_VERIFICATION_ENDED, account, now);
}

/* ---- Forgetting ---- */

void service_drop_account(struct service *service, struct account *account, struct clock_time now)
{
	service_tell(service, SERVICE_ACCOUNT_REMOVED, account, now);
	for (size_t n = 0; n < service->login_count; n++) {
		if (service->logins[n] != account)
			continue;
		service->logins[n] = service->logins[--service->login_count];
		break;
	}
	login_free(account->login);
	verification_free(account->verification);
	accounts_remove(service->accounts, account->name);
}

static void end_questions(struct account *account, struct clock_time now)
{
	if (account->login)
		login_cancel(account->login, "the account was removed from this computer", now);
	verification_free(account->verification);
	account->verification = NULL;
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
	end_questions(account, now);
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
