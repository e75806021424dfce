/* SPDX-License-Identifier: MIT */
#include "token/account_credential.h"

#include <limits.h>
#include <string.h>

#include "common/account_name.h"
#include "common/state.h"
#include "common/translate.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"
#include "token/token_file.h"

/* The directory that paths_resolve_state() lets be so long, "/accounts", a name and "/env". */
#define PATH_BYTES                                                        \
	(PATH_MAX + sizeof("/" ACCOUNTS_DIRECTORY) + ACCOUNT_NAME_BYTES + \
	 sizeof("/" ACCOUNT_ENV_FILE))

/* Not snprintf(), which takes four page faults. */
int account_credential_read(const char *directory, const char *account, struct env_file *ret_file,
			    struct err_detail *detail)
{
	char path[PATH_BYTES];
	char *end = mempcpy(path, directory, strlen(directory));

	*end++ = '/';
	end = mempcpy(end, account, strlen(account));
	strcpy(end, "/" ACCOUNT_ENV_FILE);
	return token_file_read(path, account, ret_file, detail);
}

int account_credential_check(const struct env_file *file)
{
	const char *state = env_file_value(file, ENV_KEY_STATE);
	const char *account = env_file_value(file, ENV_KEY_ACCOUNT);

	if (env_file_is_good(file))
		return EXIT_STATUS_DONE;
	if (strcmp(state, "revoked") == 0)
		terminal_message(
			_("misskey-token: %s does not accept the credential of %s any more. Log in "
			  "again with: misskey-authctl login %s"),
			env_file_value(file, ENV_KEY_SERVER), account, account);
	else if (strcmp(state, "suspended") == 0)
		terminal_message(
			_("misskey-token: %s has suspended the user of %s. When that is over, "
			  "run: misskey-authctl verify %s"),
			env_file_value(file, ENV_KEY_SERVER), account, account);
	else
		terminal_message(_("misskey-token: There is no credential of %s yet. Log in with: "
				   "misskey-authctl login %s"),
				 account, account);
	return EXIT_STATUS_NO_CREDENTIAL;
}

int account_credential_failed(int code, const struct err_detail *detail)
{
	terminal_message("misskey-token: %s", detail->text);
	if (code == ERR_UNSAFE || code == ERR_DAMAGED || code == ERR_ACCESS)
		return EXIT_STATUS_UNSAFE;
	return EXIT_STATUS_FAILED;
}
