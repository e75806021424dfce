/* SPDX-License-Identifier: MIT */
#include "page/page.h"

#include <stdio.h>
#include <string.h>

#include "common/account_name.h"
#include "common/digest.h"
#include "common/permission.h"
#include "common/text.h"
#include "common/url.h"
#include "page_text.h"

/* Names are shorter by far; a server that lies does not get more of the page than this. */
#define FACT_MAX_CHARS 200
/* Longer details are cut. */
#define DETAIL_MAX_CHARS 500
/* Of a page without a detail, most of it the style: more is made room for when it comes. */
#define PAGE_TYPICAL_BYTES 8000

/* cmake/Embed.cmake makes these of the files. The style is the same for all pages, because its hash
 * is in the Content-Security-Policy. */
extern const char page_css[];
extern const char mark_svg[];

/* What a page's sign and colour say of it. */
enum tone { TONE_NEUTRAL, TONE_BUSY, TONE_GOOD, TONE_CAUTION, TONE_BAD, TONE_COUNT };

#define SIGN_OPEN                                                                             \
	"<svg class=\"sign\" viewBox=\"0 0 48 48\" aria-hidden=\"true\" focusable=\"false\" " \
	"fill=\"none\" stroke=\"currentColor\" stroke-width=\"6\" stroke-linecap=\"round\" "  \
	"stroke-linejoin=\"round\">"

static const struct {
	const char *name; /* its class in page.css */
	const char *sign;
} tones[TONE_COUNT] = {
	[TONE_NEUTRAL] = {"neutral", SIGN_OPEN "<path d=\"M24 22v20M24 7v.01\"/></svg>"},
	[TONE_BUSY] = {"busy",
		       SIGN_OPEN "<circle cx=\"24\" cy=\"24\" r=\"20\" stroke-opacity=\".25\"/>"
				 "<path class=\"spin\" d=\"M24 4a20 20 0 0 1 20 20\"/></svg>"},
	[TONE_GOOD] = {"good", SIGN_OPEN "<path d=\"M6 26l12 12L42 11\"/></svg>"},
	[TONE_CAUTION] = {"caution", SIGN_OPEN "<path d=\"M24 6v21M24 41v.01\"/></svg>"},
	[TONE_BAD] = {"bad", SIGN_OPEN "<path d=\"M9 9l30 30M39 9 9 39\"/></svg>"},
};

/* How a message is shown. */
struct plan {
	enum tone tone;
	const char *command; /* NULL: none; with placeholders, as words have them */
	bool refreshes;
	bool shows_facts; /* what the login is about */
};

#define COMMAND_LOGIN "misskey-authctl login {login}"

static const struct plan kind_plans[PAGE_KIND_COUNT] = {
	[PAGE_ROOT] = {TONE_NEUTRAL, "misskey-authctl login SERVER", false, false},
	[PAGE_NOT_FOUND] = {TONE_NEUTRAL, "misskey-authctl login SERVER", false, false},
	[PAGE_BAD_REQUEST] = {TONE_BAD, NULL, false, false},
	[PAGE_START_USED] = {TONE_CAUTION, COMMAND_LOGIN, false, false},
	[PAGE_START_LATE] = {TONE_CAUTION, "misskey-authctl list", false, false},
	[PAGE_TEXT_BROWSER] = {TONE_CAUTION, "misskey-authctl login --no-browser {account}", false,
			       false},
	[PAGE_OTHER_BROWSER] = {TONE_CAUTION, "misskey-authctl callback 'ADDRESS'", false, false},
	[PAGE_TOO_LARGE] = {TONE_CAUTION, "misskey-authctl callback 'ADDRESS'", false, false},
	[PAGE_WAITING] = {TONE_BUSY, NULL, true, true},
	[PAGE_TROUBLE] = {TONE_CAUTION, "misskey-authctl status", true, true},
	[PAGE_PENDING] = {TONE_BUSY, NULL, true, true},
	[PAGE_UNAVAILABLE] = {TONE_BAD, "misskey-authctl doctor", false, false},
};

