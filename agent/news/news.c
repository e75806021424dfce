/* SPDX-License-Identifier: MIT */
#include "news/news.h"

#include <stdio.h>
#include <string.h>

#include "client/control_reply.h"

#define LOOPBACK "http://127.0.0.1:"
#define START "/start/"
#define HEX "0123456789abcdef"

/* ---- Parts ---- */

static bool is_of(const char *text, const char *alphabet)
{
	return *text && text[strspn(text, alphabet)] == '\0';
}

bool news_code_valid(const char *text)
{
	return strlen(text) < NEWS_CODE_BYTES &&
	       is_of(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

bool news_server_valid(const char *text)
{
	struct url_server server;

	return url_server_parse(text, &server, NULL) == 0 && strcmp(server.origin, text) == 0;
}

/* The port and what follows it; NULL if URL is elsewhere. */
static const char *after_address(const char *url)
{
	size_t size = strlen(LOOPBACK);
	size_t digits;

	if (strncmp(url, LOOPBACK, size) != 0)
		return NULL;
	digits = strspn(url + size, "0123456789");
	return digits > 0 && digits <= 5 ? url + size + digits : NULL;
}

static bool is_start_link(const char *url, const char *callback_url)
{
	const char *path = after_address(callback_url);
	size_t size = path ? (size_t)(path - callback_url) : 0;

	if (!path || strncmp(url, callback_url, size) != 0 ||
	    strncmp(url + size, START, strlen(START)) != 0)
		return false;
	url += size + strlen(START);
	return strlen(url) == RANDOM_ID_BYTES - 1 && is_of(url, HEX);
}

bool news_url_allowed(const char *url, const char *callback_url, const char *server)
{
	char origin[URL_ORIGIN_BYTES];
	const char *path;

	if (is_start_link(url, callback_url))
		return true;
	return url_split(url, origin, &path, NULL) == 0 && strcmp(origin, server) == 0;
}

static const char *username_of(const struct json *object)
{
	return json_get_string(json_get(object, "user"), "username");
}

/* ---- The account ---- */

/* The name of the member that is not right, or NULL. */
static const char *read_account(const struct json *account, struct news *news)
{
	const char *name = json_get_string(account, "account");
	const char *server = json_get_string(account, "server");
	enum credential_state state = control_credential_state(account);

	if (!name || !account_name_valid(name))
		return "account";
	if (!server || !news_server_valid(server))
		return "server";
	if (state == CREDENTIAL_STATE_COUNT)
		return "state";
	news->digest = json_get_string(account, "credential");
	if (news->digest &&
	    (strlen(news->digest) != SHA256_HEX_BYTES - 1 || !is_of(news->digest, HEX)))
		return "credential";
	news->account = name;
	news->server = server;
	news->state = credential_state_text(state);
	if (news->digest)
		(void)snprintf(news->credential, sizeof(news->credential), "%s %s", news->state,
			       news->digest);
	news->is_lost = state == CREDENTIAL_REVOKED || state == CREDENTIAL_SUSPENDED;
	news->username = username_of(account);
	news->expected_user = json_get_string(account, "expected_user");
	return NULL;
}

/* ---- Its login ---- */

/* A login that was cancelled is what a person wanted. */
static void read_end(const struct json *login, struct news *news)
{
	enum outcome outcome = control_login_outcome(login);

	news->is_signed_in = outcome_is_success(outcome);
	if (news->is_signed_in)
		news->signed_in = username_of(login);
	if (outcome == OUTCOME_NONE || outcome == OUTCOME_CANCELLED || news->is_signed_in)
		return;
	news->error = outcome_code(outcome);
	news->message = json_get_string(login, "message");
}

/* Trouble that goes on until a person does something. */
static void read_trouble(const struct json *login, struct news *news)
{
	static const char *const codes[] = {CODE_NO_ROOM, CODE_NOT_STORED};
	const struct json *problem = json_get(login, "problem");
	const char *code = json_get_string(problem, "code");

	for (size_t n = 0; code && n < sizeof(codes) / sizeof(codes[0]); n++)
		if (strcmp(code, codes[n]) == 0) {
			news->error = codes[n];
			news->message = json_get_string(problem, "message");
		}
}

static int read_page(const struct json *login, const char *callback_url, struct news *news)
{
	const char *url = control_login_page(login);
	const char *key;

	(void)json_get_bool(login, "browser", &news->browser);
	(void)json_get_bool(login, "page_given", &news->page_given);
	news->expires_at = json_get_string(login, "expires_at");
	if (url && news_url_allowed(url, callback_url, news->server))
		news->url = url;
	key = url ? url : news->expires_at ? news->expires_at : "";
	return digest_sha256_hex(key, strlen(key), NULL, 0, news->page);
}

static int read_login(const struct json *login, const char *callback_url, struct news *news)
{
	enum login_state state = control_login_state(login);

	if (state == LOGIN_FINISHED)
		read_end(login, news);
	if (state == LOGIN_FINISHED || state == LOGIN_IDLE)
		return 0;
	news->is_active = true;
	read_trouble(login, news);
	return state == LOGIN_CONSENT ? read_page(login, callback_url, news) : 0;
}

int news_read(const struct json *account, const char *callback_url, struct news *ret_news,
	      struct err_detail *detail)
{
	struct news news = {.error = "", .message = ""};
	const char *bad = read_account(account, &news);
	int r;

	if (bad)
		return err_set(detail, ERR_INVALID, "its \"%s\" is not one", bad);
	r = read_login(json_get(account, "login"), callback_url, &news);
	if (r)
		return err_set(detail, r, "%s", err_text(r));
	if (!news.message)
		news.message = "";
	*ret_news = news;
	return 0;
}
