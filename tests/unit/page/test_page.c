/* SPDX-License-Identifier: MIT */

/*
 * Proves that every page has all of its words in every language, translated from the English that
 * is there now, that nothing that a server or a person chose becomes markup or a link, that the
 * style is the one that the policy allows, and that the language is the one that was asked for.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/digest.h"
#include "common/text.h"
#include "common/url.h"
#include "page/page.h"
#include "page_text.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const placeholders[] = {"{account}", "{server}", "{user}", "{expected}",
					   "{login}"};

#define LABEL_COUNT (offsetof(struct page_text, kinds) / sizeof(const char *))
#define MESSAGE_WORDS (sizeof(struct page_message) / sizeof(const char *))
#define WORD_COUNT (LABEL_COUNT + (PAGE_KIND_COUNT + OUTCOME_COUNT) * MESSAGE_WORDS)

/* All words of a language as one array: its labels, the kinds' messages, the outcomes'. */
static const char *const *words_of(enum page_language language)
{
	static const char *words[PAGE_LANGUAGE_COUNT][WORD_COUNT];
	const struct page_text *text = page_text_of(language);
	const char **at = words[language];

	memcpy(at, text, LABEL_COUNT * sizeof(*at));
	at += LABEL_COUNT;
	memcpy(at, text->kinds, PAGE_KIND_COUNT * sizeof(struct page_message));
	at += PAGE_KIND_COUNT * MESSAGE_WORDS;
	memcpy(at, text->outcomes, OUTCOME_COUNT * sizeof(struct page_message));
	return words[language];
}

/* Kinds and outcomes that have no words of their own. */
static bool is_unused(size_t word)
{
	size_t message = (word - LABEL_COUNT) / MESSAGE_WORDS;

	return word >= LABEL_COUNT &&
	       (message == PAGE_OUTCOME || message == PAGE_KIND_COUNT + OUTCOME_NONE);
}

static size_t occurrences(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		count++;
	return count;
}

/* Every page that there is: the kinds without PAGE_OUTCOME, then the outcomes. */
#define PAGE_COUNT (PAGE_KIND_COUNT - 1 + OUTCOME_COUNT - 1)

static struct page_facts facts_of(size_t page)
{
	struct page_facts facts = {.account = "misskey.example",
				   .server = "https://misskey.example"};

	if (page < PAGE_KIND_COUNT - 1) {
		facts.kind = (enum page_kind)(page < PAGE_OUTCOME ? page : page + 1);
	} else {
		facts.kind = PAGE_OUTCOME;
		facts.outcome = (enum outcome)(page - (PAGE_KIND_COUNT - 1) + 1);
	}
	return facts;
}

static void render_more(enum page_language language, const struct page_facts *facts,
			struct buf *html)
{
	assert_int_equal(page_render(language, facts, html), 0);
	assert_int_equal(strlen(buf_text(html)), html->size);
}

static void render(enum page_language language, const struct page_facts *facts, struct buf *html)
{
	buf_done(html);
	render_more(language, facts, html);
}

/* The text between the first FROM and the next TO. The caller frees. */
static char *between(const struct buf *html, const char *from, const char *to)
{
	const char *start = strstr(buf_text(html), from), *end;
	char *text;

	assert_non_null(start);
	start += strlen(from);
	end = strstr(start, to);
	assert_non_null(end);
	text = strndup(start, (size_t)(end - start));
	assert_non_null(text);
	return text;
}

/* Words */

static void test_no_word_is_missing(void **state)
{
	(void)state;
	for (size_t l = 0; l < PAGE_LANGUAGE_COUNT; l++) {
		for (size_t i = 0; i < WORD_COUNT; i++) {
			const char *word = words_of((enum page_language)l)[i];

			if (is_unused(i)) {
				assert_null(word);
				continue;
			}
			if (!word || !*word)
				fail_msg("language %zu, word %zu is missing", l, i);
			if (!text_is_plain(word))
				fail_msg("not plain: %s", word);
			if (occurrences(word, "`") % 2 != 0)
				fail_msg("odd number of backticks: %s", word);
		}
	}
}

static void test_languages_have_the_same_placeholders(void **state)
{
	(void)state;
	for (size_t i = 0; i < WORD_COUNT; i++) {
		const char *english = words_of(PAGE_ENGLISH)[i];

		for (size_t l = 0; english && l < PAGE_LANGUAGE_COUNT; l++) {
			const char *word = words_of((enum page_language)l)[i];
			size_t known = 0;

			for (size_t p = 0; p < COUNT_OF(placeholders); p++) {
				known += occurrences(word, placeholders[p]);
				if (!strstr(word, placeholders[p]) !=
				    !strstr(english, placeholders[p]))
					fail_msg("%s differs: %s", placeholders[p], word);
			}
			if (known != occurrences(word, "{"))
				fail_msg("unknown placeholder: %s", word);
		}
	}
}

