/* SPDX-License-Identifier: MIT */
#include "token/token_set.h"

#include <string.h>

#include "common/text.h"
#include "common/translate.h"

#define FIRST "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define FOLLOWING FIRST "0123456789"

int token_sets_add(struct token_sets *sets, const char *variable_and_field,
		   struct err_detail *detail)
{
	const char *text = variable_and_field;
	struct token_set set = {.variable = text, .size = strspn(text, FOLLOWING)};

	if (set.size == 0 || !strchr(FIRST, text[0]) || text[set.size] != '=')
		return text_err(detail, ERR_SYNTAX, text,
				_("Expected VARIABLE=FIELD. A variable's name has letters, digits "
				  "and _, and begins with no digit."));
	for (size_t i = 0; i < sets->count; i++)
		if (sets->rows[i].size == set.size &&
		    memcmp(sets->rows[i].variable, text, set.size) == 0)
			return text_err(detail, ERR_SYNTAX, text,
					_("A variable can be set only once."));
	if (sets->count == TOKEN_SETS_MAX)
		return err_set(detail, ERR_LIMIT, _("At most %d variables can be set."),
			       TOKEN_SETS_MAX);
	set.field = token_field_find(text + set.size + 1, strlen(text + set.size + 1), detail);
	if (!set.field)
		return ERR_SYNTAX;
	sets->rows[sets->count++] = set;
	return 0;
}
