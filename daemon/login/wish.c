/* SPDX-License-Identifier: MIT */
#include "login/wish.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int wish_copy(const struct wish *from, struct wish *ret_wish)
{
	*ret_wish = (struct wish){
		.permission = strdup(from->permission),
		.user = from->user ? strdup(from->user) : NULL,
		.replace = from->replace,
		.app_name = strdup(from->app_name),
		.description = strdup(from->description),
		.method = from->method,
	};
	if (ret_wish->permission && ret_wish->app_name && ret_wish->description &&
	    (ret_wish->user || !from->user))
		return 0;
	wish_done(ret_wish);
	return ERR_NOMEM;
}

void wish_done(struct wish *wish)
{
	free(wish->permission);
	free(wish->user);
	free(wish->app_name);
	free(wish->description);
	*wish = (struct wish){0};
}

bool wish_fits(const struct wish *asked, const struct wish *made)
{
	bool is_same_user = asked->user && made->user ? strcasecmp(asked->user, made->user) == 0
						      : asked->user == made->user;

	return is_same_user && asked->replace == made->replace &&
	       method_fits(asked->method, made->method) &&
	       strcmp(asked->permission, made->permission) == 0 &&
	       strcmp(asked->app_name, made->app_name) == 0 &&
	       strcmp(asked->description, made->description) == 0;
}
