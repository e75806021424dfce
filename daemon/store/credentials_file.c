/* SPDX-License-Identifier: MIT */
#include "store/credentials_file.h"

#include <stdio.h>
#include <string.h>

#include "common/account_name.h"
#include "common/text.h"
#include "common/url.h"
#include "state_json.h"

#define I_DIGITS (SHA256_HEX_BYTES - 1) /* i is a SHA-256 */
#define APP_NAME_MAX_BYTES ((size_t)APP_NAME_CHARS * 4)

bool credential_is_good(const struct credential *credential)
{
	return credential_state_is_good(credential->state);
}

bool credential_is_kept(const struct credential *credential)
{
	return credential->state != CREDENTIAL_REVOKED;
}

const char *credential_bad_member(const struct credential *credential)
{
	bool i_fits = credential_is_kept(credential)
			      ? state_is_hex(secret_reveal(&credential->i), I_DIGITS)
			      : !secret_is_set(&credential->i);

	if (!account_name_valid(credential->account))
		return "account";
	if (!state_is_origin(credential->server))
		return "server";
	if (!state_is_id(credential->user_id))
		return "user.id";
	if (!state_is_words(credential->username, URL_USER_BYTES - 1))
		return "user.username";
	if (!i_fits)
		return "i";
	if (!state_is_id(credential->app_id))
		return "app.id";
	if (!state_is_words(credential->app_name, APP_NAME_MAX_BYTES))
		return "app.name";
	if (!state_is_time(credential->obtained_at))
		return "obtained_at";
	if (!state_is_time(credential->verified_at))
		return "verified_at";
	if (!state_is_hex(credential->session_digest, SHA256_HEX_BYTES - 1))
		return "session_sha256";
	return NULL;
}

/* Reading */

static void read_state(struct state_reader *reader, struct credential *credential)
{
	credential->state = credential_state_from_text(json_get_string(reader->object, "state"));
	if (credential->state >= CREDENTIAL_ABSENT)
		state_refuse(reader, "state");
}

static void read_time(struct state_reader *reader, const char *key, int64_t *ret_unix_s)
{
	const char *text = json_get_string(reader->object, key);

	if (!text || text_time_parse(text, ret_unix_s) < 0)
		state_refuse(reader, key);
}

static void read_nested(struct state_reader *reader, const char *key, const char *inside,
			const char *name_key, char **ret_id, char **ret_name)
{
	const struct json *outer = reader->object;

	if (!json_is_object(json_get(outer, key)))
		state_refuse(reader, key);
	reader->object = json_get(outer, key);
	reader->inside = inside;
	state_read_text(reader, "id", ret_id);
	state_read_text(reader, name_key, ret_name);
	reader->object = outer;
	reader->inside = "";
}

static void read_members(struct state_reader *reader, struct credential *credential)
{
	const char *bad;

	state_read_text(reader, "server", &credential->server);
	read_nested(reader, "user", "user.", "username", &credential->user_id,
		    &credential->username);
	if (!json_is_null(json_get(reader->object, "i")))
		state_read_secret(reader, "i", &credential->i);
	state_read_permission(reader, "permission", &credential->permission);
	read_nested(reader, "app", "app.", "name", &credential->app_id, &credential->app_name);
	read_state(reader, credential);
	read_time(reader, "obtained_at", &credential->obtained_at);
	if (!json_is_null(json_get(reader->object, "verified_at")))
		read_time(reader, "verified_at", &credential->verified_at);
	state_read_into(reader, "session_sha256", credential->session_digest,
			sizeof(credential->session_digest));
	bad = reader->error < 0 ? NULL : credential_bad_member(credential);
	if (bad)
		state_refuse(reader, bad);
}

static int read_account(const struct json *member, size_t number, struct name_table *accounts,
			struct err_detail *where)
{
	_cleanup_(credential_freep) struct credential *credential = calloc(1, sizeof(*credential));
	struct state_reader reader = {.object = member, .inside = ""};
	int r;

	if (!credential)
		return err_set(where, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (!account_name_valid(json_key(member)))
		return err_set(where, ERR_DAMAGED,
			       "the name of number %zu in \"accounts\" is not one", number);
	strcpy(credential->account, json_key(member));
	if (!json_is_object(member))
		return err_set(where, ERR_DAMAGED, "account %s is not an object",
			       credential->account);
	read_members(&reader, credential);
	if (reader.error < 0)
		return err_set(where, reader.error,
			       "account %s: \"%s\" is missing or not what it should be",
			       credential->account, reader.member);
	r = name_table_append(accounts, credential);
	if (r < 0)
		return err_set(where, r, "%s", err_text(r));
	credential = NULL; /* is in the set now */
	return 0;
}

static int read_accounts(const struct json *root, struct name_table *accounts,
			 struct err_detail *where)
{
	const struct json *members = json_get(root, "accounts");
	size_t number = 0;

