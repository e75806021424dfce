/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/name_table.h"
#include "common/text.h"
#include "common/translate.h"
#include "config_values.h"

#define PAIR_EXPECTED _("expected `key = value`, [daemon], [account NAME] or a comment")

struct parser {
	const char *next; /* what is left of the text */
	const char *end;
	const char *file;
	struct config *config;
	struct err_detail *detail;

	unsigned line_number;
	char line[CONFIG_LINE_BYTES + 1]; /* the current one, tabs as blanks, without its end */

	enum config_section section;
	unsigned daemon_line;		     /* where [daemon] was, or 0 */
	unsigned key_lines[CONFIG_KEYS_MAX]; /* of the current section, by its table; 0: none yet */
};

/* Puts the file and LINE before WHY. */
static int fail_at(const struct parser *parser, unsigned line, int code,
		   const struct err_detail *why)
{
	_cleanup_(buf_done) struct buf file = {0};

	text_append_printable(&file, parser->file, PATH_MAX);
	if (buf_error(&file))
		return err_set(parser->detail, ERR_NOMEM, _("no memory"));
	return err_set(parser->detail, code, "%s:%u: %s", buf_text(&file), line, why->text);
}

static int fail_no_memory(const struct parser *parser)
{
	return err_set(parser->detail, ERR_NOMEM, _("no memory"));
}

/* The same for the current line: what was found in it, and what was expected. */
static int _printf_(4, 5)
	fail(const struct parser *parser, int code, const char *found, const char *format, ...)
{
	char expected[ERR_DETAIL_BYTES];
	struct err_detail why;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(expected, sizeof(expected), format, arguments);
	va_end(arguments);
	(void)text_err(&why, code, found, "%s", expected);
	return fail_at(parser, parser->line_number, code, &why);
}

/*
 * Sections
 */

static int begin_daemon(struct parser *parser)
{
	if (parser->daemon_line)
		return fail(parser, ERR_EXISTS, "[daemon]",
			    _("expected once; the first is in line %u"), parser->daemon_line);
	parser->daemon_line = parser->line_number;
	parser->section = CONFIG_SECTION_DAEMON;
	return 0;
}

static int begin_account(struct parser *parser, const char *name)
{
	if (!*name)
		return fail(parser, ERR_SYNTAX, parser->line, _("expected [account NAME]"));
	if (!account_name_valid(name))
		return fail(parser, ERR_INVALID, name,
			    _("expected an account's name: a letter or digit, then at most 63 "
			      "letters, digits and . _ @ : -"));
	parser->section = CONFIG_SECTION_ACCOUNT;
	if (parser->config->account_count == CONFIG_MAX_ACCOUNTS)
		return fail(parser, ERR_LIMIT, name, _("expected at most %d accounts"),
			    CONFIG_MAX_ACCOUNTS);
	if (config_account_add(parser->config, name, parser->line_number) < 0)
		return fail_no_memory(parser);
	return 0;
}

static int unknown_section(struct parser *parser, const char *word)
{
	static const char *const words[] = {"daemon", "account"};
	char hint[CONFIG_HINT_BYTES];

	config_suggest(hint, word, words, sizeof(words) / sizeof(words[0]));
	return fail(parser, ERR_INVALID, parser->line, _("expected [daemon] or [account NAME]%s"),
		    hint);
}

/* The key NAME of the current section, and its place in the table; NULL if there is none. */
static const struct config_key *find_key(const struct parser *parser, const char *name,
					 size_t *ret_place)
{
	const struct config_key *keys;
	size_t count;

	keys = config_keys(parser->section, &count);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(name, keys[i].name) == 0) {
			*ret_place = i;
			return &keys[i];
		}
	}
	return NULL;
}

/* Where the key NAME of the current section is; 0 if it was left out. */
static unsigned key_line(const struct parser *parser, const char *name)
{
	size_t place;

	return find_key(parser, name, &place) ? parser->key_lines[place] : 0;
}

/* A longer poll_interval takes the default of poll_interval_max along, but not what was written. */
static int check_poll_intervals(struct parser *parser)
{
	struct config *config = parser->config;
	unsigned line = key_line(parser, "poll_interval_max");
	unsigned other_line = key_line(parser, "poll_interval");
	struct err_detail why;

	if (config->poll_interval_s <= config->poll_interval_max_s)
		return 0;
	if (!line) {
		config->poll_interval_max_s = config->poll_interval_s;
		return 0;
	}
	(void)err_set(&why, ERR_INVALID,
		      _("poll_interval_max: expected no less than poll_interval, which is %llds"),
		      (long long)config->poll_interval_s);
	if (other_line)
		(void)err_set(&why, ERR_INVALID, _("%s in line %u"), why.text, other_line);
	else
		(void)err_set(&why, ERR_INVALID, _("%s by default"), why.text);
	return fail_at(parser, line, ERR_INVALID, &why);
}

