/* SPDX-License-Identifier: MIT */
#include "common/account_name.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"

bool account_name_valid(const char *name)
{
	size_t size = 1;

	if (!ascii_is_alphanumeric(name[0]))
		return false;
	for (; name[size]; size++) {
		if (size == ACCOUNT_NAME_BYTES - 1)
			return false;
		if (!ascii_is_alphanumeric(name[size]) && !strchr("._@:-", name[size]))
			return false;
	}
	return true;
}

bool account_name_is_alike(const char *name, const char *other)
{
	return strcasecmp(name, other) == 0 && strcmp(name, other) != 0;
}

int account_name_check(const char *name, struct err_detail *detail)
{
	if (account_name_valid(name))
		return 0;
	return err_set(
		detail, ERR_INVALID,
		"An account's name is 1 to 64 of the characters A-Z a-z 0-9 ._@:- and begins "
		"with a letter or digit");
}

bool username_is_harmless(const char *username)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789_.-";

	return *username && username[strspn(username, alphabet)] == '\0';
}
