/* SPDX-License-Identifier: MIT */
#ifndef PAGE_PAGE_STYLE_H
#define PAGE_PAGE_STYLE_H

/*
 * What the pages look like. For page.c alone.
 */

/* How a page is meant. */
enum page_tone {
	PAGE_TONE_NEUTRAL,
	PAGE_TONE_BUSY,
	PAGE_TONE_GOOD,
	PAGE_TONE_CAUTION,
	PAGE_TONE_BAD,
	PAGE_TONE_COUNT,
};

/* The style sheet: its hash is in the Content-Security-Policy, so it is the same for all pages. */
const char *page_style(void);

/* The program's mark and the tone's sign, as SVG elements for a page. */
const char *page_mark(void);
const char *page_sign(enum page_tone tone);

/* The tone's class in the style sheet. */
const char *page_tone_class(enum page_tone tone);

#endif
