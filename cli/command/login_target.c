/* SPDX-License-Identifier: MIT */
#include "login_target.h"

#include <string.h>
#include <strings.h>

#include "account_note.h"
#include "client/control_reply.h"
#include "common/translate.h"
#include "control_call.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"

static int set_text(char *ret_text, size_t capacity, const char *text)
{
	if (!text || strlen(text) >= capacity)
		return ERR_DAMAGED;
	strcpy(ret_text, text);
	return 0;
}

int login_target_known(const struct json *account, struct login_target *ret_target)
{
	const char *name = json_get_string(account, "account");
	const char *server = json_get_string(account, "server");

	if (!name || !account_name_valid(name) ||
	    set_text(ret_target->account, sizeof(ret_target->account), name) < 0 ||
	    set_text(ret_target->server, sizeof(ret_target->server), server) < 0)
		return control_call_not_understood();
	account_note_permission(account, false);
	return EXIT_STATUS_DONE;
}

/* Whose ACCOUNT is: of the credential, else of the config; NULL if that is not known. */
static const char *user_of(const struct json *account)
{
	const char *user = json_get_string(json_get(account, "user"), "username");

	return user ? user : json_get_string(account, "expected_user");
}

static void append_account(struct buf *names, const struct json *account)
{
	const char *name = json_get_string(account, "account");
	const char *user = user_of(account);

	buf_append_format(names, "%s%s", names->size ? ", " : "", name ? name : "?");
	if (user)
		buf_append_format(names, " (@%s)", user);
}

/* Without an argument it is the only account that there is. */
static int target_only(const struct json *accounts, struct login_target *ret_target)
{
	const struct json *account = json_first(accounts);
	_cleanup_(buf_done) struct buf names = {0};

	if (account && !json_next(account))
		return login_target_known(account, ret_target);
	if (!account) {
		terminal_message(_("misskey-authctl: There is no account yet. Name a server: "
				   "misskey-authctl login misskey.example"));
		return EXIT_STATUS_USAGE;
	}
	for (; account; account = json_next(account))
		append_account(&names, account);
	terminal_message(_("misskey-authctl: Which account? There are: %s"), buf_text(&names));
	return EXIT_STATUS_USAGE;
}

/* --user, or the user in the server's name; both must be the same. */
static int set_user(struct login_target *target, const char *in_server, const char *option)
{
	if (option && *option == '@')
		option++;
	if (option && (!*option || (*in_server && strcasecmp(in_server, option) != 0) ||
		       strlen(option) >= sizeof(target->user))) {
		terminal_message(_("misskey-authctl: --user must be one user's name, the same as "
				   "in @user@server."));
		return EXIT_STATUS_USAGE;
	}
	strcpy(target->user, option ? option : in_server);
	return EXIT_STATUS_DONE;
}

static bool is_on_server(const struct json *account, const char *origin)
{
	const char *server = json_get_string(account, "server");

	return server && strcmp(server, origin) == 0;
}

/* Whether a login at ORIGIN as USER ("": anybody) can mean ACCOUNT. */
static bool fits(const struct json *account, const char *origin, const char *user)
{
	const char *known = user_of(account);

	return is_on_server(account, origin) && (!*user || (known && strcasecmp(known, user) == 0));
}

/* The only one of ACCOUNTS that fits; NULL if there is none. *ret_several: there are more, which
 * was said. */
static const struct json *find_only(const struct json *accounts, const char *origin,
				    const char *user, bool *ret_several)
{
	_cleanup_(buf_done) struct buf names = {0};
	const struct json *found = NULL;

	*ret_several = false;
	for (const struct json *c = json_first(accounts); c; c = json_next(c)) {
		if (!fits(c, origin, user))
			continue;
		*ret_several = found != NULL;
		found = c;
		append_account(&names, c);
	}
	if (*ret_several)
		terminal_message(_("misskey-authctl: Which account on %s? There are: %s. Type the "
				   "account's name instead of the server's."),
				 origin, buf_text(&names));
	return found;
}

/* A new account, or one that the daemon will look up by its name. */
static int target_new(const struct url_server *server, const char *name,
		      struct login_target *target)
{
	_cleanup_(buf_done) struct buf usual = {0};
	int status;

	if (!name) {
		buf_append_format(&usual, "%s%s%s", target->user, *target->user ? "@" : "",
				  server->host);
		name = buf_text(&usual);
	}
	if (!account_name_valid(name)) {
		status = control_call_bad_name(name);
		terminal_message(_("Choose another name with --as."));
		return status;
	}
	strcpy(target->account, name);
	strcpy(target->server, server->origin);
	target->named_server = true;
	return EXIT_STATUS_DONE;
}

/* Which of the accounts on SERVER is meant, or that it is a new one. */
static int target_on_server(const struct json *accounts, const struct url_server *server,
			    struct login_target *target)
{
	const struct json *known = NULL;
	bool several = false;

	if (!*target->user) {
		known = control_find(accounts, "account", server->host);
		if (!is_on_server(known, server->origin))
			known = NULL;
	}
	if (!known)
		known = find_only(accounts, server->origin, target->user, &several);
	if (several)
		return EXIT_STATUS_USAGE;
	return known ? login_target_known(known, target) : target_new(server, NULL, target);
}

/* ARGUMENT is what a person writes for a server, or a known account's name beside --as. */
static int target_server(const struct command_options *options, const struct json *accounts,
			 const char *argument, struct login_target *target)
{
	struct err_detail detail = {0};
	struct url_server server;
	int status;

	if (url_server_parse(argument, &server, &detail) < 0) {
		terminal_message(_("misskey-authctl: %s."), detail.text);
		return EXIT_STATUS_USAGE;
	}
	status = set_user(target, server.user, options->user);
	if (status != EXIT_STATUS_DONE)
		return status;
	return options->as ? target_new(&server, options->as, target)
			   : target_on_server(accounts, &server, target);
}

int login_target_choose(const struct command_options *options, const struct json *accounts,
			struct login_target *ret_target)
{
	const char *argument = options->argument ? options->argument : options->as;
	const struct json *known;
	const char *server;
	int status;

	if (argument) {
		known = control_find(accounts, "account", argument);
		if (!options->argument && !known) {
			terminal_message(_("misskey-authctl: There is no account %s yet. Name its "
					   "server too: misskey-authctl login misskey.example "
					   "--as %s"),
					 options->as, options->as);
			return EXIT_STATUS_USAGE;
		}
		/* An account is mostly named after its host; with --as a second one is wanted
		 * there. */
		server = json_get_string(known, "server");
		if (!known || (options->as && strcmp(options->as, argument) != 0))
			return target_server(options, accounts, server ? server : argument,
					     ret_target);
	}
	status = argument ? login_target_known(known, ret_target)
			  : target_only(accounts, ret_target);
	return status == EXIT_STATUS_DONE ? set_user(ret_target, "", options->user) : status;
}
