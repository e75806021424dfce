/* SPDX-License-Identifier: MIT */
#include "config_values.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/command_line.h"
#include "common/permission.h"
#include "common/text.h"
#include "common/translate.h"

#define MINUTE_S 60
#define HOUR_S (60 * MINUTE_S)
#define DAY_S (24 * HOUR_S)

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

static struct config_account *current_account(struct config *config)
{
	return &config->accounts[config->account_count - 1];
}

static int set_listen(struct config *config, const char *value, struct err_detail *detail)
{
	return url_listen_parse(value, &config->port, detail);
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

static int set_yes_no(bool *yes, const char *value, struct err_detail *detail)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return text_err(detail, ERR_INVALID, value, _("expected yes or no"));
	*yes = value[0] == 'y';
	return 0;
}

static int set_notifications(struct config *config, const char *value, struct err_detail *detail)
{
	return set_yes_no(&config->notifications, value, detail);
}

static int set_browser(struct config *config, const char *value, struct err_detail *detail)
{
	return set_yes_no(&config->browser, value, detail);
}

static int set_confinement(struct config *config, const char *value, struct err_detail *detail)
{
	return set_yes_no(&config->confinement, value, detail);
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
	if (!*value || text_chars(value) > APP_NAME_CHARS)
		return text_err(detail, ERR_LIMIT, value, _("expected 1 to %d characters"),
				APP_NAME_CHARS);
	return replace_text(&current_account(config)->app_name, value, detail);
}

static int set_description(struct config *config, const char *value, struct err_detail *detail)
{
	if (!*value || text_chars(value) > APP_DESCRIPTION_CHARS)
		return text_err(detail, ERR_LIMIT, value, _("expected 1 to %d characters"),
				APP_DESCRIPTION_CHARS);
	return replace_text(&current_account(config)->description, value, detail);
}

static int set_method(struct config *config, const char *value, struct err_detail *detail)
{
	static const char *const names[] = {"auto", "app", "miauth"};
	enum method method = method_from_text(value);
	char hint[CONFIG_HINT_BYTES];

	if (method == METHOD_COUNT) {
		config_suggest(hint, value, names, sizeof(names) / sizeof(names[0]));
		return text_err(detail, ERR_INVALID, value, _("expected auto, app or miauth%s"),
				hint);
	}
	current_account(config)->method = method;
	return 0;
}

#define DURATION(member, min, max) \
	.seconds = offsetof(struct config, member), .min_s = (min), .max_s = (max)

static const struct config_key daemon_keys[] = {
	{"listen", .set = set_listen},
	{"session_time", DURATION(session_time_s, MINUTE_S, 7 * DAY_S)},
	{"poll_interval", DURATION(poll_interval_s, 1, 10 * MINUTE_S)},
	{"poll_interval_max", DURATION(poll_interval_max_s, 1, HOUR_S)},
	{"request_time", DURATION(request_time_s, 1, 5 * MINUTE_S)},
	{"ca_file", .set = set_ca_file},
	{"log_level", .set = set_log_level},
	{"on_consent_needed", .hook = CONFIG_ON_CONSENT_NEEDED},
	{"on_credential_changed", .hook = CONFIG_ON_CREDENTIAL_CHANGED},
	{"on_error", .hook = CONFIG_ON_ERROR},
	{"hook_time", DURATION(hook_time_s, 1, HOUR_S)},
	{"notifications", .set = set_notifications},
	{"browser", .set = set_browser},
	{"confinement", .set = set_confinement},
};

static const struct config_key account_keys[] = {
	{"server", .set = set_server},
	{"permission", .set = set_permission},
	{"user", .set = set_user},
	{"name", .set = set_name},
	{"description", .set = set_description},
	{"method", .set = set_method},
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

int config_key_set(const struct config_key *key, struct config *config, const char *value,
		   struct err_detail *detail)
{
	if (key->set)
		return key->set(config, value, detail);
	if (key->max_s == 0)
		return command_line_parse(value, &config->hooks[key->hook], detail);
	return text_duration(value, key->min_s, key->max_s,
			     (int64_t *)(void *)((char *)config + key->seconds), detail);
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
	    (!account->description &&
	     config_text_set(&account->description, CONFIG_DEFAULT_APP_DESCRIPTION) < 0))
		return err_set(detail, ERR_NOMEM, _("no memory"));
	return 0;
}
