/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/env_file.h"
#include "fuzz.h"

/* misskey-token prints values into JSON, headers and assignments of a shell without quoting. */
static bool is_harmless(const char *value)
{
	return !strpbrk(value, " \t\r\n\"'\\`$&|;<>(){}*?!#~^");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(env_file_erase) struct env_file file = {0};

	if (size > ENV_FILE_MAX_BYTES)
		return 0;
	memcpy(file.bytes, data, size);
	if (env_file_parse(&file, size, "me"))
		return 0;
	for (enum env_key key = 0; key < ENV_KEY_COUNT; key++)
		if (!is_harmless(env_file_value(&file, key)))
			abort();
	if (env_file_is_good(&file) && !*env_file_value(&file, ENV_KEY_TOKEN))
		abort();
	return 0;
}
