/* SPDX-License-Identifier: MIT */
#include "terminal/print_json.h"

#include "terminal/terminal.h"

int print_json(const struct json *value, bool indented)
{
	_cleanup_(buf_done) struct buf text = {0};
	int r = json_print(value, indented, &text);

	if (r < 0)
		return terminal_failed(r);
	buf_append_char(&text, '\n');
	return terminal_value(&text);
}
