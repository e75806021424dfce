/* SPDX-License-Identifier: MIT */
/*
 * Which account a login is for, what it wishes, and whether it may.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/permission.h"
#include "common/text.h"
#include "service_state.h"

/* What is asked, taken apart. */
struct request {
	const struct service_login *asked;
	struct url_server server;   /* its origin is "" if none was given */
	const char *user;	    /* NULL: none was given */
	struct account *account;    /* NULL: it is not known */
	const struct wish *pending; /* of the account's login; NULL: none is under way */
};

/* ---- What is asked ---- */

/* A user that is given apart counts before the one in @user@host. */
static int read_user(struct request *request, struct err_detail *detail)
{
	const char *user = request->asked->user ? request->asked->user : "";

	user += *user == '@';
	if (*user && (!username_is_harmless(user) || strlen(user) >= URL_USER_BYTES))
		return err_set(detail, ERR_INVALID,
			       "A user is the name that follows the @ on the server: letters, "
			       "digits, _, - and dots, %d at most",
			       URL_USER_BYTES - 1);
	if (*user)
		request->user = user;
	else if (request->server.user[0])
		request->user = request->server.user;
	return 0;
}

static int read_request(const struct service *service, struct request *request,
			struct err_detail *detail)
{
	const struct service_login *asked = request->asked;
	struct account *account;
	const struct login *login;
	int r = account_name_check(asked->account, detail);

	if (!r && asked->server)
		r = url_server_parse(asked->server, &request->server, detail);
	if (!r)
		r = read_user(request, detail);
	if (r)
		return r;
	account = accounts_find(service->accounts, asked->account);
	login = account ? service_find_login(service, account) : NULL;
	request->pending = login ? login_wish(login) : NULL;
	/* One whose first login has ended is not known any more. */
	if (account && (!account->is_provisional || request->pending))
		request->account = account;
	if (!request->account && !asked->server)
		return err_set(detail, ERR_NOT_FOUND,
			       "There is no account %s; to make it, say for which server",
			       asked->account);
	return request->account ? 0 : service_check_name(service, asked->account, NULL, detail);
}

/* ---- What is wished ---- */

/* What the login asks for where the request does not say it. The texts are the account's. */
static struct wish wish_before(const struct request *request)
{
	const struct account *account = request->account;

	if (request->pending)
		return *request->pending;
	return (struct wish){
		.permission = account->permission,
		.app_name = account->app_name,
		.description = account->description,
		.method = account->method,
	};
}

static int set_text(char **member, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (!copy)
		return text ? ERR_NOMEM : 0;
	free(*member);
	*member = copy;
	return 0;
}

/* WISH is a copy of what is wished without the request. */
static int add_request(const struct request *request, struct wish *wish, struct err_detail *detail)
{
	const struct service_login *asked = request->asked;
	char *permission = NULL;
	int r = 0;

	if (asked->permission)
		r = permission_apply(wish->permission, asked->permission, &permission, detail);
	if (r)
		return r;
	if (permission) {
		free(wish->permission);
		wish->permission = permission;
	}
	if (asked->method)
		wish->method = method_from_text(asked->method);
	/* Another user is another wish: what was allowed for the one before is not for this one. */
	if (request->user || asked->replace)
		wish->replace = asked->replace;
	if (set_text(&wish->user, request->user) || set_text(&wish->app_name, asked->app_name) ||
	    set_text(&wish->description, asked->description))
		return err_set(detail, ERR_NOMEM, "no memory for the login");
	return 0;
}

/* *RET_WISH is the caller's. REQUEST has an account. */
static int make_wish(const struct request *request, struct wish *ret_wish,
		     struct err_detail *detail)
{
	const struct wish before = wish_before(request);

	if (wish_copy(&before, ret_wish))
		return err_set(detail, ERR_NOMEM, "no memory for the login");
	return add_request(request, ret_wish, detail);
}

static int check_texts(const struct service_login *asked, struct err_detail *detail)
{
	if (asked->method && method_from_text(asked->method) == METHOD_COUNT)
		return err_set(detail, ERR_INVALID, "The method must be auto, app or miauth");
	if (asked->app_name && (!*asked->app_name || !text_is_plain(asked->app_name) ||
				text_chars(asked->app_name) > APP_NAME_CHARS))
		return err_set(detail, ERR_INVALID, "An app's name is a line of 1 to %d characters",
			       APP_NAME_CHARS);
	if (asked->description && (!text_is_plain(asked->description) ||
				   text_chars(asked->description) > APP_DESCRIPTION_CHARS))
		return err_set(detail, ERR_INVALID,
			       "An app's description is a line of %d characters at most",
			       APP_DESCRIPTION_CHARS);
	return 0;
}

/* ---- What is allowed ---- */

