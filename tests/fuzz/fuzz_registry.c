/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "registry_rows.h"

static struct registry *parse(const char *text, size_t size)
{
	_cleanup_(registry_freep) struct registry *registry = calloc(1, sizeof(*registry));
	struct err_detail detail = {""};
	int r = registry
			? state_file_parse(&registry_file, -1, text, size, registry->lists, &detail)
			: ERR_NOMEM;

	if (r && !detail.text[0])
		abort();
	return r ? NULL : TAKE_PTR(registry);
}

/* What is accepted is written, and what is written is accepted and written the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(registry_freep) struct registry *registry = NULL;
	_cleanup_(registry_freep) struct registry *again = NULL;
	_cleanup_(buf_done) struct buf first = {0};
	_cleanup_(buf_done) struct buf second = {0};

	json_init();
	registry = parse((const char *)data, size);
	if (!registry)
		return 0;
	if (state_file_print(&registry_file, registry->lists, &first))
		abort();
	again = parse(buf_text(&first), first.size);
	if (!again || state_file_print(&registry_file, again->lists, &second) ||
	    strcmp(buf_text(&first), buf_text(&second)) != 0)
		abort();
	return 0;
}