static void test_languages_are_not_copies(void **state)
{
	size_t same = 0;

	(void)state;
	for (size_t i = 0; i < WORD_COUNT; i++) {
		if (words_of(PAGE_ENGLISH)[i])
			same += strcmp(words_of(PAGE_ENGLISH)[i], words_of(PAGE_JAPANESE)[i]) == 0;
	}
	assert_int_equal(same, 0);
}

/* After a change of the English words each translation is to be looked over; then the digest that
 * the failed test shows belongs here, by language. */
static const char *const translated_from[PAGE_LANGUAGE_COUNT] = {
	[PAGE_JAPANESE] = "02bb1871ab6c43ef37f2ceb338f1637a49be6238433ffd2cec4eb937c5c3bd13",
};

static void test_no_translation_is_stale(void **state)
{
	_cleanup_(buf_done) struct buf english = {0};
	char digest[SHA256_HEX_BYTES];

	(void)state;
	for (size_t i = 0; i < WORD_COUNT; i++) {
		const char *word = words_of(PAGE_ENGLISH)[i];

		buf_append_text(&english, word ? word : "");
		buf_append_char(&english, '\n');
	}
	assert_int_equal(digest_sha256_hex(buf_text(&english), english.size, "", 0, digest), 0);
	for (size_t l = 0; l < PAGE_LANGUAGE_COUNT; l++) {
		if (l == PAGE_ENGLISH)
			continue;
		if (!translated_from[l] || strcmp(translated_from[l], digest) != 0)
			fail_msg("look over language %zu: the English words are now %s", l, digest);
	}
}

/* The longest part of WORD that is on a page as it is in the file. The caller frees. */
static char *plain_part(const char *word)
{
	const char *longest = word;
	size_t size = 0;
	char *part;

	while (*word) {
		size_t length = strcspn(word, "{}`|&<>\"'");

		if (length > size) {
			longest = word;
			size = length;
		}
		word += length + (word[length] != '\0');
	}
	part = strndup(longest, size);
	assert_non_null(part);
	return part;
}

static void test_no_word_is_left_over(void **state)
{
	(void)state;
	for (size_t l = 0; l < PAGE_LANGUAGE_COUNT; l++) {
		_cleanup_(buf_done) struct buf all = {0};

		for (size_t i = 0; i < PAGE_COUNT; i++) {
			struct page_facts facts = facts_of(i), none = {.kind = facts.kind};

			none.outcome = facts.outcome;
			none.permission = "";
			facts.user = facts.expected = facts.detail = facts.permission = "x";
			render_more((enum page_language)l, &facts, &all);
			facts.lists_accounts = true;
			facts.permission = "";
			for (size_t w = 0; w < WITHDRAWAL_COUNT; w++) {
				facts.withdrawal = (enum withdrawal)w;
				render_more((enum page_language)l, &facts, &all);
			}
			render_more((enum page_language)l, &none, &all);
		}
		for (size_t i = 0; i < WORD_COUNT; i++) {
			const char *word = words_of((enum page_language)l)[i];
			_cleanup_(freep) char *part = word ? plain_part(word) : NULL;

			if (part && !strstr(buf_text(&all), part))
				fail_msg("no page says: %s", word);
		}
	}
}

static void for_each_heading(enum page_language language, void (*check)(const char *heading))
{
	const struct page_text *text = page_text_of(language);

	for (size_t i = 0; i < PAGE_KIND_COUNT; i++) {
		if (i != PAGE_OUTCOME)
			check(text->kinds[i].heading);
	}
	for (size_t i = OUTCOME_NONE + 1; i < OUTCOME_COUNT; i++)
		check(text->outcomes[i].heading);
}

static void check_is_plain(const char *heading)
{
	assert_null(strpbrk(heading, "{}`&<>\"'"));
}

/* Nothing in them is escaped. */
static void test_headings_are_plain(void **state)
{
	(void)state;
	for (size_t l = 0; l < PAGE_LANGUAGE_COUNT; l++)
		for_each_heading((enum page_language)l, check_is_plain);
}

/* Fails if more than eight letters of the heading, which fit beside the sign in a window of 360 px,
 * are in a row without a | or a blank. */
static void check_line_ends(const char *heading)
{
	unsigned letters = 0;

	for (const char *at = heading; *at; at++) {
		unsigned char byte = (unsigned char)*at;

		if (byte < 0x80)
			letters = 0;
		else if (byte >= 0xc0 && ++letters > 8)
			fail_msg("no line can end soon enough in %s", heading);
	}
}

