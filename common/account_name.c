/* SPDX-License-Identifier: MIT */
#include "common/account_name.h"

#include <stddef.h>
#include <string.h>

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

bool username_is_harmless(const char *username)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789_.-";

	return *username && username[strspn(username, alphabet)] == '\0';
}
