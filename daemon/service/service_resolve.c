/* SPDX-License-Identifier: MIT */
/*
 * Which account a login is for, and whether it may be what the login says.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/permission.h"
#include "common/text.h"
#include "service_state.h"

static int contradiction(const struct account *account, const char *what, const char *is,
			 const char *asked, struct err_detail *detail)
{
	return err_set(detail, ERR_EXISTS, "The account %s has %s %s%s, not %s; %s", account->name,
		       what, is, account->from_config ? " in the config" : "", asked,
		       account->from_config
			       ? "change its section there, or use another name with --as"
			       : "use another name with --as");
}

static bool has_other_server(const struct account *account, const struct registry_account *asked,
			     const struct service_login *login)
{
	return login->server && strcmp(account->server.origin, asked->server.origin) != 0;
}

static bool has_other_user(const struct account *account, const struct registry_account *asked)
{
	return asked->user && (!account->user || strcasecmp(account->user, asked->user) != 0);
}

static bool has_other_permission(const struct account *account,
				 const struct registry_account *asked,
				 const struct service_login *login)
{
	return login->permission && strcmp(account->permission, asked->permission) != 0;
}

/* What the login says of a known account must be what the account is; an account that a login made
 * may be given another user or other permissions. */
static int check_known(const struct account *account, const struct registry_account *asked,
		       const struct service_login *login, struct err_detail *detail)
{
	if (has_other_server(account, asked, login))
		return contradiction(account, "the server", account->server.origin,
				     asked->server.origin, detail);
	if (!account->from_config)
		return 0;
	if (has_other_user(account, asked))
		return contradiction(account, "the user", account->user ? account->user : "(any)",
				     asked->user, detail);
	if (has_other_permission(account, asked, login))
		return contradiction(account, "the permissions", account->permission,
				     asked->permission, detail);
	return 0;
}

/* A user that is given apart counts before the one in @user@host. */
static int read_asked_user(const struct service_login *login, struct registry_account *asked,
			   struct err_detail *detail)
{
	const char *user = login->user ? login->user : "";

	user += *user == '@';
	if (!text_is_plain(user) || strpbrk(user, "@ ") || strlen(user) >= URL_USER_BYTES)
		return err_set(
			detail, ERR_INVALID,
			"A user is the name that follows the @ on the server, without it, of "
			"%d bytes at most",
			URL_USER_BYTES - 1);
	if (*user)
		snprintf(asked->server.user, sizeof(asked->server.user), "%s", user);
	if (asked->server.user[0])
		asked->user = asked->server.user;
	return 0;
}

static int read_asked(const struct service_login *login, struct registry_account *asked,
		      struct err_detail *detail)
{
	int r = 0;

	if (!account_name_valid(login->account))
		return err_set(detail, ERR_INVALID,
			       "An account's name is 1 to 64 of the characters A-Z a-z 0-9 ._@:- "
			       "and begins with a letter or digit");
	snprintf(asked->name, sizeof(asked->name), "%s", login->account);
	if (login->server)
		r = url_server_parse(login->server, &asked->server, detail);
	if (!r)
		r = permission_parse(login->permission ? login->permission : PERMISSION_DEFAULT,
				     &asked->permission, detail);
	if (r)
		return r;
	return read_asked_user(login, asked, detail);
}

/* What the login does not say stays as the account has it. */
static void fill_asked(struct registry_account *asked, struct account *account,
		       const struct service_login *login)
{
	struct url_server server = account->server;

	memcpy(server.user, asked->server.user, sizeof(server.user));
	asked->server = server;
	if (!login->permission)
		asked->permission = account->permission;
	if (!asked->user)
		asked->user = account->user;
}

int service_resolve_account(struct service *service, const struct service_login *login,
			    struct account **ret_account, struct err_detail *detail)
{
	struct registry_account asked = {0};
	struct account *account = accounts_find(service->accounts, login->account);
	bool known = account && !account->unlisted;
	enum login_phase phase =
		account ? login_phase(service_find_login(service, account)) : LOGIN_IS_OVER;
	/* A login asks the server for what the account is now, or has its consent for that. */
	bool must_stay = phase == LOGIN_MAKES_PAGE || phase == LOGIN_HAS_CONSENT;
	_cleanup_(freep) char *permission = NULL;
	int r = read_asked(login, &asked, detail);

	permission = asked.permission;
	if (!r && !known && !login->server)
		r = err_set(detail, ERR_NOT_FOUND,
			    "There is no account %s; to make it, say for which server",
			    login->account);
	if (!r && known)
		r = check_known(account, &asked, login, detail);
	if (!r && must_stay &&
	    (has_other_server(account, &asked, login) || has_other_user(account, &asked) ||
	     has_other_permission(account, &asked, login)))
		r = err_set(detail, ERR_EXISTS,
			    "A login of %s with another server, user or permissions is under way; "
			    "wait for its end, or use another name with --as",
			    account->name);
	if (r)
		return r;
	*ret_account = account;
	if (known && account->from_config)
		return 0;
	if (known || must_stay)
		fill_asked(&asked, account, login);
	r = registry_account_put(service->registry, &asked);
	if (!r)
		r = accounts_put(service->accounts, &asked, &account);
	if (r)
		return err_set(detail, r, "The account %s could not be kept: %s", asked.name,
			       err_text(r));
	account->unlisted = !known;
	*ret_account = account;
	return 0;
}
