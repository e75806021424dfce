/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The objects of docs/control-api.md. Each function returns a new value, or NULL without memory.
 */

#include <stdbool.h>

#include "common/json.h"
#include "control_messages.h"

/* FOR_AGENT: with the accounts too whose first login has not come to a consent page. */
struct json *control_json_status(const struct control *control, bool for_agent);
struct json *control_json_accounts(const struct control *control);
struct json *control_json_account(const struct control *control, struct account *account);
/* OPEN: the caller is the one who should open the start page. ACCOUNT must have a login. */
struct json *control_json_login(const struct control *control, struct account *account, bool open);
/* The same for an account whose good credential makes a login needless. */
struct json *control_json_needless_login(const struct control *control, struct account *account);
/* The same for a login whose session FINISHED is, whatever login the account has now. The account
 * may be gone. */
struct json *control_json_finished_login(const struct control *control,
					 const struct registry_finished *finished);
/* What DELETE forgets; before it is forgotten. */
struct json *control_json_forgotten(struct service *service, const struct account *account);
/* ACCOUNT must have a verification. */
struct json *control_json_verification(struct service *service, const struct account *account);
struct json *control_json_reload(const struct service *service,
				 const struct service_reload_report *report);
/* The account's name and its entry of credentials.json. */
struct json *control_json_credential(const struct credential *credential);
struct json *control_json_error(const char *code, const char *message);
