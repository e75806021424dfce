/* SPDX-License-Identifier: MIT */

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

static const char *misfit(const void *entry)
{
	const struct credential *credential = entry;

	return credential_is_kept(credential) == secret_is_set(&credential->i) ? NULL : "i";
}

#define AT(field) ENTRY_AT(struct credential, field)
static const struct entry_member members[] = {
	{"account", AT(account), .form = ENTRY_NAME},
	{"server", AT(server), .form = ENTRY_ORIGIN},
	{"user", .type = ENTRY_OBJECT},
	{"user.id", AT(user_id), .form = ENTRY_ID},
	{"user.username", AT(username), .form = ENTRY_WORDS, .max = URL_USER_BYTES - 1},
	{"i", AT(i), .form = ENTRY_HEX, .max = SHA256_HEX_BYTES - 1, .may_be_null = true},
	{"permission", AT(permission), .form = ENTRY_PERMISSION},
	{"app", .type = ENTRY_OBJECT},
	{"app.id", AT(app_id), .form = ENTRY_ID},
	{"app.name", AT(app_name), .form = ENTRY_WORDS, .max = APP_NAME_MAX_BYTES},
	{"software", AT(software), .form = ENTRY_WORDS, .max = SOFTWARE_MAX_BYTES,
	 .may_be_null = true},
	{"state", AT(state), .word = state_word},
	{"obtained_at", AT(obtained_at), .form = ENTRY_DATE, .max = ENTRY_TIME_MAX},
	{"verified_at", AT(verified_at), .form = ENTRY_DATE, .max = ENTRY_TIME_MAX,
	 .may_be_null = true},
	{"session_sha256", AT(session_digest), .form = ENTRY_HEX, .max = SHA256_HEX_BYTES - 1},
	{0},
};
#undef AT

const struct entry_kind credential_kind = {
	.list = "accounts",
	.is_map = true,
	.size = sizeof(struct credential),
	.members = members,
	.repeated = "an account is there twice",
	.misfit = misfit,
};

void credential_done(struct credential *credential)
{
	entry_done(&credential_kind, credential);
}

int credential_add_members(struct json *object, const struct credential *credential)
{
	return entry_write(&credential_kind, credential, object);
}
