/* SPDX-License-Identifier: MIT */
#include "token/token_exec.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/translate.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"
#include "token/account_credential.h"

static int no_memory(void)
{
	terminal_message(_("misskey-token: %s."), _(err_text(ERR_NOMEM)));
	return EXIT_STATUS_FAILED;
}

/* Appends VARIABLE=VALUE and a NUL for each of SETS. */
static int append_sets(const struct token_sets *sets, const struct env_file *file,
		       struct buf *variables)
{
	for (size_t i = 0; i < sets->count; i++) {
		const struct token_set *set = &sets->rows[i];
		struct err_detail detail = {0};
		const char *value = token_field_value(set->field, file, &detail);

		if (!value)
			return account_credential_failed(ERR_NOT_FOUND, &detail);
		buf_append_format(variables, "%.*s=%s", (int)set->size, set->variable, value);
		buf_append_char(variables, '\0');
	}
	return variables->error ? no_memory() : EXIT_STATUS_DONE;
}

/* Standard ones first: of two with one name that of --set is left. */
static bool put_all(struct env_file *file, const struct token_sets *sets, struct buf *variables)
{
	char *next = variables->bytes;

	if (putenv(file->lines[ENV_KEY_SERVER]) != 0 || putenv(file->lines[ENV_KEY_ACCOUNT]) != 0 ||
	    putenv(file->lines[ENV_KEY_TOKEN]) != 0)
		return false;
	for (size_t i = 0; i < sets->count; i++) {
		if (putenv(next) != 0)
			return false;
		next += strlen(next) + 1;
	}
	return true;
}

/* The environment points into FILE and VARIABLES, so that there is no other copy of the token to
 * erase if the command cannot be started. */
int token_exec(char **command, const struct token_sets *sets, struct env_file *file)
{
	_cleanup_(buf_done) struct buf variables = {0};
	int status = append_sets(sets, file, &variables);
	int error;

	if (status != EXIT_STATUS_DONE)
		return status;
	if (!put_all(file, sets, &variables))
		return no_memory();
	execvp(command[0], command);
	error = errno;
	terminal_message(_("misskey-token: %s cannot be started: %s."), command[0],
			 translate_errno(error));
	return error == ENOENT ? EXIT_STATUS_NOT_FOUND : EXIT_STATUS_NOT_EXECUTABLE;
}