static void test_japanese_headings_can_be_broken(void **state)
{
	(void)state;
	for_each_heading(PAGE_JAPANESE, check_line_ends);
}

/* A person is told to run something exactly where there is something to run. */
static void test_commands_are_announced(void **state)
{
	(void)state;
	for (size_t i = 0; i < PAGE_COUNT; i++) {
		_cleanup_(buf_done) struct buf html = {0};
		struct page_facts facts = facts_of(i);
		const struct page_text *text = page_text_of(PAGE_ENGLISH);
		const char *next = facts.kind == PAGE_OUTCOME ? text->outcomes[facts.outcome].next
							      : text->kinds[facts.kind].next;

		render(PAGE_ENGLISH, &facts, &html);
		assert_int_equal(next[strlen(next) - 1] == ':',
				 strstr(buf_text(&html), "<pre><code>misskey-") != NULL);
	}
}

/* Pages */

static void test_every_page_is_whole(void **state)
{
	static const char *const parts[] = {
		"<!DOCTYPE html>\n<html lang=\"",
		"<meta charset=\"utf-8\">",
		"width=device-width",
		"<meta name=\"color-scheme\" content=\"light dark\">",
		"<title>",
		"<link rel=\"icon\" href=\"/favicon.ico\" type=\"image/svg+xml\">",
		"<style>",
		"<header",
		"<main ",
		"<h1>",
		"</h1>",
		"</main>\n</body>\n</html>\n",
	};

	(void)state;
	for (size_t i = 0; i < PAGE_COUNT * PAGE_LANGUAGE_COUNT; i++) {
		_cleanup_(buf_done) struct buf html = {0};
		struct page_facts facts = facts_of(i / PAGE_LANGUAGE_COUNT);
		enum page_language language = (enum page_language)(i % PAGE_LANGUAGE_COUNT);
		char lang[32];

		render(language, &facts, &html);
		for (size_t p = 0; p < COUNT_OF(parts); p++)
			assert_int_equal(occurrences(buf_text(&html), parts[p]), 1);
		snprintf(lang, sizeof(lang), "<html lang=\"%s\">", page_text_of(language)->code);
		assert_non_null(strstr(buf_text(&html), lang));
		/* No script, nothing from elsewhere, no inline style, no placeholder left. */
		assert_null(strstr(buf_text(&html), "<script"));
		assert_null(strstr(buf_text(&html), "src="));
		assert_null(strstr(buf_text(&html), "style=\""));
		for (size_t p = 0; p < COUNT_OF(placeholders); p++)
			assert_null(strstr(buf_text(&html), placeholders[p]));
		assert_null(strchr(strstr(buf_text(&html), "</style>"), '`'));
	}
}

static void test_every_page_has_its_own_title(void **state)
{
	(void)state;
	for (size_t l = 0; l < PAGE_LANGUAGE_COUNT; l++) {
		char *titles[PAGE_COUNT];

		for (size_t i = 0; i < PAGE_COUNT; i++) {
			_cleanup_(buf_done) struct buf html = {0};
			struct page_facts facts = facts_of(i);

			render((enum page_language)l, &facts, &html);
			titles[i] = between(&html, "<title>", "</title>");
			assert_non_null(strstr(titles[i], " – misskey-authd"));
			for (size_t other = 0; other < i; other++)
				assert_string_not_equal(titles[i], titles[other]);
		}
		for (size_t i = 0; i < PAGE_COUNT; i++)
			free(titles[i]);
	}
}

static void test_only_waiting_pages_refresh(void **state)
{
	(void)state;
	for (size_t i = 0; i < PAGE_COUNT; i++) {
		_cleanup_(buf_done) struct buf html = {0};
		struct page_facts facts = facts_of(i);
		bool waits = facts.kind == PAGE_WAITING || facts.kind == PAGE_TROUBLE ||
			     facts.kind == PAGE_PENDING;

		render(PAGE_ENGLISH, &facts, &html);
		assert_int_equal(strstr(buf_text(&html),
					"<meta http-equiv=\"refresh\" content=\"1\">") != NULL,
				 waits);
		if (waits)
			assert_non_null(strstr(buf_text(&html), "role=\"status\""));
	}
}

static void test_no_outcome_yet_is_waiting(void **state)
{
	_cleanup_(buf_done) struct buf none = {0}, waiting = {0};
	struct page_facts facts = {.kind = PAGE_OUTCOME, .outcome = OUTCOME_NONE};

	(void)state;
	render(PAGE_ENGLISH, &facts, &none);
	facts.kind = PAGE_WAITING;
	render(PAGE_ENGLISH, &facts, &waiting);
	assert_string_equal(buf_text(&none), buf_text(&waiting));
}

