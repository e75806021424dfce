/* SPDX-License-Identifier: MIT */
#include "misskey/misskey.h"

#include <stdio.h>
#include <string.h>

#include "common/account_name.h"
#include "common/digest.h"
#include "common/json.h"
#include "common/permission.h"
#include "common/text.h"
#include "misskey_problem.h"

/* Misskey's column for it has 512 characters; more gives 500 with a stack trace. */
#define CALLBACK_URL_CHARS 512

/* Misskey's secrets are [A-Za-z0-9]{32}. Forks may use another alphabet: all that RFC 6750 allows
 * in a bearer token is accepted. None of it is special in a shell, a header or a file of lines. */
#define SECRET_ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="
#define ID_ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

#define CONSENT_PATH "/auth/"

/* Misskey's versions have some ten characters, those of forks thirty. */
#define VERSION_MAX_CHARS 64

int misskey_app_create_request(const char *name, const char *description, const char *permission,
			       const char *callback_url, struct buf *body)
{
	_cleanup_(json_freep) struct json *request = json_new_object();

	/* app/create answers 500 to longer ones. */
	if (text_chars(name) > APP_NAME_CHARS || text_chars(description) > APP_DESCRIPTION_CHARS ||
	    (callback_url && text_chars(callback_url) > CALLBACK_URL_CHARS))
		return ERR_LIMIT;
	if (json_add_string(request, "name", name) ||
	    json_add_string(request, "description", description) ||
	    permission_add_json(request, "permission", permission) ||
	    json_add_string(request, "callbackUrl", callback_url))
		return ERR_NOMEM;
	return json_print(request, false, body);
}

/* A request of secrets alone; KEY may be NULL. Each must be there: Misskey 2025.3 never answers to
 * an `i` that is no string. */
static int secrets_request(const char *first_key, const struct secret *first, const char *key,
			   const struct secret *secret, struct buf *body)
{
	_cleanup_(json_freep) struct json *request = json_new_object();

	if (!secret_is_set(first) || (key && !secret_is_set(secret)))
		return ERR_INVALID;
	if (json_add_string(request, first_key, secret_reveal(first)) ||
	    (key && json_add_string(request, key, secret_reveal(secret))))
		return ERR_NOMEM;
	return json_print(request, false, body);
}

int misskey_session_generate_request(const struct secret *app_secret, struct buf *body)
{
	return secrets_request("appSecret", app_secret, NULL, NULL, body);
}

int misskey_userkey_request(const struct secret *app_secret, const struct secret *token,
			    struct buf *body)
{
	return secrets_request("appSecret", app_secret, "token", token, body);
}

int misskey_verify_request(const struct secret *i, struct buf *body)
{
	return secrets_request("i", i, NULL, NULL, body);
}

int misskey_i(const struct secret *access_token, const struct secret *app_secret,
	      struct secret *ret_i)
{
	char hex[SHA256_HEX_BYTES];
	int r;

	if (!secret_is_set(access_token) || !secret_is_set(app_secret))
		return ERR_INVALID;
	r = digest_sha256_hex(secret_reveal(access_token), access_token->size,
			      secret_reveal(app_secret), app_secret->size, hex);
	if (r < 0)
		return r;
	r = secret_set_text(ret_i, hex);
	secret_erase(hex, sizeof(hex));
	return r;
}

/* Parses the body of a 200. If it is no object, the callers find no members in it. */
static enum misskey_verdict reply_read(const struct http_answer *answer, const char *endpoint,
				       struct json **ret_reply, struct misskey_problem *problem)
{
	_cleanup_(json_freep) struct json *body = NULL;
	enum misskey_verdict verdict = misskey_problem_classify(answer, endpoint, problem);
	int r;

	if (verdict != MISSKEY_DONE)
		return verdict;
	r = json_parse(answer->body, answer->body_size, HTTP_CLIENT_ANSWER_BYTES, &body, NULL);
	if (r == ERR_NOMEM)
		return misskey_problem_set(problem, MISSKEY_FOR_NOW, "%s", err_text(r));
	if (r < 0)
		return misskey_problem_set(
			problem, MISSKEY_BAD_REPLY,
			"The server's answer to %s is not valid JSON; perhaps it is no "
			"Misskey server, or another page is in front of it",
			endpoint);
	*ret_reply = TAKE_PTR(body);
	return MISSKEY_DONE;
}

