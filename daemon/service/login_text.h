/* SPDX-License-Identifier: MIT */
#ifndef SERVICE_LOGIN_TEXT_H
#define SERVICE_LOGIN_TEXT_H

/*
 * What is said of an account's login in the same way by the control API and to hooks: the page to
 * open, and who has to consent.
 */

#include "common/buf.h"
#include "service/service.h"

/* The pending session, while there is a page of it to open; else NULL. ACCOUNT must have an
 * login. */
const struct registry_session *login_open_session(struct service *service,
						  const struct account *account);

/* Appends what is to be opened for the consent: the start link or, for a session without a browser,
 * the server's own page. Nothing if the browser could not come back from it. */
void login_page_url(const struct service *service, const struct registry_session *session,
		    struct buf *url);

/* Whose consent is expected; NULL: anybody's. */
const char *login_expected_user(const struct service *service, const struct account *account);

#endif
