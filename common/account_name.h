/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Names of accounts and users, and how long those of apps may be.
 */

#include <stdbool.h>

#include "common/err.h"

/* [A-Za-z0-9][A-Za-z0-9._@:-]{0,63}: a file name too. */
#define ACCOUNT_NAME_BYTES 65
/* An app's: Misskey answers 500 to longer ones (characters, which are at most 4 bytes each). */
#define APP_NAME_CHARS 128
#define APP_DESCRIPTION_CHARS 512

bool account_name_valid(const char *name);
/* Whether the names differ, but only in the case of letters: no two accounts may. Some file systems
 * would take their directories for one. */
bool account_name_is_alike(const char *name, const char *other);
/* As account_name_valid(), with a sentence for whoever gave NAME: 0 or ERR_INVALID. */
int account_name_check(const char *name, struct err_detail *detail) _must_check_;

/* Whether a shell and systemd read the user's name as it is. Other names are left out of
 * environments; they are in the JSON. */
bool username_is_harmless(const char *username);
