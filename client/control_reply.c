/* SPDX-License-Identifier: MIT */
#include "client/control_reply.h"

#include <string.h>

static bool is_text(const struct json *object, const char *key, const char *value)
{
	const char *text = json_get_string(object, key);

	return text && strcmp(text, value) == 0;
}

enum credential_state control_credential_state(const struct json *account)
{
	return credential_state_from_text(json_get_string(account, "state"));
}

bool control_is_configured(const struct json *account)
{
	return is_text(account, "source", SOURCE_CONFIG);
}

enum login_state control_login_state(const struct json *login)
{
	return login_state_from_text(json_get_string(login, "state"));
}

enum outcome control_login_outcome(const struct json *login)
{
	return outcome_from_code(json_get_string(login, "outcome"));
}

const char *control_login_page(const struct json *login)
{
	const char *start_url = json_get_string(login, "start_url");

	return start_url ? start_url : json_get_string(login, "consent_url");
}

bool control_login_is_raced(const struct json *login)
{
	return is_text(json_get(login, "problem"), "code", CODE_START_RACED);
}

const struct json *control_find(const struct json *list, const char *key, const char *value)
{
	const struct json *object = json_first(list);

	while (object && !is_text(object, key, value))
		object = json_next(object);
	return object;
}