static int contradiction(const struct account *account, const char *what, const char *is,
			 const char *asked, struct err_detail *detail)
{
	return err_set(detail, ERR_EXISTS, "The account %s has %s %s%s, not %s; %s", account->name,
		       what, is, account->from_config ? " in the config" : "", asked,
		       account->from_config
			       ? "change its section there, or use another name with --as"
			       : "use another name with --as");
}

/* The config says what an account of it is. */
static int check_config(const struct account *account, const struct wish *wish,
			struct err_detail *detail)
{
	if (wish->user && account->user && strcasecmp(account->user, wish->user) != 0)
		return contradiction(account, "the user", account->user, wish->user, detail);
	if (strcmp(account->permission, wish->permission) != 0)
		return contradiction(account, "the permissions", account->permission,
				     wish->permission, detail);
	if (strcmp(account->app_name, wish->app_name) != 0)
		return contradiction(account, "the app's name", account->app_name, wish->app_name,
				     detail);
	if (strcmp(account->description, wish->description) != 0)
		return contradiction(account, "the app's description", account->description,
				     wish->description, detail);
	if (!method_fits(account->method, wish->method))
		return contradiction(account, "the method", method_text(account->method),
				     method_text(wish->method), detail);
	return 0;
}

/* Scripts would go on as somebody else. */
static int check_user(const struct service *service, const struct account *account,
		      const struct wish *wish, struct err_detail *detail)
{
	const struct credential *credential = service_credential(service, account->name);
	const char *name = account->name;

	if (!wish->user || wish->replace || !credential || !credential_is_good(credential) ||
	    strcmp(credential->server, account->server.origin) != 0 ||
	    strcasecmp(credential->username, wish->user) == 0)
		return 0;
	return err_set(detail, ERR_OTHER_USER,
		       "The account %s is @%s's, and scripts use it as @%s. To sign @%s in "
		       "beside it: misskey-authctl login @%s@%s. To put @%s in its place: "
		       "misskey-authctl login %s --user %s --replace",
		       name, credential->username, credential->username, wish->user, wish->user,
		       account->server.host, wish->user, name, wish->user);
}

/* A login that makes its page asks the server for what was wished, and one that has consent has it
 * for that. */
static int check_phase(const struct service *service, const struct request *request,
		       const struct wish *wish, struct err_detail *detail)
{
	const struct account *account = request->account;
	enum login_phase phase = login_phase(service_find_login(service, account));

	if ((phase != LOGIN_MAKES_PAGE && phase != LOGIN_HAS_CONSENT) ||
	    wish_fits(wish, request->pending))
		return 0;
	return err_set(detail, ERR_EXISTS,
		       "A login of %s that asks for something else is under way; wait for its "
		       "end, or use another name with --as",
		       account->name);
}

static int check_wish(const struct service *service, const struct request *request,
		      const struct wish *wish, struct err_detail *detail)
{
	const struct account *account = request->account;
	int r = 0;

	if (request->asked->server && strcmp(account->server.origin, request->server.origin) != 0)
		return contradiction(account, "the server", account->server.origin,
				     request->server.origin, detail);
	if (account->from_config)
		r = check_config(account, wish, detail);
	if (!r)
		r = check_user(service, account, wish, detail);
	return r ? r : check_phase(service, request, wish, detail);
}

/* Makes the account that is not known. */
static int make_account(struct service *service, struct request *request, struct err_detail *detail)
{
	static char permission[] = PERMISSION_DEFAULT;
	struct config_account made = {.server = request->server, .permission = permission};
	int r;

	snprintf(made.name, sizeof(made.name), "%s", request->asked->account);
	made.server.user[0] = '\0';
	r = accounts_put(service->accounts, &made, &request->account);
	if (r)
		return err_set(detail, r, "no memory for the account %s", made.name);
	request->account->is_provisional = request->account->is_unlisted = true;
	return 0;
}

int service_resolve_account(struct service *service, const struct service_login *asked,
			    struct account **ret_account, struct wish *ret_wish,
			    struct err_detail *detail)
{
	struct request request = {.asked = asked};
	_cleanup_(wish_done) struct wish wish = {0};
	bool was_there = accounts_find(service->accounts, asked->account) != NULL;
	int r = check_texts(asked, detail);

	if (!r)
		r = read_request(service, &request, detail);
	if (r)
		return r;
	if (!request.account)
		r = make_account(service, &request, detail);
	if (!r)
		r = make_wish(&request, &wish, detail);
	if (!r)
		r = check_wish(service, &request, &wish, detail);
	if (r && !was_there && request.account)
		service_drop_account(service, request.account, clock_now());
	if (r)
		return r;
	*ret_account = request.account;
	*ret_wish = wish;
	wish = (struct wish){0};
	return 0;
}
