/* SPDX-License-Identifier: MIT */
#include "misskey/misskey_software.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"

#define NAME_ALPHABET "abcdefghijklmnopqrstuvwxyz0123456789-"
#define VERSION_ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-"

/* From Misskey 12 a person can remove an app; from 2023 the page of apps has an address that works
 * in windows of any width. */
#define FIRST_WITH_REMOVAL 12
#define FIRST_WITH_APPS_PAGE 2023

static bool is_word(const char *text, const char *alphabet)
{
	return text && *text && text[strspn(text, alphabet)] == '\0';
}

bool misskey_software_read(const struct http_answer *answer,
			   char ret_software[static MISSKEY_SOFTWARE_BYTES])
{
	_cleanup_(json_freep) struct json *body = NULL;
	const struct json *software;
	const char *name, *version;
	int size;

	ret_software[0] = '\0';
	if (answer->failure != HTTP_ANSWERED || answer->status != 200 || !answer->body ||
	    json_parse(answer->body, answer->body_size, HTTP_CLIENT_ANSWER_BYTES, &body, NULL))
		return false;
	software = json_get(body, "software");
	name = json_get_string(software, "name");
	version = json_get_string(software, "version");
	if (!is_word(name, NAME_ALPHABET) || !is_word(version, VERSION_ALPHABET))
		return false;
	size = snprintf(ret_software, MISSKEY_SOFTWARE_BYTES, "%s %s", name, version);
	if (size > 0 && size < MISSKEY_SOFTWARE_BYTES)
		return true;
	ret_software[0] = '\0';
	return false;
}

/* The version of SOFTWARE if that is called NAME, else NULL. */
static const char *version_of(const char *software, const char *name)
{
	size_t length = strlen(name);

	return strncmp(software, name, length) == 0 && software[length] == ' '
		       ? software + length + 1
		       : NULL;
}

enum withdrawal misskey_withdrawal(const char *software, enum method method)
{
	static const char *const nameless[] = {"calckey", "firefish", "iceshrimp"};
	const char *version;
	long major;

	if (!software)
		return WITHDRAWAL_APPS;
	for (size_t i = 0; i < sizeof(nameless) / sizeof(nameless[0]); i++)
		if (version_of(software, nameless[i]))
			return method == METHOD_MIAUTH ? WITHDRAWAL_APPS : WITHDRAWAL_LAST_USED;
	version = version_of(software, "misskey");
	major = version ? strtol(version, NULL, 10) : FIRST_WITH_APPS_PAGE;
	if (major < FIRST_WITH_REMOVAL)
		return WITHDRAWAL_ADMINISTRATOR;
	return major < FIRST_WITH_APPS_PAGE ? WITHDRAWAL_API : WITHDRAWAL_APPS;
}
