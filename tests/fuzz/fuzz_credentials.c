/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/env_file.h"
#include "credentials_file.h"
#include "derived.h"
#include "fuzz.h"

static int parse(const char *text, size_t size, struct name_table *accounts)
{
	struct err_detail detail = {""};
	int r = state_file_parse(&credentials_file, -1, text, size, accounts, &detail);

	if (r && !detail.text[0])
		abort();
	return r;
}

/* misskey-token reads the files that the daemon derives for it. */
static void check_env(const struct credential *credential)
{
	_cleanup_(env_file_erase) struct env_file env = {0};
	_cleanup_(buf_done) struct buf text = {0};

	if (derived_env_text(credential->account, credential->server, credential, &text) ||
	    text.size > ENV_FILE_MAX_BYTES)
		abort();
	memcpy(env.bytes, buf_text(&text), text.size);
	if (env_file_parse(&env, text.size, credential->account) ||
	    env_file_is_good(&env) != credential_is_good(credential))
		abort();
}

/* What is accepted is written, and what is written is accepted and written the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct name_table accounts = {0};
	struct name_table again = {0};
	_cleanup_(buf_done) struct buf first = {0};
	_cleanup_(buf_done) struct buf second = {0};

	json_init();
	if (parse((const char *)data, size, &accounts)) {
		entry_free_rows(&credential_kind, &accounts);
		return 0;
	}
	for (size_t n = 0; n < accounts.count; n++)
		check_env(accounts.rows[n]);
	if (state_file_print(&credentials_file, &accounts, &first) ||
	    parse(buf_text(&first), first.size, &again) ||
	    state_file_print(&credentials_file, &again, &second) ||
	    strcmp(buf_text(&first), buf_text(&second)) != 0)
		abort();
	entry_free_rows(&credential_kind, &accounts);
	entry_free_rows(&credential_kind, &again);
	return 0;
}