static void test_success(void **state)
{
	_cleanup_(buf_done) struct buf html = {0};
	struct page_facts facts = {
		.kind = PAGE_OUTCOME,
		.outcome = OUTCOME_AUTHORIZED,
		.account = "misskey.example",
		.server = "https://misskey.example",
		.user = "alice",
		.permission = "read:account,write:notes",
	};

	(void)state;
	render(PAGE_ENGLISH, &facts, &html);
	assert_non_null(strstr(buf_text(&html), "use Misskey as @alice."));
	assert_non_null(strstr(buf_text(&html), "<dd>@alice</dd>"));
	assert_non_null(strstr(buf_text(&html), "<dd>https://misskey.example</dd>"));
	assert_non_null(strstr(buf_text(&html), "<dd>misskey.example</dd>"));
	assert_non_null(strstr(buf_text(&html),
			       "<code>read:account</code> <code>write:notes</code> </dd>"));
	assert_non_null(
		strstr(buf_text(&html), "<pre><code>misskey-token misskey.example</code></pre>"));
	assert_non_null(strstr(buf_text(&html), "role=\"status\""));
	/* Sentences name the host. */
	assert_non_null(strstr(buf_text(&html), "sign out on misskey.example, and log in again."));
	assert_non_null(
		strstr(buf_text(&html), "<code>misskey-authctl logout misskey.example</code>"));
	assert_non_null(strstr(buf_text(&html), "Remove the app in the settings of @alice:"));

	buf_done(&html);
	facts.permission = "";
	render(PAGE_ENGLISH, &facts, &html);
	assert_non_null(strstr(buf_text(&html), page_text_of(PAGE_ENGLISH)->permission_none));
}

static void test_wrong_user(void **state)
{
	_cleanup_(buf_done) struct buf html = {0};
	struct page_facts facts = {
		.kind = PAGE_OUTCOME,
		.outcome = OUTCOME_WRONG_USER,
		.account = "work",
		.server = "https://misskey.example",
		.user = "bob",
		.expected = "alice",
		.permission = "read:account",
	};

	(void)state;
	render(PAGE_ENGLISH, &facts, &html);
	assert_non_null(strstr(buf_text(&html),
			       "Your browser is signed in to misskey.example as @bob, but work "
			       "needs @alice. Nothing was changed on this computer."));
	assert_non_null(strstr(buf_text(&html), "sign in as @alice:"));
	assert_non_null(strstr(buf_text(&html), "<pre><code>misskey-authctl login work</code>"));
	assert_non_null(
		strstr(buf_text(&html), "<code>misskey-authctl login work --no-wait</code>"));
	assert_non_null(strstr(buf_text(&html), "role=\"alert\""));
	/* Nothing was given to scripts. */
	assert_null(strstr(buf_text(&html), "read:account"));
	assert_null(strstr(buf_text(&html), "logout"));
	assert_non_null(strstr(buf_text(&html), "Remove the app in the settings of @bob:"));
	assert_null(strstr(buf_text(&html), "lists accounts"));
	facts.lists_accounts = true;
	render(PAGE_ENGLISH, &facts, &html);
	assert_non_null(strstr(buf_text(&html),
			       "If the page of misskey.example lists accounts, choose @alice "
			       "there."));
	assert_non_null(strstr(buf_text(&html), "<pre><code>misskey-authctl login work</code>"));
}