/* Checks keys that depend on each other. */
static int end_section(struct parser *parser)
{
	if (parser->section == CONFIG_SECTION_DAEMON)
		return check_poll_intervals(parser);
	return 0;
}

static void trim_end(char *text)
{
	size_t size = strlen(text);

	while (size > 0 && text[size - 1] == ' ')
		text[--size] = '\0';
}

/* Reads "[word]" or "[word name]", a comment behind it allowed. */
static int read_section(struct parser *parser)
{
	char copy[CONFIG_LINE_BYTES + 1];
	char *close;
	char *word;
	char *name;
	size_t size;
	int r;

	memcpy(copy, parser->line, sizeof(copy));
	close = strchr(copy, ']');
	if (!close)
		return fail(parser, ERR_SYNTAX, parser->line, _("expected a closing ]"));
	*close = '\0';
	close += 1 + strspn(close + 1, " ");
	if (*close && !strchr(";#", *close))
		return fail(parser, ERR_SYNTAX, parser->line, _("expected nothing after the ]"));

	word = copy + 1 + strspn(copy + 1, " ");
	size = strcspn(word, " ");
	name = word + size + strspn(word + size, " ");
	word[size] = '\0';
	trim_end(name);

	r = end_section(parser);
	if (r < 0)
		return r;
	memset(parser->key_lines, 0, sizeof(parser->key_lines));
	if (strcmp(word, "daemon") == 0 && !*name)
		return begin_daemon(parser);
	if (strcmp(word, "account") == 0)
		return begin_account(parser, name);
	return unknown_section(parser, word);
}

/*
 * Lines
 */

/* Moves the next line to parser->line. A line end is LF or CR LF. */
static int take_line(struct parser *parser)
{
	const char *start = parser->next;
	const char *newline = memchr(start, '\n', (size_t)(parser->end - start));
	const char *end = newline ? newline : parser->end;
	size_t size;

	parser->next = newline ? newline + 1 : parser->end;
	parser->line_number++;
	if (newline && end > start && end[-1] == '\r')
		end--;
	size = (size_t)(end - start);
	memcpy(parser->line, start, size < CONFIG_LINE_BYTES ? size : CONFIG_LINE_BYTES);
	parser->line[size < CONFIG_LINE_BYTES ? size : CONFIG_LINE_BYTES] = '\0';
	for (char *c = parser->line; *c; c++) {
		if (*c == '\t')
			*c = ' ';
	}
	if (memchr(start, '\0', size))
		return fail(parser, ERR_SYNTAX, parser->line,
			    _("expected text, without NUL bytes"));
	if (size > CONFIG_LINE_BYTES)
		return fail(parser, ERR_LIMIT, parser->line,
			    _("expected a line of at most %d bytes"), CONFIG_LINE_BYTES);
	if (!text_is_plain(parser->line))
		return fail(parser, ERR_SYNTAX, parser->line,
			    _("expected UTF-8 text without control characters"));
	return 0;
}

static int unknown_key(struct parser *parser, const char *name)
{
	_cleanup_(buf_done) struct buf list = {0};
	const char *names[CONFIG_KEYS_MAX];
	char hint[CONFIG_HINT_BYTES];
	const struct config_key *keys;
	size_t count;

	keys = config_keys(parser->section, &count);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_append_text(&list, i + 1 < count ? ", " : _(" or "));
		buf_append_text(&list, keys[i].name);
		names[i] = keys[i].name;
	}
	if (buf_error(&list))
		return fail_no_memory(parser);
	config_suggest(hint, name, names, count);
	return fail(parser, ERR_INVALID, name, _("expected %s in %s%s"), buf_text(&list),
		    parser->section == CONFIG_SECTION_DAEMON ? "[daemon]" : "[account NAME]", hint);
}

static int set_key(struct parser *parser, const char *name, const char *value)
{
	const struct config_key *key;
	struct err_detail why = {0};
	struct err_detail named;
	size_t place;
	int r;

	if (parser->section == CONFIG_SECTION_NONE)
		return fail(parser, ERR_SYNTAX, name,
			    _("expected [daemon] or [account NAME] before the first key"));
	key = find_key(parser, name, &place);
	if (!key)
		return unknown_key(parser, name);
	if (parser->key_lines[place])
		return fail(parser, ERR_EXISTS, name,
			    _("expected once in a section; the first is in line %u"),
			    parser->key_lines[place]);
	parser->key_lines[place] = parser->line_number;
	r = config_key_set(key, parser->config, value, &why);
	if (r == 0)
		return 0;
	(void)err_set(&named, r, "%s: %s", name, why.text);
	return fail_at(parser, parser->line_number, r, &named);
}

