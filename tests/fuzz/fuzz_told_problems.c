/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "told_problems.h"

#define CODE "STATE_DAMAGED"

static bool has_line(const char *text)
{
	const char *found = text;

	for (; (found = strstr(found, CODE "\n")); found++)
		if (found == text || found[-1] == '\n')
			return true;
	return false;
}

/* The file of the runtime directory: what is told in it has a line of its own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct told_problems told = {0};

	buf_append(&told.codes, data, size);
	if (buf_error(&told.codes) ||
	    told_problems_has(&told, CODE) != has_line(buf_text(&told.codes)))
		abort();
	told_problems_done(&told);
	return 0;
}
