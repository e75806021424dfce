/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "common/digest.h"
#include "credentials_file.h"

#define APP_NAME_MAX_BYTES (APP_NAME_CHARS * 4)
#define SOFTWARE_MAX_BYTES 128

bool credential_is_good(const struct credential *credential)
{
	return credential_state_is_good(credential->state);
}

bool credential_is_kept(const struct credential *credential)
{
	return credential->state != CREDENTIAL_REVOKED;
}

/* The kind of entry */

static const char *state_word(unsigned value)
{
	return value < CREDENTIAL_ABSENT ? credential_state_text((enum credential_state)value)
					 : NULL;
}

/* With an app, i is a digest of 64 digits. */
static bool is_digest(const struct secret *i)
{
	const char *text = secret_reveal(i);

	return i->size == SHA256_HEX_BYTES - 1 && strspn(text, "0123456789abcdef") == i->size;
}

static const char *misfit(const void *entry)
{
	const struct credential *credential = entry;
	bool has_app = credential->method == METHOD_APP;

	if (has_app != (credential->app_id != NULL))
		return "app.id";
	if (credential_is_kept(credential) != secret_is_set(&credential->i) ||
	    (has_app && secret_is_set(&credential->i) && !is_digest(&credential->i)))
		return "i";
	return NULL;
}

#define AT(field) ENTRY_AT(struct credential, field)
static const struct entry_member members[] = {
	{"account", AT(account), .form = ENTRY_NAME},
	{"server", AT(server), .form = ENTRY_ORIGIN},
	{"user", .type = ENTRY_OBJECT},
	{"user.id", AT(user_id), .form = ENTRY_ID},
	{"user.username", AT(username), .form = ENTRY_WORDS, .max = URL_USER_BYTES - 1},
	{"i", AT(i), .form = ENTRY_TOKEN, .max = SECRET_MAX_BYTES, .may_be_null = true},
	{"method", AT(method), .word = entry_method_word},
	{"permission", AT(permission), .form = ENTRY_PERMISSION},
	{"app", .type = ENTRY_OBJECT},
	{"app.id", AT(app_id), .form = ENTRY_ID, .may_be_null = true},
	{"app.name", AT(app_name), .form = ENTRY_WORDS, .max = APP_NAME_MAX_BYTES},
	{"software", AT(software), .form = ENTRY_WORDS, .max = SOFTWARE_MAX_BYTES,
	 .may_be_null = true},
	{"state", AT(state), .word = state_word},
	{"obtained_at", AT(obtained_at), .form = ENTRY_DATE, .max = ENTRY_TIME_MAX},
	{"verified_at", AT(verified_at), .form = ENTRY_DATE, .max = ENTRY_TIME_MAX,
	 .may_be_null = true},
	{"expires_at", AT(expires_at), .form = ENTRY_DATE, .max = ENTRY_TIME_MAX,
	 .may_be_null = true},
	{"session_sha256", AT(session_digest), .form = ENTRY_HEX, .max = SHA256_HEX_BYTES - 1},
	{0},
};
#undef AT

/* Two names would be one directory where file systems do not tell the case of letters. */
static int arrange(struct name_table *rows, struct err_detail *where)
{
	_cleanup_(name_table_done) struct name_table alike = {0};
	int r = name_table_clone(rows, &alike);

	if (r < 0)
		return err_set(where, r, "%s", err_text(r));
	name_table_sort_alike(&alike);
	for (size_t i = 1; i < alike.count; i++)
		if (account_name_is_alike(alike.rows[i - 1], alike.rows[i]))
			return err_set(where, ERR_DAMAGED,
				       "the accounts %s and %s differ only in the case of letters",
				       (const char *)alike.rows[i - 1],
				       (const char *)alike.rows[i]);
	return 0;
}

const struct entry_kind credential_kind = {
	.list = "accounts",
	.is_map = true,
	.size = sizeof(struct credential),
	.members = members,
	.repeated = "an account is there twice",
	.misfit = misfit,
	.arrange = arrange,
};

void credential_done(struct credential *credential)
{
	entry_done(&credential_kind, credential);
}

int credential_add_members(struct json *object, const struct credential *credential)
{
	return entry_write(&credential_kind, credential, object);
}
