/* SPDX-License-Identifier: MIT */
#include "account_files.h"

#include "common/state.h"

void account_files_append(struct buf *path, const char *state_directory, enum account_file file,
			  const char *account)
{
	switch (file) {
	case ACCOUNT_FILE_ENV:
		buf_append_format(path, "%s/" ACCOUNTS_DIRECTORY "/%s/" ACCOUNT_ENV_FILE,
				  state_directory, account);
		break;
	case ACCOUNT_FILE_TOKEN:
		buf_append_format(path, "%s/" ACCOUNTS_DIRECTORY "/%s/" ACCOUNT_TOKEN_FILE,
				  state_directory, account);
		break;
	default:
		buf_append_format(path, "%s/" CREDENTIALS_FILE, state_directory);
	}
}
