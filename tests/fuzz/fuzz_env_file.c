/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "fuzz.h"
#include "token/token_file.h"

/* misskey-token prints values into JSON, headers and assignments of a shell without quoting. */
static bool is_harmless(const char *value)
{
	return !strpbrk(value, " \t\r\n\"'\\`$&|;<>(){}*?!#~^");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(token_file_erase) struct token_file file = {0};

	if (size > TOKEN_FILE_MAX_BYTES)
		return 0;
	memcpy(file.bytes, data, size);
	if (token_file_parse(&file, size, "me"))
		return 0;
	for (enum token_key key = 0; key < TOKEN_KEY_COUNT; key++)
		if (!is_harmless(token_file_value(&file, key)))
			abort();
	if (token_file_is_good(&file) && !*token_file_value(&file, TOKEN_KEY_TOKEN))
		abort();
	return 0;
}
