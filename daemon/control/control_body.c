/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "control_messages.h"

/* The text member KEY, which may be left out or null: *ret_text is NULL then. */
static int get_text(const struct json *body, const char *key, const char **ret_text,
		    struct err_detail *detail)
{
	const struct json *member = json_get(body, key);

	*ret_text = json_string(member);
	if (member && !json_is_null(member) && !*ret_text)
		return err_set(detail, ERR_INVALID, "The member \"%s\" must be a text", key);
	return 0;
}

/* The member KEY, which may be left out: *FLAG stays as it is then. */
static int get_flag(const struct json *body, const char *key, bool *flag, struct err_detail *detail)
{
	if (json_get(body, key) && !json_get_bool(body, key, flag))
		return err_set(detail, ERR_INVALID, "The member \"%s\" must be true or false", key);
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

int control_body_login(const struct json *body, struct service_login *login,
		       struct err_detail *detail)
{
	int r = get_text(body, "server", &login->server, detail);

	if (!r)
		r = get_text(body, "user", &login->user, detail);
	if (!r)
		r = get_text(body, "permission", &login->permission, detail);
	if (!r)
		r = get_text(body, "name", &login->app_name, detail);
	if (!r)
		r = get_text(body, "description", &login->description, detail);
	if (!r)
		r = get_text(body, "method", &login->method, detail);
	if (!r)
		r = get_flag(body, "browser", &login->browser, detail);
	if (!r)
		r = get_flag(body, "replace", &login->replace, detail);
	if (!r)
		r = get_flag(body, "if_needed", &login->if_needed, detail);
	return r;
}

int control_body_new_name(const struct json *body, const char **ret_name, struct err_detail *detail)
{
	int r = get_text(body, "to", ret_name, detail);

	if (!r && !*ret_name)
		r = err_set(detail, ERR_INVALID, "The member \"to\" is missing: the new name");
	return r;
}

int control_body_problem(const struct json *body, const char **ret_problem,
			 struct err_detail *detail)
{
	const char *problem;
	int r = get_text(body, "problem", &problem, detail);

	if (r)
		return r;
	if (!problem || !*problem)
		return err_set(detail, ERR_INVALID, "The member \"problem\" is missing");
	if (strlen(problem) > CONTROL_PROBLEM_MAX)
		return err_set(detail, ERR_INVALID,
			       "The member \"problem\" must have at most %d bytes",
			       CONTROL_PROBLEM_MAX);
	*ret_problem = problem;
	return 0;
}