static void test_the_login_is_begun_again_as_it_was(void **state)
{
	static const struct {
		const char *login;
		const char *command;
	} cases[] = {
		{NULL, "login work"},
		{"misskey.example --user alice --as work",
		 "login misskey.example <span>--user</span> alice <span>--as</span> work"},
		{"<b>", "login &lt;b&gt;"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		_cleanup_(buf_done) struct buf html = {0};
		struct page_facts facts = {
			.kind = PAGE_OUTCOME,
			.outcome = OUTCOME_WRONG_USER,
			.account = "work",
			.login = cases[i].login,
		};
		char *command;

		render(PAGE_JAPANESE, &facts, &html);
		command = between(&html, "<pre><code>misskey-authctl ", "</code></pre>");
		assert_string_equal(command, cases[i].command);
		free(command);
	}
}

static void test_the_settings_are_linked_where_access_was_granted(void **state)
{
	(void)state;
	for (size_t i = 0; i < PAGE_COUNT; i++) {
		_cleanup_(buf_done) struct buf html = {0};
		struct page_facts facts = facts_of(i);
		bool granted = facts.kind == PAGE_OUTCOME && (outcome_is_success(facts.outcome) ||
							      facts.outcome == OUTCOME_WRONG_USER);

		render(PAGE_ENGLISH, &facts, &html);
		assert_int_equal(strstr(buf_text(&html),
					"<a rel=\"noreferrer\" href=\"https://misskey.example/"
					"settings/apps\">misskey.example<wbr>/settings/apps</a>") !=
					 NULL,
				 granted);
		assert_int_equal(occurrences(buf_text(&html), "<a "), granted);
	}
}

static void test_the_place_to_withdraw_is_the_servers(void **state)
{
	static const char *const places[WITHDRAWAL_COUNT] = {
		[WITHDRAWAL_APPS] = "/settings/apps",
		[WITHDRAWAL_API] = "/settings/api",
		[WITHDRAWAL_LAST_USED] = "/settings/apps",
	};
	struct page_facts facts = {
		.kind = PAGE_OUTCOME,
		.outcome = OUTCOME_AUTHORIZED,
		.server = "https://misskey.example",
	};

	(void)state;
	for (size_t w = 0; w < WITHDRAWAL_COUNT; w++) {
		_cleanup_(buf_done) struct buf html = {0};
		char link[64];

		facts.withdrawal = (enum withdrawal)w;
		render(PAGE_ENGLISH, &facts, &html);
		snprintf(link, sizeof(link), "href=\"https://misskey.example%s\"",
			 places[w] ? places[w] : "");
		assert_int_equal(occurrences(buf_text(&html), "<a "), places[w] != NULL);
		assert_int_equal(occurrences(buf_text(&html), link), places[w] != NULL);
	}
}

static void test_details_are_shown_in_english(void **state)
{
	_cleanup_(buf_done) struct buf html = {0};
	struct page_facts facts = {.kind = PAGE_OUTCOME,
				   .outcome = OUTCOME_UNREACHABLE,
				   .detail = "Could not resolve host"};

	(void)state;
	render(PAGE_JAPANESE, &facts, &html);
	assert_non_null(strstr(buf_text(&html), "<p lang=\"en\">Could not resolve host</p>"));
	buf_done(&html);
	facts.kind = PAGE_UNAVAILABLE;
	render(PAGE_JAPANESE, &facts, &html);
	assert_non_null(strstr(buf_text(&html), "<p lang=\"en\">Could not resolve host</p>"));
}

/* Pages that anybody on the machine can see tell nothing about accounts, whatever is passed. */
static void test_public_pages_have_no_facts(void **state)
{
	static const enum page_kind kinds[] = {PAGE_ROOT,	   PAGE_NOT_FOUND,
					       PAGE_BAD_REQUEST,   PAGE_START_LATE,
					       PAGE_OTHER_BROWSER, PAGE_TOO_LARGE};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		_cleanup_(buf_done) struct buf html = {0};
		struct page_facts facts = {
			.kind = kinds[i],
			.account = "zzaccount",
			.server = "https://zzserver",
			.user = "zzuser",
			.expected = "zzexpected",
			.permission = "zzpermission",
			.detail = "zzdetail",
		};

		render(PAGE_ENGLISH, &facts, &html);
		assert_null(strstr(buf_text(&html), "zz"));
	}
}

static void test_unknown_facts(void **state)
{
	(void)state;
	for (size_t i = 0; i < PAGE_COUNT; i++) {
		_cleanup_(buf_done) struct buf html = {0};
		struct page_facts facts = facts_of(i);

		facts.account = facts.server = NULL;
		render(PAGE_JAPANESE, &facts, &html);
		assert_null(strstr(buf_text(&html), "<dl>"));
		assert_null(strstr(buf_text(&html), "(null)"));
		if (facts.kind == PAGE_START_USED)
			assert_non_null(strstr(buf_text(&html), "login ACCOUNT</code>"));
	}
}

/* Hostile facts */

static void set_all(struct page_facts *facts, const char *text)
{
	facts->account = facts->server = facts->user = facts->expected = text;
	facts->permission = facts->detail = text;
}

