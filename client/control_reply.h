/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Reads the objects of docs/control-api.md, in the words of common/vocabulary.h. An object may be
 * NULL: it says nothing then. What is returned belongs to the object.
 */

#include <stdbool.h>

#include "common/json.h"
#include "common/vocabulary.h"

/* Of an ACCOUNT; CREDENTIAL_STATE_COUNT if it has none or an unknown one. */
enum credential_state control_credential_state(const struct json *account);

/* Whether ACCOUNT is in the config. */
bool control_is_configured(const struct json *account);

/* Of a LOGIN; LOGIN_IDLE if it has none or an unknown one. */
enum login_state control_login_state(const struct json *login);

/* How LOGIN ended; OUTCOME_NONE if it has not, or in an unknown way. */
enum outcome control_login_outcome(const struct json *login);

/* The page of LOGIN to open; NULL if there is none. */
const char *control_login_page(const struct json *login);

/* Whether the page of LOGIN is in place of one that was opened in two browsers. The person decides
 * which browser gets the new one, so it is shown and not opened. */
bool control_login_is_raced(const struct json *login);

/* The first object of LIST whose member KEY is the text VALUE; NULL if there is none. */
const struct json *control_find(const struct json *list, const char *key, const char *value);
