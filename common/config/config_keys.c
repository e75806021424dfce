/* SPDX-License-Identifier: MIT */
#include "config_values.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/command_line.h"
#include "common/text.h"
#include "common/translate.h"

#define SESSION_TIME_MIN_S 60
#define SESSION_TIME_MAX_S (7 * 24 * 60 * 60)
#define POLL_INTERVAL_MIN_S 1
#define POLL_INTERVAL_MAX_S (10 * 60)
#define POLL_INTERVAL_MAX_MIN_S 1
#define POLL_INTERVAL_MAX_MAX_S (60 * 60)
#define REQUEST_TIME_MIN_S 1
#define REQUEST_TIME_MAX_S (5 * 60)
#define HOOK_TIME_MIN_S 1
#define HOOK_TIME_MAX_S (60 * 60)

void config_suggest(char ret_text[static CONFIG_HINT_BYTES], const char *word,
		    const char *const *candidates, size_t count)
{
	const char *nearest = text_nearest(word, candidates, count);

	ret_text[0] = '\0';
	if (nearest)
		(void)snprintf(ret_text, CONFIG_HINT_BYTES, _("; did you mean `%s`?"), nearest);
}

static int replace_text(char **text, const char *value, struct err_detail *detail)
{
	if (config_text_set(text, value) < 0)
		return err_set(detail, ERR_NOMEM, _("no memory"));
	return 0;
}

/* UTF-8 is made sure of already. */
static size_t count_chars(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xC0) != 0x80;
	return count;
}

static struct config_account *current_account(struct config *config)
{
	return &config->accounts[config->account_count - 1];
}

static int set_listen(struct config *config, const char *value, struct err_detail *detail)
{
	return url_listen_parse(value, &config->port, detail);
}

static int set_session_time(struct config *config, const char *value, struct err_detail *detail)
{
	return text_duration(value, SESSION_TIME_MIN_S, SESSION_TIME_MAX_S, &config->session_time_s,
			     detail);
}

static int set_request_time(struct config *config, const char *value, struct err_detail *detail)
{
	return text_duration(value, REQUEST_TIME_MIN_S, REQUEST_TIME_MAX_S, &config->request_time_s,
			     detail);
}

static int set_poll_interval(struct config *config, const char *value, struct err_detail *detail)
{
	return text_duration(value, POLL_INTERVAL_MIN_S, POLL_INTERVAL_MAX_S,
			     &config->poll_interval_s, detail);
}

static int set_poll_interval_max(struct config *config, const char *value,
				 struct err_detail *detail)
{
	return text_duration(value, POLL_INTERVAL_MAX_MIN_S, POLL_INTERVAL_MAX_MAX_S,
			     &config->poll_interval_max_s, detail);
}

static int set_ca_file(struct config *config, const char *value, struct err_detail *detail)
{
	if (value[0] == '~')
		return text_err(
			detail, ERR_INVALID, value,
			_("expected an absolute path; ~ is not expanded here, write the home "
			  "directory out"));
	if (value[0] != '/')
		return text_err(detail, ERR_INVALID, value,
				_("expected an absolute path, one that begins with /"));
	if (strlen(value) >= PATH_MAX)
		return text_err(detail, ERR_LIMIT, value,
				_("expected a path of fewer than %d bytes"), PATH_MAX);
	return replace_text(&config->ca_file, value, detail);
}

static int set_log_level(struct config *config, const char *value, struct err_detail *detail)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	char hint[CONFIG_HINT_BYTES];

	if (log_level_parse(value, &config->log_level) == 0)
		return 0;
	config_suggest(hint, value, names, sizeof(names) / sizeof(names[0]));
	return text_err(detail, ERR_INVALID, value, _("expected error, warning, info or debug%s"),
			hint);
}

static int set_on_consent_needed(struct config *config, const char *value,
				 struct err_detail *detail)
{
	return command_line_parse(value, &config->hooks[CONFIG_ON_CONSENT_NEEDED], detail);
}

static int set_on_credential_changed(struct config *config, const char *value,
				     struct err_detail *detail)
{
	return command_line_parse(value, &config->hooks[CONFIG_ON_CREDENTIAL_CHANGED], detail);
}

static int set_on_error(struct config *config, const char *value, struct err_detail *detail)
{
	return command_line_parse(value, &config->hooks[CONFIG_ON_ERROR], detail);
}

