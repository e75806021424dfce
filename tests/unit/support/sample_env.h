/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * An account's env file, as misskey-token has read it.
 */

#include <string.h>

#include "common/env_file.h"

/* A token of a fork that has more characters than Misskey's. */
#define SAMPLE_TOKEN "aB+/=9"
#define SAMPLE_ENV                                      \
	"MISSKEY_STATE=verified\n"                      \
	"MISSKEY_SERVER=https://misskey.example:8443\n" \
	"MISSKEY_URL=https://misskey.example:8443\n"    \
	"MISSKEY_HOST=misskey.example:8443\n"           \
	"MISSKEY_ACCOUNT=bot@misskey.example\n"         \
	"MISSKEY_USER=alice\n"                          \
	"MISSKEY_USER_ID=9abc\n"                        \
	"MISSKEY_PERMISSION=read:account,write:notes\n" \
	"MISSKEY_TOKEN=" SAMPLE_TOKEN "\n"

/* Whether TEXT is such a file. */
static inline bool sample_env(const char *text, struct env_file *ret_file)
{
	*ret_file = (struct env_file){0};
	strcpy(ret_file->bytes, text);
	return !env_file_parse(ret_file, strlen(text), "bot@misskey.example");
}