static void test_facts_never_become_markup(void **state)
{
	static const char *const hostile[] = {
		"<script>alert(1)</script>",
		"</title></style><h1>x",
		"\" onload=\"alert(1)",
		"' onload='alert(1)",
		"&lt;",
		"{user}`{server}`",
		"a\x1b[2J\r\n\x7f",
		"\xe2\x80\xaeXevil\xe2\x80\x8b",
		"\xff\xfe\xc0\xaf",
		"`rm -rf ~`; $(reboot)",
	};

	(void)state;
	for (size_t i = 0; i < PAGE_COUNT * COUNT_OF(hostile); i++) {
		_cleanup_(buf_done) struct buf html = {0}, plain = {0};
		struct page_facts facts = facts_of(i / COUNT_OF(hostile));

		set_all(&facts, "harmless");
		render(PAGE_JAPANESE, &facts, &plain);
		set_all(&facts, hostile[i % COUNT_OF(hostile)]);
		render(PAGE_JAPANESE, &facts, &html);
		/* As many tags and attributes as ever, and no byte that is not text. */
		assert_int_equal(occurrences(buf_text(&html), "<"),
				 occurrences(buf_text(&plain), "<"));
		assert_int_equal(occurrences(buf_text(&html), ">"),
				 occurrences(buf_text(&plain), ">"));
		assert_int_equal(occurrences(buf_text(&html), "\""),
				 occurrences(buf_text(&plain), "\""));
		assert_int_equal(occurrences(buf_text(&html), "\n"),
				 occurrences(buf_text(&plain), "\n"));
		assert_null(strstr(buf_text(&html), "\xe2\x80\xae"));
		assert_null(strstr(buf_text(&html), "\xe2\x80\x8b"));
		assert_null(strpbrk(buf_text(&html), "\x1b\r\x7f\xff\xc0"));
	}
}

/* The longest that there are, and nothing that is not exactly an origin of http or https. */
static void test_only_origins_become_links(void **state)
{
	static const char *const strange[] = {
		"javascript:alert(1)",
		"javascript://misskey.example",
		"data:text/html,x",
		"ftp://misskey.example",
		"//misskey.example",
		"misskey.example",
		"HTTPS://misskey.example",
		"https://Misskey.example",
		"https://misskey.example/",
		"https://misskey.example/x",
		"https://misskey.example?x",
		"https://misskey.example#x",
		"https://misskey.example:443",
		"https://alice@misskey.example",
		"https://misskey.example\" onclick=\"alert(1)",
		"https://misskey.example\\@evil.example",
		"https://misskey.example\n",
		" https://misskey.example",
		"https://",
		"",
	};
	static const char *const origins[] = {"http://127.0.0.1:3000", "https://[::1]:8443",
					      "https://xn--zckzah.example"};
	_cleanup_(buf_done) struct buf html = {0};
	char longest[URL_ORIGIN_BYTES] = "https://", expected[URL_ORIGIN_BYTES + 32];
	struct page_facts facts = {.kind = PAGE_OUTCOME, .outcome = OUTCOME_AUTHORIZED};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(strange); i++) {
		facts.server = strange[i];
		render(PAGE_ENGLISH, &facts, &html);
		if (strstr(buf_text(&html), "<a ") || strstr(buf_text(&html), "href=\"h"))
			fail_msg("a link: %s", strange[i]);
		assert_non_null(strstr(buf_text(&html), "misskey-authctl logout ACCOUNT"));
	}
	for (size_t i = 0; i < COUNT_OF(origins); i++) {
		facts.server = origins[i];
		snprintf(expected, sizeof(expected), "href=\"%s/settings/apps\"", origins[i]);
		render(PAGE_ENGLISH, &facts, &html);
		assert_non_null(strstr(buf_text(&html), expected));
	}
	for (size_t i = 0; i < 126; i++)
		memcpy(longest + strlen("https://") + 2 * i, i % 30 == 29 ? ".a" : "aa", 3);
	facts.server = longest;
	snprintf(expected, sizeof(expected), "href=\"%s/settings/apps\"", longest);
	render(PAGE_ENGLISH, &facts, &html);
	assert_non_null(strstr(buf_text(&html), expected));
}

static void test_commands_hold_only_names(void **state)
{
	static const char *const hostile[] = {"a; reboot", "$(reboot)", "-rf", "a b", "", "<b>"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(hostile); i++) {
		_cleanup_(buf_done) struct buf html = {0};
		_cleanup_(freep) char *command = NULL;
		struct page_facts facts = {
			.kind = PAGE_OUTCOME, .outcome = OUTCOME_AUTHORIZED, .account = hostile[i]};

		render(PAGE_ENGLISH, &facts, &html);
		command = between(&html, "<pre><code>", "</code></pre>");
		assert_string_equal(command, "misskey-token ACCOUNT");
		assert_non_null(
			strstr(buf_text(&html), "<code>misskey-authctl logout ACCOUNT</code>"));
	}
}

