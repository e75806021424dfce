/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "state_json.h"
#include "store/credentials.h"
#include "store/credentials_file.h"

void credential_done(struct credential *credential)
{
	free(credential->server);
	free(credential->user_id);
	free(credential->username);
	secret_done(&credential->i);
	free(credential->permission);
	free(credential->app_id);
	free(credential->app_name);
	*credential = (struct credential){0};
}

void credential_free(struct credential *credential)
{
	if (!credential)
		return;
	credential_done(credential);
	free(credential);
}

static int copy_pointers(const struct credential *from, struct credential *to)
{
	if (state_copy_text(from->server, &to->server) < 0 ||
	    state_copy_text(from->user_id, &to->user_id) < 0 ||
	    state_copy_text(from->username, &to->username) < 0 ||
	    state_copy_text(from->permission, &to->permission) < 0 ||
	    state_copy_text(from->app_id, &to->app_id) < 0 ||
	    state_copy_text(from->app_name, &to->app_name) < 0)
		return ERR_NOMEM;
	return secret_copy(&to->i, &from->i);
}

int credential_copy(const struct credential *from, struct credential *ret_copy)
{
	struct credential copy = {
		.state = from->state,
		.obtained_at = from->obtained_at,
		.verified_at = from->verified_at,
	};
	int r;

	memcpy(copy.account, from->account, sizeof(copy.account));
	memcpy(copy.session_digest, from->session_digest, sizeof(copy.session_digest));
	r = copy_pointers(from, &copy);
	if (r < 0)
		credential_done(&copy);
	else
		*ret_copy = copy;
	return r;
}
