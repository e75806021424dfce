/* SPDX-License-Identifier: MIT */
#include "service_units.h"

#include <string.h>

#include "common/cleanup.h"
#include "common/translate.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"

/* In the user's own configuration, wherever the manager's XDG_CONFIG_HOME is: it is the first of
 * the manager's directories that is called so. */
#define OWN_UNITS "/systemd/user"

int service_units_drop_ins(struct buf *path, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf output = {0};
	int r = units_show("UnitPath", 0, &output, detail);
	const char *word;

	if (r < 0)
		return r;
	word = units_value(buf_text(&output), "UnitPath");
	while (*word && *word != '\n') {
		size_t size = strcspn(word, " \n");

		if (size > strlen(OWN_UNITS) &&
		    strncmp(word + size - strlen(OWN_UNITS), OWN_UNITS, strlen(OWN_UNITS)) == 0) {
			buf_append_format(path, "%.*s/misskey-authd-callback.socket.d", (int)size,
					  word);
			return buf_error(path);
		}
		word += size;
		word += *word == ' ';
	}
	return err_set(detail, ERR_NOT_FOUND, _("systemd does not say where it looks for units"));
}

int service_units_read(struct unit ret_units[static UNIT_COUNT])
{
	struct err_detail detail = {0};
	int r = units_read(ret_units, &detail);

	if (r == 0)
		return EXIT_STATUS_DONE;
	terminal_message(_("misskey-authctl: %s."), detail.text);
	terminal_message("%s", units_remedy(r));
	return EXIT_STATUS_FAILED;
}
