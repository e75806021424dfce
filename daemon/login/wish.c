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

bool wish_equals(const struct wish *a, const struct wish *b)
{
	bool is_same_user =
		a->user && b->user ? strcasecmp(a->user, b->user) == 0 : a->user == b->user;

	return is_same_user && a->replace == b->replace &&
	       strcmp(a->permission, b->permission) == 0 && strcmp(a->app_name, b->app_name) == 0 &&
	       strcmp(a->description, b->description) == 0;
}