static const struct plan outcome_plans[OUTCOME_COUNT] = {
	[OUTCOME_AUTHORIZED] = {TONE_GOOD, "misskey-token {account}", false, true},
	[OUTCOME_UNVERIFIED] = {TONE_CAUTION, "misskey-token {account}", false, true},
	[OUTCOME_WRONG_USER] = {TONE_CAUTION, COMMAND_LOGIN, false, true},
	[OUTCOME_EXPIRED] = {TONE_CAUTION, COMMAND_LOGIN, false, true},
	[OUTCOME_LOST] = {TONE_BAD, COMMAND_LOGIN, false, true},
	[OUTCOME_REJECTED] = {TONE_BAD, COMMAND_LOGIN, false, true},
	[OUTCOME_UNREACHABLE] = {TONE_BAD, COMMAND_LOGIN, false, true},
	[OUTCOME_REFUSED] = {TONE_BAD, COMMAND_LOGIN, false, true},
	[OUTCOME_BAD_REPLY] = {TONE_BAD, COMMAND_LOGIN, false, true},
	[OUTCOME_ELSEWHERE] = {TONE_CAUTION, "misskey-authctl login SERVER", false, true},
	[OUTCOME_LOCAL] = {TONE_BAD, COMMAND_LOGIN, false, true},
	[OUTCOME_CANCELLED] = {TONE_CAUTION, COMMAND_LOGIN, false, true},
	[OUTCOME_OPENED_TWICE] = {TONE_CAUTION, COMMAND_LOGIN, false, true},
};

/* Everything that one page is made of. */
struct page {
	const struct page_facts *facts;
	const struct page_text *text;
	const struct page_message *message;
	const struct plan *plan;
	struct buf *html;
};

static void put(const struct page *page, const char *html)
{
	buf_append_text(page->html, html);
}

static void put_fact(const struct page *page, const char *fact)
{
	text_append_html(page->html, fact, FACT_MAX_CHARS);
}

/* A sentence is easier to read with the server's name than with its origin. */
static const char *server_name(const struct page_facts *facts)
{
	const char *name = facts->server ? strstr(facts->server, "://") : NULL;

	return name ? name + strlen("://") : facts->server;
}

/* What is copied into a shell must hold nothing but a name: else the word ACCOUNT stands for it. */
static const char *account_in_command(const struct page *page)
{
	const char *account = page->facts->account;

	return account && account_name_valid(account) ? account : "ACCOUNT";
}

/* Only an origin of http or https becomes a link or a part of a command, whatever the caller says.
 */
static bool is_origin(const char *server)
{
	char origin[URL_ORIGIN_BYTES];
	const char *path;

	return server && url_split(server, origin, &path, NULL) == 0 && strcmp(server, origin) == 0;
}

/* Puts what the placeholder at AT ("{…}") stands for and returns its length, 0 if it is none. */
static size_t put_placeholder(const struct page *page, const char *at, bool in_code)
{
	const struct {
		const char *name;
		const char *fact;
		const char *unknown;
	} placeholders[] = {
		{"{account}", in_code ? account_in_command(page) : page->facts->account,
		 page->text->unknown_account},
		{"{server}", server_name(page->facts), page->text->unknown_server},
		{"{user}", page->facts->user, page->text->unknown_user},
		{"{expected}", page->facts->expected, page->text->unknown_user},
		{"{login}", page->facts->login, account_in_command(page)},
	};

	for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
		size_t length = strlen(placeholders[i].name);

		if (strncmp(at, placeholders[i].name, length) != 0)
			continue;
		put_fact(page,
			 placeholders[i].fact ? placeholders[i].fact : placeholders[i].unknown);
		return length;
	}
	return 0;
}

/* Puts a text of page_text.h, or a part of one that is IN_CODE: escaped, with its placeholders and
 * `code`. Facts are not looked at for either. */
static void put_text(const struct page *page, const char *words, bool in_code)
{
	while (*words) {
		char letter[2] = {*words, '\0'};
		size_t plain = strcspn(words, "{`&<>\"'");
		size_t length;

		buf_append(page->html, words, plain);
		words += plain;
		if (!*words)
			break;
		letter[0] = *words;
		if (*words == '`') {
			in_code = !in_code;
			put(page, in_code ? "<code>" : "</code>");
			words++;
			continue;
		}
		length = put_placeholder(page, words, in_code);
		if (length == 0) {
			text_append_html(page->html, letter, 1);
			length = 1;
		}
		words += length;
	}
}

/* A heading of page_text.h, which has nothing to escape; LINE_END stands where a line may end. */
static void put_heading(const struct page *page, const char *heading, const char *line_end)
{
	size_t length;

	for (;; heading += length + 1) {
		length = strcspn(heading, "|");
		buf_append(page->html, heading, length);
		if (!heading[length])
			return;
		put(page, line_end);
	}
}

