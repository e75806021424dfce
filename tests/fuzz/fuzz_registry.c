/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "registry_rows.h"
#include "state_file.h"

static const struct state_file file = {
	.name = REGISTRY_FILE,
	.max_bytes = REGISTRY_MAX_BYTES,
	.version = REGISTRY_VERSION,
	.damaged_advice = "Move it away",
	.version_advice = "Move it away",
};

static struct registry *parse(const char *text, size_t size)
{
	_cleanup_(registry_freep) struct registry *registry = calloc(1, sizeof(*registry));
	_cleanup_(json_freep) struct json *root = NULL;
	struct err_detail detail = {""};
	int r = registry ? state_file_parse(&file, -1, text, size, &root, &detail) : ERR_NOMEM;

	if (!r)
		r = registry_from_json(root, registry, &detail);
	if (r && !detail.text[0])
		abort();
	return r ? NULL : TAKE_PTR(registry);
}

/* What is accepted is written, and what is written is accepted and written the same. At the time 0
 * nothing that is finished is too old. */
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
	if (registry_to_json(registry, 0, &first))
		abort();
	again = parse(buf_text(&first), first.size);
	if (!again || registry_to_json(again, 0, &second) ||
	    strcmp(buf_text(&first), buf_text(&second)) != 0)
		abort();
	return 0;
}
