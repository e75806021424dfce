/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/account_name.h"
#include "common/cleanup.h"
#include "common/text.h"
#include "common/url.h"
#include "fuzz.h"
#include "page_text.h"

/* The page itself is 13 KiB at most; a list of 128 permissions of 64 characters is the longest of
 * the facts, and a character is up to six bytes (&quot;). */
#define PAGE_MAX_BYTES ((size_t)(13 + 72) * 1024)

/* As page_language.c has it. */
#define HEADER_MAX_BYTES 1024

static void require(bool is_so)
{
	if (!is_so)
		abort();
}

/* ---- The language ---- */

static bool has_letters(const char *header, const char *letters)
{
	for (; *header; header++)
		if (strncasecmp(header, letters, strlen(letters)) == 0)
			return true;
	return false;
}

static enum page_language choose_with(const char *header, const char *more)
{
	_cleanup_(buf_done) struct buf text = {0};

	buf_append_text(&text, header);
	buf_append_text(&text, more);
	return page_language_choose(buf_text(&text));
}

/* A longer header than allowed counts up to its last complete range. */
static void check_cut(const char *header, enum page_language language)
{
	_cleanup_(freep) char *cut = strndup(header, HEADER_MAX_BYTES);
	char *comma;

	require(cut);
	if (strlen(header) <= HEADER_MAX_BYTES)
		return;
	comma = strrchr(cut, ',');
	*(comma ? comma : cut) = '\0';
	require(page_language_choose(cut) == language);
}

static size_t commas(const char *header)
{
	size_t count = 0;

	for (; *header; header++)
		count += *header == ',';
	return count;
}

/* Only a header that names Japanese gives Japanese; parts without a meaning change nothing. */
static enum page_language check_language(const char *header)
{
	enum page_language language = page_language_choose(header);

	if (!header)
		header = "";
	require(language < PAGE_LANGUAGE_COUNT);
	require(language == PAGE_ENGLISH || has_letters(header, "ja") || strchr(header, '*'));
	check_cut(header, language);
	/* What comes after the 32nd range is not looked at. */
	if (commas(header) > 20 || strlen(header) > HEADER_MAX_BYTES - 100)
		return language;
	require(choose_with(header, ",xx;q=1,ja;q=2,ja;q=1.5,jap,-,ja-,;q=1") == language);
	require(has_letters(header, "en") || has_letters(header, "ja") || strchr(header, '*') ||
		choose_with(header, ",ja") == PAGE_JAPANESE);
	return language;
}

/* ---- The page ---- */

static bool is_origin(const char *server)
{
	char origin[URL_ORIGIN_BYTES];
	const char *path;

	return server && url_split(server, origin, &path, NULL) == 0 && strcmp(server, origin) == 0;
}

/* FACT with a letter in place of each byte but those of KEPT. The caller frees. */
static char *harmless(const char *fact, const char *kept)
{
	char *text = fact ? strdup(fact) : NULL;

	for (char *c = text; c && *c; c++)
		if (!strchr(kept, *c))
			*c = 'a';
	return text;
}

/* Valid UTF-8, without control characters but line breaks. */
static bool is_utf8(const struct buf *html)
{
	_cleanup_(freep) char *text = strdup(buf_text(html));

	require(text && strlen(text) == html->size);
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	return text_is_plain(text);
}

/* The page without its style sheet, which is most of it and always the same. */
static void render(enum page_language language, const struct page_facts *facts,
		   struct buf *ret_html)
{
	_cleanup_(buf_done) struct buf html = {0};
	const char *style;
	const char *rest;

	require(page_render(language, facts, &html) == 0 && html.size <= PAGE_MAX_BYTES);
	style = strstr(buf_text(&html), "<style>");
	rest = strstr(buf_text(&html), "</style>");
	require(style && rest && style < rest && strlen(buf_text(&html)) == html.size);
	buf_append(ret_html, buf_text(&html), (size_t)(style - buf_text(&html)));
	buf_append_text(ret_html, rest);
}

/* All tags, with their attributes. */
static void tags(const struct buf *html, struct buf *ret_tags)
{
	const char *at = buf_text(html);

	while ((at = strchr(at, '<'))) {
		size_t size = strcspn(at, ">");

		buf_append(ret_tags, at, size);
		at += size;
	}
}

static bool is_entity(const char *at)
{
	static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};

	for (size_t n = 0; n < sizeof(entities) / sizeof(entities[0]); n++)
		if (strncmp(at, entities[n], strlen(entities[n])) == 0)
			return true;
	return false;
}

