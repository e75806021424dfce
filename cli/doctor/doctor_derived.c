/* SPDX-License-Identifier: MIT */

/*
 * doctor: accounts/ of the state directory.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/fsx.h"
#include "common/state.h"
#include "common/translate.h"
#include "doctor_files.h"
#include "doctor_path.h"
#include "token/account_names.h"
#include "token/token_file.h"

static bool is_there(const char *path)
{
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Reads ENV, the file of the account NAME. False: it is damaged, and a finding says so. */
static bool read_env(struct doctor *doctor, const char *env, const char *name,
		     struct env_file *file)
{
	_cleanup_(buf_done) struct buf text = {0};
	struct err_detail detail = {0};
	const char *fault;

	if (fsx_read(AT_FDCWD, env, ENV_FILE_MAX_BYTES, false, &text, &detail) < 0) {
		findings_add(&doctor->findings, FINDING_UNSAFE, "%s", detail.text);
	} else {
		memcpy(file->bytes, buf_text(&text), text.size);
		fault = env_file_parse(file, text.size, name);
		if (!fault)
			return true;
		findings_add(&doctor->findings, FINDING_UNSAFE, _("%s is damaged: %s"), env, fault);
	}
	findings_remedy(&doctor->findings, "%s", TOKEN_FILE_REPAIR);
	return false;
}

/* Whether TOKEN has the credential of FILE. One that cannot be read is reported by
 * check_token_file(). */
static bool is_same(const struct env_file *file, const char *token)
{
	_cleanup_(buf_done) struct buf found = {0};
	_cleanup_(buf_done) struct buf wanted = {0};

	if (fsx_read(AT_FDCWD, token, ENV_FILE_MAX_BYTES, false, &found, NULL) < 0)
		return true;
	buf_append_format(&wanted, "%s\n", env_file_value(file, ENV_KEY_TOKEN));
	return strcmp(buf_text(&found), buf_text(&wanted)) == 0;
}

/* Compares the account's TOKEN with ENV, which was read into FILE. */
static void compare(struct doctor *doctor, const struct env_file *file, const char *env,
		    const char *token)
{
	struct findings *findings = &doctor->findings;
	bool is_good = env_file_is_good(file);

	if (is_good && !is_there(token))
		findings_add(findings, FINDING_ERROR, _("%s has a credential, but %s is not there"),
			     env, token);
	else if (!is_good && is_there(token))
		findings_add(findings, FINDING_ERROR, _("%s has no credential, but %s is there"),
			     env, token);
	else if (is_good && !is_same(file, token))
		findings_add(findings, FINDING_ERROR,
			     _("%s has one credential, but %s has another"), env, token);
	else
		return;
	findings_remedy(findings, "%s", TOKEN_FILE_REPAIR);
}

static int add_account(struct json *accounts, const char *name, const struct env_file *file)
{
	_cleanup_(json_freep) struct json *account = json_new_object();

	if (json_add_string(account, "account", name) < 0 ||
	    json_add_string(account, "server", env_file_value(file, ENV_KEY_SERVER)) < 0 ||
	    json_add_string(account, "state", env_file_value(file, ENV_KEY_STATE)) < 0)
		return ERR_NOMEM;
	return json_append(accounts, TAKE_PTR(account));
}

static void check_env_file(struct doctor *doctor, const char *name, const char *env,
			   const char *token)
{
	_cleanup_(env_file_erase) struct env_file file = {0};

	if (doctor_check_path(&doctor->findings, env, S_IFREG) != DOCTOR_PATH_GOOD)
		return;
	if (!read_env(doctor, env, name, &file))
		return;
	if (add_account(doctor->env_accounts, name, &file) < 0)
		doctor->findings.error = ERR_NOMEM;
	compare(doctor, &file, env, token);
}

static void check_token_file(struct doctor *doctor, const char *env, const char *token)
{
	(void)doctor_check_path(&doctor->findings, token, S_IFREG);
	if (is_there(env))
		return;
	findings_add(&doctor->findings, FINDING_WARNING,
		     _("%s is there, but %s is not: misskey-token does not know the account"),
		     token, env);
	findings_remedy(&doctor->findings, _("The daemon sets both right when it starts: %s"),
			ADVICE_RESTART);
}

/* It may be the last copy of a credential: the daemon leaves it there. */
static void check_last_copy(struct doctor *doctor, const char *state, const char *accounts,
			    size_t token_count)
{
	char path[DOCTOR_PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%s", state, CREDENTIALS_FILE);
	if (token_count == 0 || is_there(path))
		return;
	findings_add(&doctor->findings, FINDING_WARNING,
		     _("There is no %s: what %s has may be the last copies"), path, accounts);
	findings_remedy(&doctor->findings,
			_("Restore it from a backup while the daemon is stopped, or log in again: "
			  "misskey-authctl login ACCOUNT"));
}

/* Looks at the account's directory and its files. Returns whether it has a token. */
static bool check_account(struct doctor *doctor, const char *state, const char *name)
{
	char directory[DOCTOR_PATH_BYTES];
	char env[DOCTOR_PATH_BYTES];
	char token[DOCTOR_PATH_BYTES];
	bool has_token;

	snprintf(directory, sizeof(directory), "%s/" ACCOUNTS_DIRECTORY "/%s", state, name);
	snprintf(env, sizeof(env), "%s/" ACCOUNTS_DIRECTORY "/%s/" ACCOUNT_ENV_FILE, state, name);
	snprintf(token, sizeof(token), "%s/" ACCOUNTS_DIRECTORY "/%s/" ACCOUNT_TOKEN_FILE, state,
		 name);
	if (doctor_check_subdirectory(&doctor->findings, directory) != DOCTOR_PATH_GOOD &&
	    faccessat(AT_FDCWD, directory, R_OK | X_OK, AT_EACCESS) != 0)
		return false;
	has_token = is_there(token);
	if (is_there(env))
		check_env_file(doctor, name, env, token);
	if (has_token)
		check_token_file(doctor, env, token);
	return has_token;
}

/* Reads the names in the directory ACCOUNTS. False: there is nothing to look at. */
static bool read_names(struct doctor *doctor, const char *accounts, struct name_table *names)
{
	struct findings *findings = &doctor->findings;
	struct err_detail detail = {0};
	size_t bad = findings_bad(findings);

	if (doctor_check_subdirectory(findings, accounts) == DOCTOR_PATH_MISSING) {
		findings_add(findings, FINDING_WARNING,
			     _("There is no %s: the daemon makes it when it starts"), accounts);
		findings_remedy(findings, ADVICE_RESTART);
		return false;
	}
	if (account_names_read_all(accounts, names, &detail) == 0)
		return true;
	if (findings_bad(findings) == bad)
		findings_add(findings, FINDING_ERROR, "%s", detail.text);
	return false;
}

void doctor_check_derived_files(struct doctor *doctor, const char *state)
{
	_cleanup_(account_names_done) struct name_table names = {0};
	char accounts[DOCTOR_PATH_BYTES];
	size_t token_count = 0;

	doctor->env_accounts = json_new_array();
	snprintf(accounts, sizeof(accounts), "%s/" ACCOUNTS_DIRECTORY, state);
	if (!read_names(doctor, accounts, &names))
		return;
	for (size_t i = 0; i < names.count; i++)
		token_count += check_account(doctor, state, names.rows[i]);
	check_last_copy(doctor, state, accounts, token_count);
}
