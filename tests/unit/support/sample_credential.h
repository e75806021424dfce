/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Credentials to store and compare.
 */

#include "common/env_file.h"
#include "common/permission.h"
#include "credentials_file.h"
#include "derived.h"
#include "support/state_directory.h"

#define I_ALICE "a11ce00000000000000000000000000000000000000000000000000000000001"
#define I_BOB "b0b0000000000000000000000000000000000000000000000000000000000002"
#define DIGEST "d16e570000000000000000000000000000000000000000000000000000000003"

static inline char *copy_of(const char *text)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	return copy;
}

/* Verified, with the given i; the caller ends it with credential_done(). */
static inline struct credential sample(const char *account, const char *i)
{
	struct credential c = {
		.server = copy_of("https://misskey.example"),
		.user_id = copy_of("9abc"),
		.username = copy_of("alice"),
		.method = METHOD_APP,
		.permission = copy_of("read:account,write:notes"),
		.app_id = copy_of("9app"),
		.app_name = copy_of("misskey-authd"),
		.software = copy_of("misskey 2025.3.1"),
		.state = CREDENTIAL_VERIFIED,
		.obtained_at = 1795348800, /* 2026-11-22T12:00:00Z */
		.verified_at = 1795348801,
		.session_digest = DIGEST,
	};

	snprintf(c.account, sizeof(c.account), "%s", account);
	assert_int_equal(secret_set_text(&c.i, i), 0);
	return c;
}

/* As large as an account can be. */
static inline struct credential largest(const char *account)
{
	struct credential c = sample(account, I_ALICE);
	char *permission = malloc(PERMISSION_MAX_COUNT * (PERMISSION_MAX_BYTES + 1) + 1);
	char *name = malloc(513);
	char id[129];

	assert_true(permission && name);
	for (int i = 0; i < PERMISSION_MAX_COUNT; i++)
		sprintf(permission + i * 65, "%03d:%060d,", i, i);
	permission[PERMISSION_MAX_COUNT * 65 - 1] = '\0';
	memset(name, '"', 512);
	name[512] = '\0';
	memset(id, '9', 128);
	id[128] = '\0';
	credential_done(&c);
	c = sample(account, I_ALICE);
	free(c.permission);
	c.permission = permission;
	free(c.app_name);
	c.app_name = name;
	free(c.user_id);
	c.user_id = copy_of(id);
	free(c.app_id);
	c.app_id = copy_of(id);
	memset(id, '\\', 128);
	free(c.username);
	c.username = copy_of(id);
	return c;
}

static inline void assert_same(const struct credential *a, const struct credential *b)
{
	assert_non_null(a);
	assert_non_null(b);
	assert_string_equal(a->account, b->account);
	assert_string_equal(a->server, b->server);
	assert_string_equal(a->user_id, b->user_id);
	assert_string_equal(a->username, b->username);
	assert_string_equal(secret_reveal(&a->i), secret_reveal(&b->i));
	assert_string_equal(a->permission, b->permission);
	assert_int_equal(a->method, b->method);
	assert_int_equal(!a->app_id, !b->app_id);
	if (a->app_id)
		assert_string_equal(a->app_id, b->app_id);
	assert_string_equal(a->app_name, b->app_name);
	assert_true(!a->software == !b->software);
	if (a->software)
		assert_string_equal(a->software, b->software);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->obtained_at, b->obtained_at);
	assert_int_equal(a->verified_at, b->verified_at);
	assert_int_equal(a->expires_at, b->expires_at);
	assert_string_equal(a->session_digest, b->session_digest);
}

static inline struct credentials *open_store(void)
{
	struct credentials *credentials = NULL;
	int r = credentials_open(root_fd, &credentials, &detail);

	if (r < 0)
		print_error("%s\n", detail.text);
	assert_int_equal(r, 0);
	return credentials;
}

static inline void store(struct credentials *credentials, const struct credential *credential,
			 struct credentials_reservation *reservation)
{
	int r = credentials_store(credentials, credential, reservation, &detail);

	if (r < 0)
		print_error("%s\n", detail.text);
	assert_int_equal(r, 0);
}

/* What credentials.json says now, without opening it as a store: that would take the temporary
 * files of open reservations for left-overs. The caller ends it with entry_free_rows(). */
static inline struct name_table read_accounts_on_disk(void)
{
	struct name_table accounts = {0};
	char *text = content_of("credentials.json");

	assert_int_equal(
		state_file_parse(&credentials_file, -1, text, strlen(text), &accounts, &detail), 0);
	free(text);
	return accounts;
}

/* That credentials.json has the credential, and the derived files follow it. */
static inline void assert_on_disk(const struct credential *credential)
{
	struct name_table accounts = read_accounts_on_disk();
	struct buf text = {0};
	char name[128];

	assert_same(name_table_find(&accounts, credential->account), credential);
	entry_free_rows(&credential_kind, &accounts);
	snprintf(name, sizeof(name), "accounts/%s/env", credential->account);
	assert_int_equal(
		derived_env_text(credential->account, credential->server, credential, &text), 0);
	assert_content(name, buf_text(&text));
	buf_done(&text);
	snprintf(name, sizeof(name), "accounts/%s/token", credential->account);
	if (credential_is_good(credential)) {
		buf_append_format(&text, "%s\n", secret_reveal(&credential->i));
		assert_content(name, buf_text(&text));
		buf_done(&text);
	} else {
		assert_false(exists(name));
	}
}
