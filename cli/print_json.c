/* SPDX-License-Identifier: MIT */
#include "cli/print_json.h"

#include "cli/exit_status.h"
#include "cli/terminal.h"
#include "common/translate.h"

int print_json(const struct json *value, bool indented)
{
	_cleanup_(buf_done) struct buf text = {0};
	int r = json_print(value, indented, &text);

	if (r < 0) {
		terminal_message(_("misskey-authctl: %s."), _(err_text(r)));
		return EXIT_STATUS_FAILED;
	}
	buf_append_char(&text, '\n');
	return terminal_value(&text);
}
