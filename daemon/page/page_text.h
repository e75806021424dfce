/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The words of the pages, one file a language: page_text_en.c, page_text_ja.c. A new language is a
 * new file, a member of enum page_language and a line in page_language.c; test_page.c then tells
 * what is missing.
 *
 * In every word, {account}, {server}, {user} and {expected} stand for the facts of these names,
 * {login} for what `misskey-authctl login` needs to begin this login again, and what is between
 * `backticks` is shown as code. There is no other markup, and each word is text, not HTML. In a
 * heading, | is where a line may end in a script without blanks: only Chromium finds the end of a
 * Japanese phrase without that. A sentence has the same placeholders in every language. Commands
 * are not words: they are in page.c.
 */

#include "common/vocabulary.h"
#include "page/page.h"

#define PAGE_KIND_COUNT (PAGE_UNAVAILABLE + 1)

struct page_message {
	const char *heading;	 /* the title of the window too: without placeholders or code */
	const char *explanation; /* what happened */
	const char *next;	 /* what to do; ends in a colon if a command follows */
	const char *note;	 /* what else is good to know, in small print */
};

struct page_text {
	const char *code; /* of the language, as in lang="…" */

	/* labels */
	const char *next_step;
	const char *reported; /* before page_facts.detail, which is in English */
	const char *user;
	const char *expected;
	const char *server;
	const char *account;
	const char *permission;
	const char *permission_none; /* in place of an empty list */

	/* for whoever did not want what has been done: headings, and what follows them */
	const char *wrong_user;
	const char *wrong_user_help;
	const char *choose_account; /* the next step of OUTCOME_WRONG_USER, if lists_accounts */
	const char *withdraw;
	/* where an address of the settings follows, it ends in a colon */
	const char *withdraw_help[WITHDRAWAL_COUNT];

	/* in place of a fact that is not known, inside of a sentence */
	const char *unknown_account;
	const char *unknown_server;
	const char *unknown_user;

	const struct page_message *kinds;    /* all but PAGE_OUTCOME */
	const struct page_message *outcomes; /* all but OUTCOME_NONE */
};

extern const struct page_text page_text_en;
extern const struct page_text page_text_ja;

/* The words of LANGUAGE. */
const struct page_text *page_text_of(enum page_language language);
