/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "fuzz.h"

/* What is accepted must print, and its print must be accepted and print the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(json_freep) struct json *value = NULL;
	_cleanup_(json_freep) struct json *again = NULL;
	_cleanup_(buf_done) struct buf first = {0};
	_cleanup_(buf_done) struct buf second = {0};

	json_init();
	if (json_parse((const char *)data, size, 65536, &value, NULL))
		return 0;
	if (json_print(value, false, &first) ||
	    json_parse(buf_text(&first), first.size, BUF_MAX_BYTES, &again, NULL) ||
	    json_print(again, false, &second))
		abort();
	if (first.size != second.size ||
	    memcmp(buf_text(&first), buf_text(&second), first.size) != 0)
		abort();
	return 0;
}