	if (!json_is_object(members))
		return err_set(where, ERR_DAMAGED, "\"accounts\" is missing or not an object");
	for (const struct json *m = json_first(members); m; m = json_next(m)) {
		int r = read_account(m, ++number, accounts, where);

		if (r < 0)
			return r;
	}
	if (name_table_sort(accounts))
		return err_set(where, ERR_DAMAGED, "an account is there twice");
	return 0;
}

int credentials_from_json(const struct json *root, struct name_table *ret_accounts,
			  struct err_detail *where)
{
	struct name_table accounts = {0};
	int r = read_accounts(root, &accounts, where);

	if (r < 0)
		credentials_set_free(&accounts);
	*ret_accounts = accounts;
	return r;
}

void credentials_set_free(struct name_table *accounts)
{
	for (size_t i = 0; i < accounts->count; i++)
		credential_free(accounts->rows[i]);
	name_table_done(accounts);
}

/* Writing */

static int add_nested(struct json *object, const char *key, const char *id, const char *name_key,
		      const char *name)
{
	_cleanup_(json_freep) struct json *nested = json_new_object();

	if (!nested || json_add_string(nested, "id", id) < 0 ||
	    json_add_string(nested, name_key, name) < 0)
		return ERR_NOMEM;
	return json_add(object, key, TAKE_PTR(nested));
}

/* 0 is "never", and written as null. */
static int add_time(struct json *object, const char *key, int64_t unix_s, bool nullable)
{
	char text[TEXT_TIME_BYTES];

	text_time(unix_s, text);
	return json_add_string(object, key, nullable && unix_s == 0 ? NULL : text);
}

int credential_add_members(struct json *object, const struct credential *c)
{
	const char *i = secret_is_set(&c->i) ? secret_reveal(&c->i) : NULL;

	if (json_add_string(object, "server", c->server) < 0 ||
	    add_nested(object, "user", c->user_id, "username", c->username) < 0 ||
	    json_add_string(object, "i", i) < 0 ||
	    state_add_permission(object, "permission", c->permission) < 0 ||
	    add_nested(object, "app", c->app_id, "name", c->app_name) < 0 ||
	    json_add_string(object, "state", credential_state_text(c->state)) < 0 ||
	    add_time(object, "obtained_at", c->obtained_at, false) < 0 ||
	    add_time(object, "verified_at", c->verified_at, true) < 0 ||
	    json_add_string(object, "session_sha256", c->session_digest) < 0)
		return ERR_NOMEM;
	return 0;
}

static int add_accounts(struct json *members, const struct name_table *accounts)
{
	for (size_t i = 0; i < accounts->count; i++) {
		const struct credential *credential = accounts->rows[i];
		_cleanup_(json_freep) struct json *object = json_new_object();
		int r = object ? credential_add_members(object, credential) : ERR_NOMEM;

		if (r == 0)
			r = json_add(members, credential->account, TAKE_PTR(object));
		if (r < 0)
			return r;
	}
	return 0;
}

int credentials_to_json(const struct name_table *accounts, struct buf *text)
{
	_cleanup_(json_freep) struct json *root = json_new_object();
	_cleanup_(json_freep) struct json *members = json_new_object();
	int r;

	if (!root || !members || add_accounts(members, accounts) < 0 ||
	    json_add_integer(root, "version", CREDENTIALS_VERSION) < 0 ||
	    json_add(root, "accounts", TAKE_PTR(members)) < 0)
		return ERR_NOMEM;
	r = json_print(root, true, text);
	buf_append_char(text, '\n');
	return r < 0 ? r : buf_error(text);
}

bool credential_username_is_harmless(const char *username)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789_.-";

	return *username && strspn(username, alphabet) == strlen(username);
}

int credentials_env_text(const char *account, const char *origin,
			 const struct credential *credential, struct buf *text)
{
	const char *state =
		credential_state_text(credential ? credential->state : CREDENTIAL_ABSENT);

	buf_append_format(text, "MISSKEY_STATE=%s\nMISSKEY_SERVER=%s\nMISSKEY_ACCOUNT=%s\n", state,
			  origin, account);
	if (credential && credential_username_is_harmless(credential->username))
		buf_append_format(text, "MISSKEY_USER=%s\n", credential->username);
	if (credential && credential_is_good(credential))
		buf_append_format(text, "MISSKEY_TOKEN=%s\n", secret_reveal(&credential->i));
	return buf_error(text);
}