/* WHAT is a literal, never the server's text. */
static enum misskey_verdict unusable(struct misskey_problem *problem, const char *what)
{
	return misskey_problem_set(problem, MISSKEY_BAD_REPLY,
				   "The server's answer to %s has no usable %s", problem->endpoint,
				   what);
}

static enum misskey_verdict no_memory(struct misskey_problem *problem)
{
	return misskey_problem_set(problem, MISSKEY_FOR_NOW, "%s", err_text(ERR_NOMEM));
}

static bool secret_is_sound(const char *text)
{
	size_t length = text ? strlen(text) : 0;

	return length > 0 && length <= SECRET_MAX_BYTES && strspn(text, SECRET_ALPHABET) == length;
}

/* Reads an id of an app or a user. */
static bool id_read(const struct json *object, char ret_id[static MISSKEY_ID_BYTES])
{
	const char *id = json_get_string(object, "id");
	size_t length = id ? strlen(id) : 0;

	if (length == 0 || length >= MISSKEY_ID_BYTES || strspn(id, ID_ALPHABET) != length)
		return false;
	memcpy(ret_id, id, length + 1);
	return true;
}

/* `id` and `username`, no more: the other fields differ between versions. */
static bool user_read(const struct json *object, struct misskey_user *ret_user)
{
	const char *username = json_get_string(object, "username");
	struct misskey_user user;
	size_t length = username ? strlen(username) : 0;

	if (length == 0 || length >= sizeof(user.username) || !text_is_plain(username))
		return false;
	memcpy(user.username, username, length + 1);
	if (!id_read(object, user.id))
		return false;
	*ret_user = user;
	return true;
}

enum misskey_verdict misskey_app_create_read(const struct http_answer *answer,
					     struct misskey_app *ret_app,
					     struct misskey_problem *ret_problem)
{
	_cleanup_(json_freep) struct json *reply = NULL;
	enum misskey_verdict verdict = reply_read(answer, MISSKEY_APP_CREATE, &reply, ret_problem);
	char id[MISSKEY_ID_BYTES];
	const char *secret;

	if (verdict != MISSKEY_DONE)
		return verdict;
	if (!id_read(reply, id))
		return unusable(ret_problem, "app id");
	secret = json_get_string(reply, "secret");
	if (!secret_is_sound(secret))
		return unusable(ret_problem, "app secret");
	if (secret_set_text(&ret_app->secret, secret) < 0)
		return no_memory(ret_problem);
	memcpy(ret_app->id, id, sizeof(id));
	return MISSKEY_DONE;
}

/*
 * A server builds `url` from the address in its own config. If it has a second name, or is
 * misconfigured, the person typed another one. url_split() has normalized ORIGIN.
 */
static enum misskey_verdict consent_is_elsewhere(struct misskey_problem *problem,
						 const char *origin)
{
	struct url_server other;

	if (url_server_parse(origin, &other, NULL) < 0)
		return misskey_problem_set(problem, MISSKEY_ELSEWHERE,
					   "The server calls itself %.200s, which cannot be used; "
					   "its administrator can correct that",
					   origin);
	return misskey_problem_set(
		problem, MISSKEY_ELSEWHERE,
		"The server calls itself %.200s; if that is the server you mean, "
		"log in with that name",
		origin);
}

/* Whether URL may be shown to the person as SERVER's consent page for TOKEN. */
static enum misskey_verdict consent_check(const struct url_server *server, const char *url,
					  const char *token, struct misskey_problem *problem)
{
	char origin[URL_ORIGIN_BYTES];
	const char *path;

	if (!url || strlen(url) >= URL_MAX_BYTES || url_split(url, origin, &path, NULL) < 0)
		return unusable(problem, "address of a consent page");
	if (strcmp(origin, server->origin) != 0)
		return consent_is_elsewhere(problem, origin);
	if (strncmp(path, CONSENT_PATH, strlen(CONSENT_PATH)) != 0 ||
	    strcmp(path + strlen(CONSENT_PATH), token) != 0)
		return unusable(problem, "address of a consent page");
	return MISSKEY_DONE;
}

