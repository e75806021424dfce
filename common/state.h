/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the files of the state directory are called, which versions of them are known and how large
 * they may be: for the daemon, which writes them, and for doctor, which looks at them.
 */

#include <stddef.h>

#define CREDENTIALS_FILE "credentials.json"
#define CREDENTIALS_VERSION 1
#define CREDENTIALS_MAX_BYTES ((size_t)64 * 1024 * 1024)

/* accounts/NAME/env and accounts/NAME/token are made from credentials.json. */
#define ACCOUNTS_DIRECTORY "accounts"
#define ACCOUNT_ENV_FILE "env"
#define ACCOUNT_TOKEN_FILE "token"

#define REGISTRY_FILE "registry.json"
#define REGISTRY_VERSION 1
#define REGISTRY_MAX_BYTES ((size_t)32 * 1024 * 1024)