/* Reads "key = value" or "key: value", with a comment behind it if a ; follows a blank. */
static int read_pair(struct parser *parser)
{
	char *name = parser->line;
	char *value = strpbrk(name, "=:");
	char *comment = strstr(name, " ;");

	if (!value || (comment && comment < value))
		return fail(parser, ERR_SYNTAX, parser->line, PAIR_EXPECTED);
	if (comment)
		*comment = '\0';
	*value++ = '\0';
	value += strspn(value, " ");
	trim_end(name);
	trim_end(value);
	return set_key(parser, name, value);
}

static int read_line(struct parser *parser)
{
	size_t indent = strspn(parser->line, " ");
	char first = parser->line[indent];

	if (first == '\0' || first == ';' || first == '#')
		return 0;
	if (indent > 0)
		return fail(parser, ERR_SYNTAX, parser->line,
			    _("expected no blank at the beginning of a line: a value cannot go on "
			      "in the next line"));
	return first == '[' ? read_section(parser) : read_pair(parser);
}

/* The repetition to report is the first in the file. */
static int refuse_repeated_accounts(const struct parser *parser)
{
	struct name_table *by_name = &parser->config->by_name;
	const struct config_account *repeated = NULL;
	const struct config_account *first = NULL;
	struct err_detail why;

	for (size_t i = 0; i < parser->config->account_count; i++)
		if (name_table_append(by_name, &parser->config->accounts[i]) < 0)
			return fail_no_memory(parser);
	name_table_sort_alike(by_name);
	for (size_t i = 1; i < by_name->count; i++) {
		const struct config_account *a = by_name->rows[i - 1];
		const struct config_account *b = by_name->rows[i];
		const struct config_account *later = a->line < b->line ? b : a;

		if (strcasecmp(a->name, b->name) == 0 &&
		    (!repeated || later->line < repeated->line)) {
			repeated = later;
			first = later == b ? a : b;
		}
	}
	(void)name_table_sort(by_name);
	if (!repeated)
		return 0;
	if (account_name_is_alike(repeated->name, first->name))
		(void)err_set(&why, ERR_EXISTS,
			      _("`[account %s]`: expected a name that differs from [account %s] in "
				"line %u not only in the case of letters"),
			      repeated->name, first->name, first->line);
	else
		(void)err_set(&why, ERR_EXISTS,
			      _("`[account %s]`: expected once; the first is in line %u"),
			      repeated->name, first->line);
	return fail_at(parser, repeated->line, ERR_EXISTS, &why);
}

static int complete_accounts(const struct parser *parser)
{
	for (size_t i = 0; i < parser->config->account_count; i++) {
		struct config_account *account = &parser->config->accounts[i];
		struct err_detail why = {0};
		int r = config_account_complete(account, &why);

		if (r < 0)
			return fail_at(parser, account->line, r, &why);
	}
	return 0;
}

static int parse_all(struct parser *parser)
{
	int r = 0;

	while (r == 0 && parser->next < parser->end) {
		r = take_line(parser);
		if (r == 0)
			r = read_line(parser);
	}
	if (r == 0)
		r = end_section(parser);
	if (r == 0)
		r = refuse_repeated_accounts(parser);
	return r == 0 ? complete_accounts(parser) : r;
}

int config_parse(const char *text, size_t size, const char *file, struct config **ret_config,
		 struct err_detail *detail)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct parser parser = {.file = file, .detail = detail};
	int r;

	if (size > CONFIG_MAX_BYTES)
		return err_set(detail, ERR_LIMIT, _("%s: expected at most %d MiB"), file,
			       CONFIG_MAX_BYTES / (1024 * 1024));
	r = config_new(&config);
	if (r < 0)
		return err_set(detail, r, _("no memory"));
	r = config_text_set(&config->file, file);
	if (r < 0)
		return err_set(detail, r, _("no memory"));
	/* A byte order mark, as some editors write it. */
	if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
		text += 3;
		size -= 3;
	}
	parser.next = text;
	parser.end = text + size;
	parser.config = config;
	r = parse_all(&parser);
	if (r < 0)
		return r;
	*ret_config = TAKE_PTR(config);
	return 0;
}