static void put_words(const struct page *page, const char *words)
{
	put_text(page, words, false);
}

/* Browsers end a line after "-" and "/" too. A word in an element of its own is kept together; the
 * first one needs none. */
static void put_command(const struct page *page)
{
	_cleanup_(buf_done) struct buf command = {0};
	struct page copy = *page;
	const char *word;

	if (!page->plan->command)
		return;
	copy.html = &command;
	put_text(&copy, page->plan->command, true);
	if (buf_error(&command))
		page->html->error = buf_error(&command);
	word = buf_text(&command);
	put(page, "<pre><code>");
	while (*word) {
		size_t size = strcspn(word, " ");
		bool breaks = word > buf_text(&command) && strcspn(word, "-/") < size;

		put(page, breaks ? "<span>" : "");
		buf_append(page->html, word, size);
		put(page, breaks ? "</span>" : "");
		word += size;
		size = strspn(word, " ");
		buf_append(page->html, word, size);
		word += size;
	}
	put(page, "</code></pre>\n");
}

static void put_head(const struct page *page)
{
	put(page, "<!DOCTYPE html>\n<html lang=\"");
	put(page, page->text->code);
	put(page, "\">\n<head>\n<meta charset=\"utf-8\">\n"
		  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		  "<meta name=\"color-scheme\" content=\"light dark\">\n");
	if (page->plan->refreshes)
		put(page, "<meta http-equiv=\"refresh\" content=\"1\">\n");
	put(page, "<title>");
	put_heading(page, page->message->heading, "");
	put(page, " – misskey-authd</title>\n"
		  "<link rel=\"icon\" href=\"/favicon.ico\" type=\"image/svg+xml\">\n<style>");
	put(page, page_css);
	put(page, "</style>\n</head>\n");
}

static void put_row(const struct page *page, const char *label, const char *prefix,
		    const char *fact)
{
	if (!fact)
		return;
	put(page, "<div><dt>");
	put_words(page, label);
	put(page, "</dt><dd>");
	put(page, prefix);
	put_fact(page, fact);
	put(page, "</dd></div>\n");
}

/* LIST is canonical. */
static void put_permissions(const struct page *page, const char *list)
{
	char text[PERMISSION_MAX_BYTES + 1];
	const char *permission;
	size_t size;

	put(page, "<div><dt>");
	put_words(page, page->text->permission);
	put(page, *list ? "</dt><dd class=\"list\">" : "</dt><dd>");
	if (!*list)
		put_words(page, page->text->permission_none);
	for (size_t i = 0;
	     i < PERMISSION_MAX_COUNT && (size = permission_next(&list, &permission)) > 0; i++) {
		snprintf(text, sizeof(text), "%.*s", (int)size, permission);
		put(page, "<code>");
		put_fact(page, text);
		put(page, "</code> ");
	}
	put(page, "</dd></div>\n");
}

static void put_facts(const struct page *page)
{
	const struct page_facts *facts = page->facts;
	const struct page_text *text = page->text;

	if (!page->plan->shows_facts)
		return;
	if (!facts->user && !facts->expected && !facts->server && !facts->account)
		return;
	put(page, "<dl>\n");
	put_row(page, text->user, "@", facts->user);
	put_row(page, text->expected, "@", facts->expected);
	put_row(page, text->server, "", facts->server);
	put_row(page, text->account, "", facts->account);
	if (facts->permission && facts->kind == PAGE_OUTCOME && outcome_is_success(facts->outcome))
		put_permissions(page, facts->permission);
	put(page, "</dl>\n");
}

/* Details are sentences in English, whatever the page's language. */
static void put_detail(const struct page *page)
{
	const char *detail = page->facts->detail;

	if (!detail || !*detail)
		return;
	if (!page->plan->shows_facts && page->facts->kind != PAGE_UNAVAILABLE)
		return;
	put(page, "<section class=\"detail\">\n<h2>");
	put_words(page, page->text->reported);
	put(page, "</h2>\n<p lang=\"en\">");
	text_append_html(page->html, detail, DETAIL_MAX_CHARS);
	put(page, "</p>\n</section>\n");
}

static void begin_undoing(const struct page *page, const char *title, const char *words)
{
	put(page, "<div>\n<h2>");
	put_words(page, title);
	put(page, "</h2>\n<p>");
	put_words(page, words);
}

