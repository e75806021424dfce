/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The objects of docs/control-api.md. Each function returns a new value, or NULL without memory.
 */

#include <stdbool.h>

#include "common/json.h"
#include "service/service.h"

/* HAS_AGENT: misskey-authd-agent follows the events. FOR_AGENT: with the accounts too whose first
 * login has not come to a consent page. */
struct json *control_json_status(struct service *service, bool has_agent, bool for_agent);
struct json *control_json_accounts(struct service *service);
struct json *control_json_account(struct service *service, struct account *account);
/* OPEN: the caller is the one who should open the start page. ACCOUNT must have a login. */
struct json *control_json_login(struct service *service, struct account *account, bool open);
/* What DELETE forgets; before it is forgotten. */
struct json *control_json_forgotten(struct service *service, const struct account *account);
/* ACCOUNT must have a verification. */
struct json *control_json_verification(struct service *service, const struct account *account);
struct json *control_json_reload(const struct service *service,
				 const struct service_reload_report *report);
/* The credential itself. */
struct json *control_json_token(const struct credential *credential);
/* All that credentials.json says of the account, the credential too. */
struct json *control_json_credential(const struct credential *credential);
struct json *control_json_error(const char *code, const char *message);
