/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "daemon/control_internal.h"

int control_body_text(const struct json *body, const char *key, const char **ret_text,
		      struct err_detail *detail)
{
	const struct json *member = json_get(body, key);

	*ret_text = json_string(member);
	if (member && !json_is_null(member) && !*ret_text)
		return err_set(detail, ERR_INVALID, "The member \"%s\" must be a text", key);
	return 0;
}

static int check_members(const struct json *body, const char *const *known, size_t count,
			 struct err_detail *detail)
{
	for (const struct json *member = json_first(body); member; member = json_next(member)) {
		bool found = false;

		for (size_t n = 0; n < count; n++)
			found |= strcmp(json_key(member), known[n]) == 0;
		if (!found)
			return err_set(detail, ERR_INVALID,
				       "The body has a member that this request does not know");
	}
	return 0;
}

int control_body_parse(const struct http_request *request, const char *const *known, size_t count,
		       struct json **ret_body, struct err_detail *detail)
{
	_cleanup_(json_freep) struct json *body = NULL;
	struct err_detail why = {0};
	int r = 0;

	if (http_request_body_size(request) == 0)
		body = json_new_object();
	else
		r = json_parse(http_request_body(request), http_request_body_size(request),
			       CONTROL_BODY_BYTES, &body, &why);
	if (r)
		return err_set(detail, r, "The body is %s", why.text);
	if (!r && !body)
		r = err_set(detail, ERR_NOMEM, "no memory");
	if (!r && !json_is_object(body))
		r = err_set(detail, ERR_INVALID, "The body must be a JSON object");
	if (!r)
		r = check_members(body, known, count, detail);
	if (!r)
		*ret_body = TAKE_PTR(body);
	return r;
}
