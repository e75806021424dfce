/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The pages that a browser shows, without JavaScript and external resources, light and dark, in the
 * person's language. Pure: facts in, HTML out. The words are in page_text_LANGUAGE.c, one file a
 * language.
 */

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/vocabulary.h"

enum page_kind {
	PAGE_ROOT,	    /* GET /: what listens here, nothing more */
	PAGE_NOT_FOUND,	    /* unknown path, link or token: no hint */
	PAGE_BAD_REQUEST,   /* refused: method, Host, not a navigation, repeated parameters */
	PAGE_START_USED,    /* the start link was opened in two browsers */
	PAGE_START_LATE,    /* the start link was opened before, and the login is finished */
	PAGE_TEXT_BROWSER,  /* the start link, in a browser that cannot show the consent page */
	PAGE_OTHER_BROWSER, /* the callback came without the cookie of the start link */
	PAGE_TOO_LARGE,	    /* the browser sent more headers than are taken: cookies of others */
	PAGE_WAITING,	    /* the outcome is awaited; refreshes itself */
	PAGE_TROUBLE,	    /* the outcome is awaited, but something is in the way (facts.detail);
			       refreshes itself */
	PAGE_PENDING, /* the callback came, but the server has no consent yet; refreshes itself */
	PAGE_OUTCOME, /* facts.outcome, a success or a failure with the next step */
	PAGE_UNAVAILABLE, /* the daemon cannot work: bad config or damaged state (facts.detail) */
};

enum page_language { PAGE_ENGLISH, PAGE_JAPANESE, PAGE_LANGUAGE_COUNT };

struct page_facts {
	enum page_kind kind;
	enum outcome outcome;	    /* for PAGE_OUTCOME */
	const char *account;	    /* NULL where unknown, here and below */
	const char *server;	    /* origin */
	const char *user;	    /* who consented */
	const char *expected;	    /* who should have */
	const char *permission;	    /* canonical list of what scripts may do now */
	enum withdrawal withdrawal; /* where the user takes the access away */
	const char *detail;	    /* a sentence in English about what is wrong */
	bool lists_accounts; /* the server's page may, to choose one; for OUTCOME_WRONG_USER */
	const char *login;   /* what `misskey-authctl login` needs; NULL: the account's name */
};

/* By Accept-Language (RFC 9110; NULL: none): the language with the highest weight among ours,
 * English otherwise. */
enum page_language page_language_choose(const char *accept_language);

/* Appends the whole HTML document. Every fact is escaped. ERR_NOMEM. */
int page_render(enum page_language language, const struct page_facts *facts,
		struct buf *html) _must_check_;

/* The Content-Security-Policy that allows the pages' own style and nothing else; a static text made
 * at the first call. NULL without memory or OpenSSL. */
const char *page_security_policy(void);

/* The icon, as image/svg+xml. */
const char *page_icon(void);
