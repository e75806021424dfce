/* SPDX-License-Identifier: MIT */
#ifndef SERVICE_LOGIN_TEXT_H
#define SERVICE_LOGIN_TEXT_H

/*
 * What the control API, hooks and notifications all say of a login: the page to open, and who must
 * consent.
 */

#include "common/buf.h"
#include "service/service.h"

/* The session of the account's login, from its consent page to its end; else NULL. */
const struct registry_session *login_open_session(struct service *service,
						  const struct account *account);

/* Appends the address to open for the consent: the start link or, for a session without a browser,
 * the server's own page. Appends nothing if the redirect could not come back. */
void login_page_url(const struct service *service, const struct registry_session *session,
		    struct buf *url);

/* The name of the user who must consent; NULL: anybody may. */
const char *service_expected_user(const struct service *service, const struct account *account);

#endif
