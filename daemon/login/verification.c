/* SPDX-License-Identifier: MIT */
#include "login/verification.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "login_steps.h"

struct verification {
	char name[ACCOUNT_NAME_BYTES]; /* the account's: a row of a name_table begins with it */
	struct account *account;       /* borrowed */
	struct login_environment *environment;
	struct http_call *call;		       /* under way; NULL: none */
	char session_digest[SHA256_HEX_BYTES]; /* of the credential that it is about */
	int64_t asked_at; /* unix s: when the latest question ended; 0: none has */
	struct verification_report report;
};

/* ---- What an answer means ---- */

/* Whether VERDICT says anything of the credential; *ret_state is its state then. */
static bool read_verdict(enum misskey_verdict verdict, enum credential_state *ret_state)
{
	switch (verdict) {
	case MISSKEY_DONE:
	case MISSKEY_DENIED: /* it works, and may not read the account */
		*ret_state = CREDENTIAL_VERIFIED;
		return true;
	case MISSKEY_REJECTED:
		*ret_state = CREDENTIAL_REVOKED;
		return true;
	case MISSKEY_SUSPENDED:
		*ret_state = CREDENTIAL_SUSPENDED;
		return true;
	default:
		return false;
	}
}

static void read_answer(const struct credential *credential, const struct http_answer *answer,
			struct verification_report *report)
{
	struct misskey_user user = {0};
	enum misskey_verdict verdict = misskey_verify_read(answer, &user, &report->problem);

	report->is_known = read_verdict(verdict, &report->state);
	report->is_for_now = verdict == MISSKEY_FOR_NOW;
	if (verdict == MISSKEY_DONE && strcmp(user.id, credential->user_id) != 0) {
		report->state = CREDENTIAL_REVOKED;
		report->problem = (struct misskey_problem){
			.code = "OTHER_USER",
			.text = "The server says that the credential is another user's",
		};
	} else if (verification_is_good(report)) {
		report->problem = (struct misskey_problem){0};
	}
}

bool verification_is_good(const struct verification_report *report)
{
	return report->is_known && report->state == CREDENTIAL_VERIFIED;
}

void verification_record(struct credentials *credentials, const char *account,
			 const struct http_answer *answer, int64_t unix_s,
			 struct verification_report *ret_report)
{
	struct verification_report report = {0};

	read_answer(credentials_find(credentials, account), answer, &report);
	if (report.is_known)
		report.stored = credentials_set_state(credentials, account, report.state, unix_s,
						      &report.state_changed, &report.store_problem);
	if (report.stored)
		log_error("account %s: its state could not be written: %s", account,
			  report.store_problem.text);
	*ret_report = report;
}

/* ---- Asking ---- */

int verification_ask(struct http_client *client, const struct credential *credential,
		     http_answer_function *function, void *context, struct http_call **ret_call,
		     struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf body = {0};
	struct url_server server;
	int r = misskey_verify_request(&credential->i, &body);

	if (r == 0)
		r = buf_error(&body);
	if (r)
		return err_set(detail, r, "The question could not be put together: %s",
			       err_text(r));
	/* Where it was obtained: the account may have moved to another server since. */
	r = url_server_parse(credential->server, &server, detail);
	if (r)
		return r;
	return http_client_post(client, &server, MISSKEY_PATH_I, buf_text(&body), body.size,
				function, context, ret_call, detail);
}

static void log_report(const struct verification *verification)
{
	const struct verification_report *report = &verification->report;
	const struct account *account = verification->account;

	if (!report->is_known)
		log_warning("account %s: whether the credential works could not be asked: %s: %s",
			    account->name, account->server.origin, report->problem.text);
	else if (!verification_is_good(report))
		log_warning("account %s: the credential does not work: %s: %s", account->name,
			    account->server.origin, report->problem.text);
	else if (report->state_changed)
		log_info("account %s: the credential works", account->name);
}

static void on_answer(const struct http_answer *answer, void *context)
{
	struct verification *verification = context;
	const struct login_environment *environment = verification->environment;
	struct account *account = verification->account;
	const struct credential *credential =
		credentials_find(environment->credentials, account->name);
	struct clock_time now = clock_now();

	verification->call = NULL;
	verification->asked_at = now.unix_s;
	/* If a login has replaced the credential meanwhile, the answer says nothing of the new one.
	 */
	if (credential && credential_is_kept(credential) &&
	    strcmp(credential->session_digest, verification->session_digest) == 0)
		verification_record(environment->credentials, account->name, answer, now.unix_s,
				    &verification->report);
	else
		verification->report = (struct verification_report){
			.is_for_now = true,
			.problem = {.code = "SUPERSEDED",
				    .text = "The credential was replaced or removed meanwhile"},
		};
	log_report(verification);
	if (verification->report.state_changed)
		environment->changed(LOGIN_CREDENTIAL_CHANGED, account, now, environment->context);
	environment->changed(LOGIN_VERIFICATION_ENDED, account, now, environment->context);
}

struct verification *verification_find(const struct login_environment *environment,
				       const struct account *account)
{
	return name_table_find(&environment->verifications, account->name);
}

int verification_start(struct account *account, struct login_environment *environment,
		       struct err_detail *detail)
{
	const struct credential *credential =
		credentials_find(environment->credentials, account->name);
	struct verification *verification;

	if (!credential || !credential_is_kept(credential))
		return err_set(detail, ERR_NOT_FOUND,
			       "The account %s has no credential to ask about. Log in with: "
			       "misskey-authctl login %s",
			       account->name, account->name);
	verification = login_row(&environment->verifications, account, sizeof(*verification));
	if (!verification)
		return err_set(detail, ERR_NOMEM, "no memory");
	if (verification->call)
		return 0;
	verification->account = account;
	verification->environment = environment;
	memcpy(verification->session_digest, credential->session_digest,
	       sizeof(verification->session_digest));
	return verification_ask(environment->client, credential, on_answer, verification,
				&verification->call, detail);
}

bool verification_is_under_way(const struct verification *verification)
{
	return verification && verification->call;
}

int64_t verification_asked_at(const struct verification *verification)
{
	return verification ? verification->asked_at : 0;
}

const struct verification_report *verification_report(const struct verification *verification)
{
	return &verification->report;
}

void verification_free(struct verification *verification)
{
	if (!verification)
		return;
	(void)name_table_take(&verification->environment->verifications, verification->name);
	if (verification->call)
		http_call_cancel(verification->call);
	free(verification);
}
