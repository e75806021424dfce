/* SPDX-License-Identifier: MIT */
#include "service/login_text.h"

#include <string.h>

const struct registry_session *login_open_session(struct service *service,
						  const struct account *account)
{
	enum login_phase phase = login_phase(service_find_login(service, account));

	if (phase != LOGIN_AWAITS_CONSENT && phase != LOGIN_HAS_CONSENT)
		return NULL;
	return registry_session_find(service_registry(service), account->name);
}

void login_page_url(const struct service *service, const struct registry_session *session,
		    struct buf *url)
{
	const char *callback_url = service_callback_url(service);

	if (!session->browser) {
		buf_append_text(url, session->consent_url);
	} else if (callback_url) {
		/* "http://127.0.0.1:PORT" without "/callback" */
		int size = (int)(strrchr(callback_url, '/') - callback_url);

		buf_append_format(url, "%.*s/start/%s", size, callback_url, session->start);
	}
}

const char *service_expected_user(const struct service *service, const struct account *account)
{
	return login_expected_user(account, service_credential(service, account->name)).username;
}
