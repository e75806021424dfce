/* SPDX-License-Identifier: MIT */
#include "token_format.h"

#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "common/translate.h"
#include "token/token_fields.h"

/* Appends VALUE, whose characters are those of an env file: none of them needs an escape in JSON.
 */
typedef void filter_function(struct buf *output, const char *value);

static void append_json(struct buf *output, const char *value)
{
	buf_append_char(output, '"');
	buf_append_text(output, value);
	buf_append_char(output, '"');
}

/* RFC 3986, 2.1: what is not unreserved. */
static void append_url(struct buf *output, const char *value)
{
	for (; *value; value++) {
		if (strchr(":/?#[]@!$&'()*+,;=%", *value))
			buf_append_format(output, "%%%02X", (unsigned)(unsigned char)*value);
		else
			buf_append_char(output, *value);
	}
}

static const struct filter {
	const char *name;
	filter_function *append;
} filters[] = {
	{"json", append_json},
	{"sh", text_append_quoted},
	{"url", append_url},
};
#define FILTERS "json, sh, url"

/* One {FIELD} or {FIELD|FILTER}. */
struct place {
	const struct token_field *field;
	const struct filter *filter; /* NULL: none */
};

static const struct filter *filter_find(const char *name, size_t size)
{
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		if (strlen(filters[i].name) == size && memcmp(filters[i].name, name, size) == 0)
			return &filters[i];
	return NULL;
}

/* Reads the SIZE bytes of TEXT, which stand between braces. */
static int parse_place(const char *text, size_t size, struct place *ret_place,
		       struct err_detail *detail)
{
	const char *bar = memchr(text, '|', size);
	size_t name_size = bar ? (size_t)(bar - text) : size;

	ret_place->filter = NULL;
	ret_place->field = token_field_find(text, name_size, detail);
	if (!ret_place->field)
		return ERR_SYNTAX;
	if (!bar)
		return 0;
	ret_place->filter = filter_find(bar + 1, size - name_size - 1);
	if (ret_place->filter)
		return 0;
	return err_set(detail, ERR_SYNTAX, _("{%.*s}: There is no such filter. There are: %s"),
		       (int)(size < TEXT_FOUND_CHARS ? size : TEXT_FOUND_CHARS), text, FILTERS);
}

static int append_value(const struct place *place, const struct env_file *file, struct buf *output,
			struct err_detail *detail)
{
	const char *name = place->field->name;
	const char *value = token_field_value(place->field, file, detail);

	if (!value)
		return ERR_NOT_FOUND;
	if (place->filter)
		place->filter->append(output, value);
	else if (token_field_is_plain(place->field, value))
		buf_append_text(output, value);
	else
		return err_set(
			detail, ERR_INVALID,
			_("The %s of %s has characters that do not fit into every text. Choose "
			  "how they are written: {%s|json}, {%s|sh} or {%s|url}"),
			name, env_file_value(file, ENV_KEY_ACCOUNT), name, name, name);
	return 0;
}

/* Takes what begins with the brace at TEXT, and *ret_end is behind it. FILE may be NULL. */
static int take_brace(const char *text, const struct env_file *file, struct buf *output,
		      const char **ret_end, struct err_detail *detail)
{
	size_t size = strcspn(text + 1, "{}");
	struct place place;
	int r;

	if (text[1] == text[0]) {
		buf_append_char(output, text[0]);
		*ret_end = text + 2;
		return 0;
	}
	if (text[0] == '}')
		return err_set(detail, ERR_SYNTAX,
			       _("A } has no { before it. A brace itself is written {{ or }}."));
	if (text[1 + size] != '}')
		return err_set(detail, ERR_SYNTAX,
			       _("A { has no } after it. A brace itself is written {{ or }}."));
	r = parse_place(text + 1, size, &place, detail);
	if (r == 0 && file)
		r = append_value(&place, file, output, detail);
	*ret_end = text + size + 2;
	return r;
}

int token_format(const char *text, const struct env_file *file, struct buf *output,
		 struct err_detail *detail)
{
	int r = 0;

	while (r == 0 && *text) {
		size_t size = strcspn(text, "{}");

		buf_append(output, text, size);
		text += size;
		if (*text)
			r = take_brace(text, file, output, &text, detail);
	}
	return r;
}

int token_format_check(const char *text, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf braces = {0};

	return token_format(text, NULL, &braces, detail);
}