/* Between the tags everything that HTML could take for its own is an entity. */
static bool is_escaped(const struct buf *html)
{
	const char *at = buf_text(html);

	while (*at) {
		at += strcspn(at, "<>&\"'");
		if (*at == '<')
			at += strcspn(at, ">");
		else if (*at && (*at != '&' || !is_entity(at)))
			return false;
		at += *at != '\0';
	}
	return true;
}

static void check_shown(const struct buf *html, const char *fact)
{
	_cleanup_(buf_done) struct buf shown = {0};

	if (!fact)
		return;
	text_append_html(&shown, fact, 200);
	require(strstr(buf_text(html), buf_text(&shown)) != NULL);
}

static void check_page(const struct buf *html, enum page_language language,
		       const struct page_facts *facts)
{
	_cleanup_(buf_done) struct buf lang = {0};

	require(is_utf8(html) && is_escaped(html));
	buf_append_format(&lang, "<!DOCTYPE html>\n<html lang=\"%s\">",
			  page_text_of(language)->code);
	require(strncmp(buf_text(html), buf_text(&lang), lang.size) == 0);
	if (!strstr(buf_text(html), "<dl>"))
		return;
	check_shown(html, facts->user);
	check_shown(html, facts->expected);
	check_shown(html, facts->server);
	check_shown(html, facts->account);
}

/* No fact makes a tag or an attribute, ends one, or is taken for a placeholder: with harmless facts
 * in the same places the same tags are there, and no placeholder or backtick. */
static void check_tags(const struct buf *html, enum page_language language,
		       const struct page_facts *facts)
{
	_cleanup_(freep) char *account = harmless(facts->account, "");
	_cleanup_(freep) char *server = harmless(facts->server, "");
	_cleanup_(freep) char *user = harmless(facts->user, "");
	_cleanup_(freep) char *expected = harmless(facts->expected, "");
	_cleanup_(freep) char *permission = harmless(facts->permission, ",");
	_cleanup_(freep) char *detail = harmless(facts->detail, "");
	const struct page_facts other = {
		.kind = facts->kind,
		.outcome = facts->outcome,
		.account = account,
		/* The one fact that becomes an attribute. */
		.server = is_origin(facts->server) ? facts->server : server,
		.user = user,
		.expected = expected,
		.permission = permission,
		.detail = detail,
	};
	_cleanup_(buf_done) struct buf other_html = {0};
	_cleanup_(buf_done) struct buf found = {0};
	_cleanup_(buf_done) struct buf wanted = {0};

	render(language, &other, &other_html);
	tags(html, &found);
	tags(&other_html, &wanted);
	require(strcmp(buf_text(&found), buf_text(&wanted)) == 0);
	require(!strpbrk(buf_text(&other_html), "{`"));
}

/* ---- The input ---- */

/* The next line, NULL for "-" and at the end. Cuts *REST into lines. */
static const char *next_line(char **rest)
{
	const char *line = strsep(rest, "\n");

	return line && strcmp(line, "-") != 0 ? line : NULL;
}

/* The first letter is the page: A to K are the kinds, a to n PAGE_OUTCOME with each outcome. After
 * it each line is a fact: Accept-Language, account, server, user, expected, permission, detail. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum page_kind kinds[] = {
		PAGE_ROOT,	 PAGE_NOT_FOUND,     PAGE_BAD_REQUEST,	PAGE_START_USED,
		PAGE_START_LATE, PAGE_OTHER_BROWSER, PAGE_WAITING,	PAGE_TROUBLE,
		PAGE_PENDING,	 PAGE_UNAVAILABLE,   PAGE_TEXT_BROWSER,
	};
	_cleanup_(freep) char *text = size > 0 ? strndup((const char *)data + 1, size - 1) : NULL;
	_cleanup_(buf_done) struct buf html = {0};
	struct page_facts facts = {.kind = PAGE_OUTCOME};
	enum page_language language;
	char *rest = text;

	if (!text)
		return 0;
	if (data[0] >= 'A' && data[0] < 'A' + sizeof(kinds) / sizeof(kinds[0]))
		facts.kind = kinds[data[0] - 'A'];
	else if (data[0] >= 'a' && data[0] < 'a' + OUTCOME_COUNT)
		facts.outcome = (enum outcome)(data[0] - 'a');
	else
		return 0;
	language = check_language(next_line(&rest));
	facts.account = next_line(&rest);
	facts.server = next_line(&rest);
	facts.user = next_line(&rest);
	facts.expected = next_line(&rest);
	facts.permission = next_line(&rest);
	facts.detail = next_line(&rest);
	render(language, &facts, &html);
	check_page(&html, language, &facts);
	check_tags(&html, language, &facts);
	return 0;
}