static void test_long_facts_are_cut(void **state)
{
	const size_t size = 100 * 1000;
	_cleanup_(freep) char *text = malloc(size + 1), *list = malloc(size + 1);

	(void)state;
	assert_non_null(text);
	assert_non_null(list);
	memset(text, '<', size);
	for (size_t i = 0; i < size; i++)
		list[i] = i % 2 ? ',' : 'p';
	text[size] = list[size] = '\0';
	for (size_t i = 0; i < PAGE_COUNT; i++) {
		_cleanup_(buf_done) struct buf html = {0};
		struct page_facts facts = facts_of(i);

		set_all(&facts, text);
		facts.permission = list;
		render(PAGE_ENGLISH, &facts, &html);
		assert_true(html.size < 32 * 1024);
		assert_null(strstr(buf_text(&html), "<<"));
	}
}

/* Policy and icon */

static void test_policy_allows_exactly_the_style(void **state)
{
	const char *policy = page_security_policy();
	char hash[SHA256_BASE64_BYTES], expected[512];

	(void)state;
	assert_non_null(policy);
	assert_ptr_equal(policy, page_security_policy());
	for (size_t i = 0; i < PAGE_COUNT; i++) {
		_cleanup_(buf_done) struct buf html = {0};
		_cleanup_(freep) char *style = NULL;
		struct page_facts facts = facts_of(i);

		render(PAGE_JAPANESE, &facts, &html);
		style = between(&html, "<style>", "</style>");
		assert_int_equal(digest_sha256_base64(style, strlen(style), hash), 0);
		snprintf(expected, sizeof(expected),
			 "default-src 'none'; style-src 'sha256-%s'; img-src 'self' data:; "
			 "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
			 hash);
		assert_string_equal(policy, expected);
	}
}

static void test_icon(void **state)
{
	(void)state;
	assert_int_equal(strncmp(page_icon(), "<svg xmlns=\"http://www.w3.org/2000/svg\"", 39), 0);
	assert_non_null(strstr(page_icon(), "</svg>"));
	/* Where there is no style sheet, it has colours of its own. */
	assert_non_null(strstr(page_icon(), "fill=\"#4c6b00\""));
}

/* Accept-Language */