enum misskey_verdict misskey_session_generate_read(const struct http_answer *answer,
						   const struct url_server *server,
						   struct misskey_session *ret_session,
						   struct misskey_problem *ret_problem)
{
	_cleanup_(json_freep) struct json *reply = NULL;
	enum misskey_verdict verdict =
		reply_read(answer, MISSKEY_SESSION_GENERATE, &reply, ret_problem);
	const char *token, *url;

	if (verdict != MISSKEY_DONE)
		return verdict;
	token = json_get_string(reply, "token");
	if (!token || !url_is_uuid(token))
		return unusable(ret_problem, "session token");
	url = json_get_string(reply, "url");
	verdict = consent_check(server, url, token, ret_problem);
	if (verdict != MISSKEY_DONE)
		return verdict;
	if (secret_set_text(&ret_session->token, token) < 0)
		return no_memory(ret_problem);
	memcpy(ret_session->consent_url, url, strlen(url) + 1);
	return MISSKEY_DONE;
}

enum misskey_verdict misskey_userkey_read(const struct http_answer *answer,
					  struct secret *ret_access_token,
					  struct misskey_user *ret_user,
					  struct misskey_problem *ret_problem)
{
	_cleanup_(json_freep) struct json *reply = NULL;
	enum misskey_verdict verdict =
		reply_read(answer, MISSKEY_SESSION_USERKEY, &reply, ret_problem);
	struct misskey_user user;
	const char *token;

	if (verdict != MISSKEY_DONE)
		return verdict;
	token = json_get_string(reply, "accessToken");
	if (!secret_is_sound(token))
		return unusable(ret_problem, "access token");
	if (!user_read(json_get(reply, "user"), &user))
		return unusable(ret_problem, "user");
	if (secret_set_text(ret_access_token, token) < 0)
		return no_memory(ret_problem);
	*ret_user = user;
	return MISSKEY_DONE;
}

enum misskey_verdict misskey_verify_read(const struct http_answer *answer,
					 struct misskey_user *ret_user,
					 struct misskey_problem *ret_problem)
{
	_cleanup_(json_freep) struct json *reply = NULL;
	enum misskey_verdict verdict = reply_read(answer, MISSKEY_I, &reply, ret_problem);

	if (verdict != MISSKEY_DONE)
		return verdict;
	if (!user_read(reply, ret_user))
		return unusable(ret_problem, "user");
	return MISSKEY_DONE;
}

/* ---- MiAuth ---- */

/* Percent-encodes TEXT as a value of a query (RFC 3986, 3.4). Commas and colons stay: they are what
 * lists of permissions are made of. */
static void append_encoded(struct buf *url, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~:,";

	for (; *text; text++) {
		if (strchr(plain, *text))
			buf_append_char(url, *text);
		else
			buf_append_format(url, "%%%02X", (unsigned)(unsigned char)*text);
	}
}

int misskey_miauth_consent_url(const struct url_server *server, const char *session,
			       const char *name, const char *permission, const char *callback_url,
			       char ret_url[static URL_MAX_BYTES])
{
	_cleanup_(buf_done) struct buf url = {0};

	buf_append_format(&url, "%s/miauth/%s?name=", server->origin, session);
	append_encoded(&url, name);
	if (callback_url) {
		buf_append_text(&url, "&callback=");
		append_encoded(&url, callback_url);
	}
	buf_append_text(&url, "&permission=");
	append_encoded(&url, permission);
	if (buf_error(&url))
		return buf_error(&url);
	if (url.size >= URL_MAX_BYTES)
		return ERR_LIMIT;
	memcpy(ret_url, buf_text(&url), url.size + 1);
	return 0;
}

void misskey_miauth_path(const char *session, char ret_path[static MISSKEY_PATH_MIAUTH_BYTES])
{
	snprintf(ret_path, MISSKEY_PATH_MIAUTH_BYTES, "/api/miauth/%.36s/check", session);
}

int misskey_miauth_request(struct buf *body)
{
	buf_append_text(body, "{}");
	return buf_error(body);
}

/* i goes into files that shells read. A shell takes "~" for the home directory. */
static bool i_is_sound(const char *text)
{
	return secret_is_sound(text) && !strchr(text, '~');
}

enum misskey_verdict misskey_miauth_read(const struct http_answer *answer, struct secret *ret_i,
					 struct misskey_user *ret_user,
					 struct misskey_problem *ret_problem)
{
	_cleanup_(json_freep) struct json *reply = NULL;
	enum misskey_verdict verdict =
		reply_read(answer, MISSKEY_MIAUTH_CHECK, &reply, ret_problem);
	struct misskey_user user;
	const char *token;
	bool ok;

