/* SPDX-License-Identifier: MIT */
#include "token/credential_helper.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/env_file.h"
#include "common/translate.h"
#include "credential_request.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"
#include "token/account_credential.h"
#include "token/account_find.h"
#include "token/account_names.h"
#include "token/token_print.h"

/* Reads standard input up to an empty line or its end. */
static int read_input(struct buf *input, struct err_detail *detail)
{
	char bytes[1024];
	ssize_t count;

	while (!credential_request_is_whole(buf_text(input), input->size)) {
		count = read(STDIN_FILENO, bytes, sizeof(bytes));
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return err_set(detail, ERR_IO, _("Standard input cannot be read: %s."),
				       translate_errno(errno));
		if (count == 0)
			break;
		buf_append(input, bytes, (size_t)count);
		if (input->size > CREDENTIAL_REQUEST_MAX_BYTES)
			return err_set(detail, ERR_LIMIT,
				       _("Standard input has more than %d bytes."),
				       CREDENTIAL_REQUEST_MAX_BYTES);
		if (input->error)
			return err_set(detail, input->error, "%s.", _(err_text(input->error)));
	}
	return 0;
}

static int answer(const struct env_file *file)
{
	_cleanup_(buf_done) struct buf text = {0};
	const char *user = env_file_value(file, ENV_KEY_USER);
	int status = account_credential_check(file);

	if (status != EXIT_STATUS_DONE)
		return status;
	/* git asks the person for a name that is not answered. */
	buf_append_format(&text, "username=%s\npassword=%s\n",
			  *user ? user : env_file_value(file, ENV_KEY_ACCOUNT),
			  env_file_value(file, ENV_KEY_TOKEN));
	return token_print_text(&text);
}

static int answer_for(const char *account, const char *directory)
{
	_cleanup_(env_file_erase) struct env_file file = {0};
	struct err_detail detail = {0};
	int r = account_credential_read(directory, account, &file, &detail);

	return r < 0 ? account_credential_failed(r, &detail) : answer(&file);
}

/* One that has no good credential is found if there is no other, so that its message is said. */
static int find(const char *directory, struct account_wanted *wanted, struct name_table *ret_names,
		struct err_detail *detail)
{
	int r;

	wanted->with_credential = true;
	r = account_find(directory, wanted, ret_names, detail);
	if (r < 0 || ret_names->count > 0)
		return r;
	account_names_done(ret_names);
	wanted->with_credential = false;
	return account_find(directory, wanted, ret_names, detail);
}

static int answer_from(const char *directory, struct account_wanted *wanted)
{
	_cleanup_(account_names_done) struct name_table names = {0};
	_cleanup_(buf_done) struct buf line = {0};
	struct err_detail detail = {0};
	int r = find(directory, wanted, &names, &detail);

	if (r < 0)
		return account_credential_failed(r, &detail);
	if (names.count == 0)
		return EXIT_STATUS_DONE;
	if (names.count == 1 || !wanted->with_credential)
		return answer_for(names.rows[0], directory);
	account_names_append(&line, &names);
	terminal_message(_("misskey-token: Which account of %s? Give git a user name, or "
			   "misskey-token one of these accounts: %s"),
			 wanted->server, buf_text(&line));
	return EXIT_STATUS_USAGE;
}

int credential_helper(const struct env_file *file, const char *directory)
{
	_cleanup_(buf_done) struct buf input = {0};
	_cleanup_(buf_done) struct buf origin = {0};
	struct account_wanted wanted = {0};
	struct credential_request request = {0};
	struct err_detail detail = {0};
	int r;

	r = read_input(&input, &detail);
	if (r == 0)
		r = credential_request_parse(input.bytes ? input.bytes : (char[]){""}, input.size,
					     &request, &detail);
	if (r < 0)
		return account_credential_failed(r, &detail);
	if (!credential_request_origin(&request, &origin))
		return EXIT_STATUS_DONE;
	r = buf_error(&origin);
	if (r < 0)
		return account_credential_failed(err_set(&detail, r, "%s.", _(err_text(r))),
						 &detail);
	wanted.server = buf_text(&origin);
	if (request.username && *request.username) {
		wanted.user = request.username;
		wanted.user_size = strlen(request.username);
	}
	if (!file)
		return answer_from(directory, &wanted);
	return account_is_wanted(file, &wanted) ? answer(file) : EXIT_STATUS_DONE;
}