static void put_settings_link(const struct page *page, const char *path)
{
	put(page, "<br>\n<a rel=\"noreferrer\" href=\"");
	text_append_html(page->html, page->facts->server, URL_ORIGIN_BYTES);
	put(page, path);
	put(page, "\">");
	text_append_html(page->html, server_name(page->facts), URL_ORIGIN_BYTES);
	put(page, "<wbr>");
	put(page, path);
	put(page, "</a>");
}

static void put_withdrawal(const struct page *page)
{
	enum withdrawal withdrawal = page->facts->withdrawal;

	begin_undoing(page, page->text->withdraw, page->text->withdraw_help[withdrawal]);
	if (withdrawal_path(withdrawal))
		put_settings_link(page, withdrawal_path(withdrawal));
	put(page, "</p>\n</div>\n");
}

/* For a person who did not want this login: how to undo it. */
static void put_undoing(const struct page *page)
{
	const struct page_facts *facts = page->facts;
	bool stored = facts->kind == PAGE_OUTCOME && outcome_is_success(facts->outcome);
	bool granted =
		stored || (facts->kind == PAGE_OUTCOME && facts->outcome == OUTCOME_WRONG_USER);

	granted = granted && is_origin(facts->server);
	if (!stored && !granted)
		return;
	put(page, "<section class=\"help\">\n");
	if (stored) {
		begin_undoing(page, page->text->wrong_user, page->text->wrong_user_help);
		put(page, "</p>\n</div>\n");
	}
	if (granted)
		put_withdrawal(page);
	put(page, "</section>\n");
}

static const char *next_words(const struct page *page)
{
	const struct page_facts *facts = page->facts;

	if (facts->kind == PAGE_OUTCOME && facts->outcome == OUTCOME_WRONG_USER &&
	    facts->lists_accounts)
		return page->text->choose_account;
	return page->message->next;
}

static void put_main(const struct page *page)
{
	bool urgent = page->plan->tone == TONE_BAD || page->plan->tone == TONE_CAUTION;

	put(page, "<main class=\"");
	put(page, tones[page->plan->tone].name);
	/* A page that refreshes itself would be an alert every second. */
	put(page, urgent && !page->plan->refreshes ? "\">\n<div role=\"alert\">\n"
						   : "\">\n<div role=\"status\">\n");
	put(page, "<div class=\"title\">");
	put(page, tones[page->plan->tone].sign);
	put(page, "<h1>");
	put_heading(page, page->message->heading, "<wbr>");
	put(page, "</h1></div>\n<p>");
	put_words(page, page->message->explanation);
	put(page, "</p>\n</div>\n");
	put_detail(page);
	put_facts(page);
	put(page, "<section>\n<h2>");
	put_words(page, page->text->next_step);
	put(page, "</h2>\n<p>");
	put_words(page, next_words(page));
	put(page, "</p>\n");
	put_command(page);
	put(page, "<p class=\"note\">");
	put_words(page, page->message->note);
	put(page, "</p>\n</section>\n");
	put_undoing(page);
	put(page, "</main>\n");
}

int page_render(enum page_language language, const struct page_facts *facts, struct buf *html)
{
	enum page_kind kind = facts->kind;
	struct page page = {.facts = facts, .text = page_text_of(language), .html = html};

	/* A login that has not ended has no outcome to show yet. */
	if (kind == PAGE_OUTCOME && facts->outcome == OUTCOME_NONE)
		kind = PAGE_WAITING;
	if (kind == PAGE_OUTCOME) {
		page.message = &page.text->outcomes[facts->outcome];
		page.plan = &outcome_plans[facts->outcome];
	} else {
		page.message = &page.text->kinds[kind];
		page.plan = &kind_plans[kind];
	}
	buf_reserve(html, PAGE_TYPICAL_BYTES);
	put_head(&page);
	put(&page, "<body>\n<header class=\"brand\">");
	put(&page, mark_svg);
	put(&page, "<span>misskey-authd</span></header>\n");
	put_main(&page);
	put(&page, "</body>\n</html>\n");
	return buf_error(html);
}

const char *page_security_policy(void)
{
	/* The words around it are about 150 bytes. */
	static char policy[256];
	char hash[SHA256_BASE64_BYTES];

	if (policy[0])
		return policy;
	if (digest_sha256_base64(page_css, strlen(page_css), hash) < 0)
		return NULL;
	snprintf(policy, sizeof(policy),
		 "default-src 'none'; style-src 'sha256-%s'; img-src 'self' data:; "
		 "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		 hash);
	return policy;
}

const char *page_icon(void)
{
	return mark_svg;
}