static int set_hook_time(struct config *config, const char *value, struct err_detail *detail)
{
	return text_duration(value, HOOK_TIME_MIN_S, HOOK_TIME_MAX_S, &config->hook_time_s, detail);
}

static int set_notifications(struct config *config, const char *value, struct err_detail *detail)
{
	bool yes = strcmp(value, "yes") == 0;

	if (!yes && strcmp(value, "no") != 0)
		return text_err(detail, ERR_INVALID, value, _("expected yes or no"));
	config->notifications = yes;
	return 0;
}

static int set_server(struct config *config, const char *value, struct err_detail *detail)
{
	return url_server_parse(value, &current_account(config)->server, detail);
}

static int set_permission(struct config *config, const char *value, struct err_detail *detail)
{
	return permission_parse(value, &current_account(config)->permission, detail);
}

static int set_user(struct config *config, const char *value, struct err_detail *detail)
{
	static const char allowed[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"_.-";
	const char *name = value[0] == '@' ? value + 1 : value;

	if (!*name || name[strspn(name, allowed)] != '\0' || strlen(name) >= URL_USER_BYTES)
		return text_err(detail, ERR_INVALID, value,
				_("expected a user's name on that server, such as alice: letters, "
				  "digits, _ . -"));
	return replace_text(&current_account(config)->user, name, detail);
}

static int set_name(struct config *config, const char *value, struct err_detail *detail)
{
	if (!*value || count_chars(value) > APP_NAME_CHARS)
		return text_err(detail, ERR_LIMIT, value, _("expected 1 to %d characters"),
				APP_NAME_CHARS);
	return replace_text(&current_account(config)->app_name, value, detail);
}

static int set_description(struct config *config, const char *value, struct err_detail *detail)
{
	if (!*value || count_chars(value) > APP_DESCRIPTION_CHARS)
		return text_err(detail, ERR_LIMIT, value, _("expected 1 to %d characters"),
				APP_DESCRIPTION_CHARS);
	return replace_text(&current_account(config)->description, value, detail);
}

static const struct config_key daemon_keys[] = {
	{"listen", set_listen},
	{"session_time", set_session_time},
	{"poll_interval", set_poll_interval},
	{"poll_interval_max", set_poll_interval_max},
	{"request_time", set_request_time},
	{"ca_file", set_ca_file},
	{"log_level", set_log_level},
	{"on_consent_needed", set_on_consent_needed},
	{"on_credential_changed", set_on_credential_changed},
	{"on_error", set_on_error},
	{"hook_time", set_hook_time},
	{"notifications", set_notifications},
};

static const struct config_key account_keys[] = {
	{"server", set_server}, {"permission", set_permission},	  {"user", set_user},
	{"name", set_name},	{"description", set_description},
};

_Static_assert(sizeof(daemon_keys) / sizeof(daemon_keys[0]) <= CONFIG_KEYS_MAX, "daemon");
_Static_assert(sizeof(account_keys) / sizeof(account_keys[0]) <= CONFIG_KEYS_MAX, "account");

const struct config_key *config_keys(enum config_section section, size_t *ret_count)
{
	if (section == CONFIG_SECTION_DAEMON) {
		*ret_count = sizeof(daemon_keys) / sizeof(daemon_keys[0]);
		return daemon_keys;
	}
	*ret_count = section == CONFIG_SECTION_ACCOUNT
			     ? sizeof(account_keys) / sizeof(account_keys[0])
			     : 0;
	return account_keys;
}

int config_account_complete(struct config_account *account, struct err_detail *detail)
{
	const char *server_user = account->server.user;

	if (!account->server.origin[0])
		return err_set(detail, ERR_INVALID,
			       _("[account %s] has no server: expected `server = misskey.example`"),
			       account->name);
	if (server_user[0] && account->user && strcasecmp(server_user, account->user) != 0)
		return text_err(detail, ERR_INVALID, account->user,
				_("expected the user of `server = @%s@%s`"), server_user,
				account->server.host);
	if ((server_user[0] && !account->user &&
	     config_text_set(&account->user, server_user) < 0) ||
	    (!account->permission &&
	     config_text_set(&account->permission, PERMISSION_DEFAULT) < 0) ||
	    (!account->app_name &&
	     config_text_set(&account->app_name, CONFIG_DEFAULT_APP_NAME) < 0) ||
	    (!account->description &&
	     config_text_set(&account->description, CONFIG_DEFAULT_APP_DESCRIPTION) < 0))
		return err_set(detail, ERR_NOMEM, _("no memory"));
	return 0;
}
