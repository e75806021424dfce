/* SPDX-License-Identifier: MIT */
#include "terminal/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/translate.h"
#include "common/url.h"

#define QUIET_ZONE 4
#define QUIET_ZONE_MIN 2

/* Black and white of the 256 colours: unlike the first 16, themes leave them alone. */
#define BLACK "16"
#define WHITE "231"
#define BLACK_ON_WHITE "\033[38;5;" BLACK ";48;5;" WHITE "m"
#define ON_BLACK "\033[48;5;" BLACK "m"
#define ON_WHITE "\033[48;5;" WHITE "m"
#define RESET "\033[0m"

DEFINE_CLEANUP(QRcode *, QRcode_free);

bool qr_style_choose(bool utf8, bool colors, enum qr_style *ret_style)
{
	if (!utf8 && !colors)
		return false;
	if (utf8)
		*ret_style = colors ? QR_STYLE_COLORS : QR_STYLE_PLAIN;
	else
		*ret_style = QR_STYLE_BLANKS;
	return true;
}

/* ROW and COLUMN may be anywhere around the code: there it is light. */
static bool is_dark(const QRcode *code, int row, int column)
{
	if (row < 0 || row >= code->width || column < 0 || column >= code->width)
		return false;
	/* The other bits of a module tell what it is for. */
	return code->data[row * code->width + column] & 1;
}

/* The half block that is filled where its upper and its lower half are. */
static const char *half_block(bool upper, bool lower)
{
	if (upper)
		return lower ? "█" : "▀";
	return lower ? "▄" : " ";
}

/* Two rows of modules are one line. Their number is odd, so the last line has a light row more. */
static void append_half_blocks(struct buf *buf, const QRcode *code, int quiet, bool colors)
{
	for (int row = -quiet; row < code->width + quiet; row += 2) {
		if (colors)
			buf_append_text(buf, BLACK_ON_WHITE);
		for (int column = -quiet; column < code->width + quiet; column++) {
			bool upper = is_dark(code, row, column);
			bool lower = is_dark(code, row + 1, column);

			buf_append_text(buf, colors ? half_block(upper, lower)
						    : half_block(!upper, !lower));
		}
		buf_append_text(buf, colors ? RESET "\n" : "\n");
	}
}

/* Two blanks are a module. */
static void append_blanks(struct buf *buf, const QRcode *code, int quiet)
{
	for (int row = -quiet; row < code->width + quiet; row++) {
		bool dark = false;

		buf_append_text(buf, ON_WHITE);
		for (int column = -quiet; column < code->width + quiet; column++) {
			if (is_dark(code, row, column) != dark) {
				dark = !dark;
				buf_append_text(buf, dark ? ON_BLACK : ON_WHITE);
			}
			buf_append_text(buf, "  ");
		}
		buf_append_text(buf, RESET "\n");
	}
}

/* Columns of a module: two blanks, or half blocks, are about as wide as high. */
static int module_columns(enum qr_style style)
{
	return style == QR_STYLE_BLANKS ? 2 : 1;
}

/* How many modules fit around the code, and not more than belong there. */
static int quiet_zone(const QRcode *code, enum qr_style style, unsigned columns)
{
	int fit = ((int)columns / module_columns(style) - code->width) / 2;

	return fit < QUIET_ZONE ? fit : QUIET_ZONE;
}

int qr_append(struct buf *buf, const char *text, enum qr_style style, unsigned columns,
	      struct err_detail *detail)
{
	_cleanup_(QRcode_freep) QRcode *code = NULL;
	int quiet;
	int r;

	if (!*text)
		return err_set(detail, ERR_INVALID, _("There is no QR code of an empty text."));
	if (strlen(text) >= URL_MAX_BYTES)
		return err_set(detail, ERR_LIMIT,
			       _("The address is too long for a QR code: %d bytes or more."),
			       URL_MAX_BYTES);
	code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
	if (!code)
		return err_set(detail, errno == ENOMEM ? ERR_NOMEM : ERR_LIBRARY,
			       _("No QR code could be made: %s."), translate_errno(errno));
	quiet = quiet_zone(code, style, columns);
	if (quiet < QUIET_ZONE_MIN)
		return err_set(detail, ERR_LIMIT,
			       _("The terminal is too narrow for the QR code: it has %u columns, "
				 "and %d are needed."),
			       columns, (code->width + 2 * QUIET_ZONE_MIN) * module_columns(style));
	if (style == QR_STYLE_BLANKS)
		append_blanks(buf, code, quiet);
	else
		append_half_blocks(buf, code, quiet, style == QR_STYLE_COLORS);
	r = buf_error(buf);
	return r < 0 ? err_set(detail, r, _("No QR code could be drawn: %s."), _(err_text(r))) : 0;
}