static void test_language_choice(void **state)
{
	static const struct {
		const char *header;
		enum page_language language;
	} cases[] = {
		{NULL, PAGE_ENGLISH},
		{"", PAGE_ENGLISH},
		{"ja", PAGE_JAPANESE},
		{"JA-jp", PAGE_JAPANESE},
		{"ja-Hira-JP", PAGE_JAPANESE},
		{"en", PAGE_ENGLISH},
		{"ja,en-US;q=0.9,en;q=0.8", PAGE_JAPANESE},
		{"en-US,en;q=0.9,ja;q=0.8", PAGE_ENGLISH},
		{"en;q=0.8,ja;q=0.9", PAGE_JAPANESE},
		{"en;q=0.899 , ja ; q=0.9", PAGE_JAPANESE},
		{"en;q=0.5,ja;Q=0.501", PAGE_JAPANESE},
		{"fr,de;q=0.9", PAGE_ENGLISH},
		{"fr,ja;q=0.1", PAGE_JAPANESE},
		{"ja,en", PAGE_JAPANESE},
		{"en,ja", PAGE_ENGLISH},
		{"*", PAGE_ENGLISH},
		{"ja,*;q=0.5", PAGE_JAPANESE},
		{"*,ja;q=0.5", PAGE_ENGLISH},
		{"en;q=0.3,*;q=0.5", PAGE_JAPANESE},
		{"en;q=0,*", PAGE_JAPANESE},
		{"ja;q=0,*;q=0.1", PAGE_ENGLISH},
		{"ja;q=0", PAGE_ENGLISH},
		{"ja;q=0.000,en;q=0", PAGE_ENGLISH},
		{"ja;q=0.001", PAGE_JAPANESE},
		{"ja;q=0.1,ja-JP;q=0.9,en;q=0.5", PAGE_JAPANESE},
		{"ja;q=0.1,en;q=0.5,JA;q=0.9", PAGE_JAPANESE},
		{"en;q=0.000,ja;q=0.001", PAGE_JAPANESE},
		{"ja;q=1.,en;q=0.", PAGE_JAPANESE},
		{"fr\t;\tq=1 ,\tja ; q=0.2", PAGE_JAPANESE},
		/* a variant that is refused is not the language */
		{"en-GB;q=0,*;q=0.5", PAGE_ENGLISH},
		{"ja-JP;q=0,en;q=0.5,ja;q=0.8", PAGE_JAPANESE},
		{"*;q=0,ja", PAGE_JAPANESE},
		{"*;q=0.1,*;q=0.9,en;q=0.5", PAGE_JAPANESE},
		{"ja;q=1.000,en;q=0.999", PAGE_JAPANESE},
		{", ,ja,,", PAGE_JAPANESE},
		/* not well formed: counts for nothing */
		{"ja;q=1.001", PAGE_ENGLISH},
		{"ja;q=1.0000", PAGE_ENGLISH},
		{"ja;q=00.5", PAGE_ENGLISH},
		{"ja;q=.5", PAGE_ENGLISH},
		{"ja;q=0,5", PAGE_ENGLISH},
		{"ja;q= 0.5", PAGE_ENGLISH},
		{"ja;q =0.5", PAGE_ENGLISH},
		{"ja;q=0.5;q=1", PAGE_ENGLISH},
		{"ja--JP", PAGE_ENGLISH},
		{"*-JP", PAGE_ENGLISH},
		{"\"ja\"", PAGE_ENGLISH},
		{"ja;q=2", PAGE_ENGLISH},
		{"ja;q=0.1234", PAGE_ENGLISH},
		{"ja;q=-1", PAGE_ENGLISH},
		{"ja;q=", PAGE_ENGLISH},
		{"ja;q", PAGE_ENGLISH},
		{"ja;", PAGE_ENGLISH},
		{"ja;q=0.5x", PAGE_ENGLISH},
		{"ja;level=1", PAGE_ENGLISH},
		{"ja en", PAGE_ENGLISH},
		{"ja-", PAGE_ENGLISH},
		{"-ja", PAGE_ENGLISH},
		{"ja_JP", PAGE_ENGLISH},
		{"jam", PAGE_ENGLISH},
		{"j", PAGE_ENGLISH},
		{"ja-abcdefghi", PAGE_ENGLISH},
		{"\xff\xfe,ja", PAGE_JAPANESE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		if (page_language_choose(cases[i].header) != cases[i].language)
			fail_msg("%s", cases[i].header ? cases[i].header : "(none)");
	}
}

static void test_language_header_is_bounded(void **state)
{
	_cleanup_(buf_done) struct buf many = {0}, longest = {0};

	(void)state;
	for (size_t i = 0; i < 32; i++)
		buf_append_text(&many, "fr,");
	buf_append_text(&many, "ja");
	assert_int_equal(page_language_choose(buf_text(&many)), PAGE_ENGLISH);
	assert_int_equal(page_language_choose(buf_text(&many) + 3), PAGE_JAPANESE);
	for (size_t i = 0; i < 100 * 1000; i++)
		buf_append_char(&longest, ' ');
	buf_append_text(&longest, "ja");
	assert_int_equal(page_language_choose(buf_text(&longest)), PAGE_ENGLISH);
	/* No end of the part that is read makes of a range what it was not: "ja;q=0", "jap". */
	for (size_t i = 0; i < 1100; i++) {
		_cleanup_(buf_done) struct buf cut = {0};

		buf_append_format(&cut, "%*s,ja;q=0,jap", (int)i, "");
		assert_int_equal(page_language_choose(buf_text(&cut)), PAGE_ENGLISH);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_word_is_missing),
		cmocka_unit_test(test_languages_have_the_same_placeholders),
		cmocka_unit_test(test_languages_are_not_copies),
		cmocka_unit_test(test_no_translation_is_stale),
		cmocka_unit_test(test_no_word_is_left_over),
		cmocka_unit_test(test_headings_are_plain),
		cmocka_unit_test(test_japanese_headings_can_be_broken),
		cmocka_unit_test(test_commands_are_announced),
		cmocka_unit_test(test_every_page_is_whole),
		cmocka_unit_test(test_every_page_has_its_own_title),
		cmocka_unit_test(test_only_waiting_pages_refresh),
		cmocka_unit_test(test_no_outcome_yet_is_waiting),
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_wrong_user),
		cmocka_unit_test(test_the_login_is_begun_again_as_it_was),
		cmocka_unit_test(test_the_settings_are_linked_where_access_was_granted),
		cmocka_unit_test(test_the_place_to_withdraw_is_the_servers),
		cmocka_unit_test(test_details_are_shown_in_english),
		cmocka_unit_test(test_public_pages_have_no_facts),
		cmocka_unit_test(test_unknown_facts),
		cmocka_unit_test(test_facts_never_become_markup),
		cmocka_unit_test(test_only_origins_become_links),
		cmocka_unit_test(test_commands_hold_only_names),
		cmocka_unit_test(test_long_facts_are_cut),
		cmocka_unit_test(test_policy_allows_exactly_the_style),
		cmocka_unit_test(test_icon),
		cmocka_unit_test(test_language_choice),
		cmocka_unit_test(test_language_header_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
