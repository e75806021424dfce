/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Draws a text as a QR code for a terminal, for the camera of a phone. Pure. The only user of
 * libqrencode.
 */

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

enum qr_style {
	QR_STYLE_COLORS, /* half blocks, black on white whatever the terminal's theme is */
	/* Half blocks alone: light modules are drawn, so that the code is right on a dark terminal.
	 * A light one inverts it, which phones read as well. */
	QR_STYLE_PLAIN,
	QR_STYLE_BLANKS, /* blanks on black and white, for terminals that know no half blocks */
};

/* The style for a terminal that shows UTF-8, or colours, or both. False: there is none. */
bool qr_style_choose(bool utf8, bool colors, enum qr_style *ret_style);

/* Appends the lines of the QR code of TEXT, for a terminal of COLUMNS columns: with error
 * correction level L, for nothing on a screen is worn or dirty, and the quiet zone of 4 modules
 * that ISO/IEC 18004 wants, or down to 2 where the columns do not suffice. Colours are reset at the
 * end of each line. ERR_LIMIT if even that is too wide, or TEXT has URL_MAX_BYTES or more;
 * ERR_INVALID if it is empty; ERR_NOMEM, ERR_LIBRARY. DETAIL is one sentence. */
int qr_append(struct buf *buf, const char *text, enum qr_style style, unsigned columns,
	      struct err_detail *detail) _must_check_;