	if (verdict != MISSKEY_DONE)
		return verdict;
	if (!json_get_bool(reply, "ok", &ok))
		return unusable(ret_problem, "\"ok\"");
	if (!ok)
		return misskey_problem_set(ret_problem, MISSKEY_PENDING,
					   "The server has no consent to give yet");
	token = json_get_string(reply, "token");
	if (!i_is_sound(token))
		return unusable(ret_problem, "access token");
	if (!user_read(json_get(reply, "user"), &user))
		return unusable(ret_problem, "user");
	if (secret_set_text(ret_i, token) < 0)
		return no_memory(ret_problem);
	*ret_user = user;
	return MISSKEY_DONE;
}

enum misskey_verdict misskey_miauth_probe_read(const struct http_answer *answer,
					       struct misskey_problem *ret_problem)
{
	_cleanup_(secret_done) struct secret i = {0};
	struct misskey_user user;
	enum misskey_verdict verdict = misskey_miauth_read(answer, &i, &user, ret_problem);

	if (verdict == MISSKEY_DONE)
		return misskey_problem_set(ret_problem, MISSKEY_BAD_REPLY,
					   "The server gives consent to a login before anybody was "
					   "asked");
	if (verdict != MISSKEY_PENDING)
		return verdict;
	return misskey_problem_set(ret_problem, MISSKEY_DONE, "%s", "");
}

/* ---- Without the app login, or without MiAuth ---- */

bool misskey_endpoint_is_missing(const struct misskey_problem *problem)
{
	return problem->status == 404 || problem->status == 410 ||
	       strcmp(problem->code, "NO_SUCH_ENDPOINT") == 0 ||
	       strcmp(problem->code, "UNKNOWN_API_ENDPOINT") == 0;
}

int misskey_meta_request(struct buf *body)
{
	buf_append_text(body, "{\"detail\":false}");
	return buf_error(body);
}

static void say_missing(struct misskey_problem *problem, enum misskey_missing lacks,
			const char *version)
{
	strcpy(problem->code, lacks == MISSKEY_LACKS_MIAUTH ? MISSKEY_CODE_NO_MIAUTH
							    : MISSKEY_CODE_NO_APP_AUTHORIZATION);
	switch (lacks) {
	case MISSKEY_LACKS_APPS:
		(void)misskey_problem_set(problem, MISSKEY_REFUSED,
					  "The server (version %s) does not offer the app "
					  "authorization (app/create). It may offer MiAuth: log in "
					  "with --method miauth",
					  version);
		return;
	case MISSKEY_LACKS_MIAUTH:
		(void)misskey_problem_set(problem, MISSKEY_REFUSED,
					  "The server (version %s) does not offer MiAuth. Log in "
					  "with --method app",
					  version);
		return;
	default:
		(void)misskey_problem_set(
			problem, MISSKEY_REFUSED,
			"The server (version %s) offers neither the app authorization (app/create) "
			"nor MiAuth: misskey-authd cannot log in there. Make an access token in "
			"its settings, under API, and give that to your scripts",
			version);
	}
}

void misskey_missing_read(const struct http_answer *answer, enum misskey_missing lacks,
			  struct misskey_problem *ret_problem)
{
	_cleanup_(json_freep) struct json *reply = NULL;
	_cleanup_(buf_done) struct buf version = {0};
	const char *endpoint =
		lacks == MISSKEY_LACKS_MIAUTH ? MISSKEY_MIAUTH_CHECK : MISSKEY_APP_CREATE;
	const char *text = NULL;

	if (reply_read(answer, "meta", &reply, ret_problem) == MISSKEY_DONE)
		text = json_get_string(reply, "version");
	*ret_problem =
		(struct misskey_problem){.endpoint = endpoint, .status = 404, .retry_after_s = -1};
	if (!text) {
		(void)misskey_problem_set(ret_problem, MISSKEY_REFUSED,
					  "The server does not know %s (HTTP 404); perhaps it is "
					  "no Misskey server",
					  endpoint);
		return;
	}
	text_append_printable(&version, text, VERSION_MAX_CHARS);
	say_missing(ret_problem, lacks, buf_text(&version));
}
