/* SPDX-License-Identifier: MIT */
#include "findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/json.h"
#include "common/text.h"
#include "common/translate.h"
#include "terminal/color.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"

/* An err_detail, or a sentence with two paths of PATH_MAX. */
#define TEXT_MAX_CHARS 10000
/* "warning" and "accounts" are the longest words of the first two columns. */
#define STATUS_COLUMNS 7
#define LINE_FORMAT "%*s  %-8s  %s\n"
#define REMEDY_FORMAT "                   → %s\n"

static const char *const status_texts[FINDING_STATUS_COUNT] = {
	[FINDING_OK] = "ok",	   [FINDING_NOTE] = "note",    [FINDING_WARNING] = "warning",
	[FINDING_ERROR] = "error", [FINDING_UNSAFE] = "error",
};

static const enum color status_colors[FINDING_STATUS_COUNT] = {
	[FINDING_OK] = COLOR_GOOD,	   [FINDING_NOTE] = COLOR_NONE,
	[FINDING_WARNING] = COLOR_CAUTION, [FINDING_ERROR] = COLOR_BAD,
	[FINDING_UNSAFE] = COLOR_BAD,
};

void findings_done(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->items[i].message);
		free(findings->items[i].remedy);
	}
	free(findings->items);
	*findings = (struct findings){0};
}

/* NULL without memory. */
static _printf_(1, 0) char *printable(const char *format, va_list arguments)
{
	_cleanup_(freep) char *text = NULL;
	_cleanup_(buf_done) struct buf shown = {0};

	if (vasprintf(&text, format, arguments) < 0) {
		text = NULL;
		return NULL;
	}
	text_append_printable(&shown, text, TEXT_MAX_CHARS);
	return buf_take(&shown);
}

void findings_begin(struct findings *findings, const char *check)
{
	findings->check = check;
	findings->of_check = 0;
}

/* Counts a finding. Whether there is room for it. */
static bool count(struct findings *findings, enum finding_status status)
{
	findings->of_check++;
	findings->counts[status]++;
	findings->is_left_out = findings->of_check > FINDINGS_OF_A_CHECK_MAX;
	return !findings->is_left_out;
}

void findings_add(struct findings *findings, enum finding_status status, const char *format, ...)
{
	struct finding finding = {.check = findings->check, .status = status};
	struct finding *items;
	va_list arguments;

	if (!count(findings, status))
		return;
	va_start(arguments, format);
	finding.message = printable(format, arguments);
	va_end(arguments);
	items = reallocarray(findings->items, findings->count + 1, sizeof(*items));
	if (items)
		findings->items = items;
	if (!items || !finding.message) {
		findings->error = ERR_NOMEM;
		findings->is_left_out = true;
		free(finding.message);
		return;
	}
	items[findings->count++] = finding;
}

void findings_remedy(struct findings *findings, const char *format, ...)
{
	struct finding *last;
	va_list arguments;

	if (findings->is_left_out || findings->count == 0)
		return;
	last = &findings->items[findings->count - 1];
	free(last->remedy);
	va_start(arguments, format);
	last->remedy = printable(format, arguments);
	va_end(arguments);
	if (!last->remedy)
		findings->error = ERR_NOMEM;
}

static size_t errors(const struct findings *findings)
{
	return findings->counts[FINDING_ERROR] + findings->counts[FINDING_UNSAFE];
}

size_t findings_bad(const struct findings *findings)
{
	return findings->counts[FINDING_WARNING] + errors(findings);
}

static void append_text(struct buf *text, const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		const char *status = status_texts[finding->status];

		color_append(text, status_colors[finding->status], status);
		buf_append_format(text, LINE_FORMAT, STATUS_COLUMNS - (int)strlen(status), "",
				  finding->check, finding->message);
		if (finding->remedy)
			buf_append_format(text, REMEDY_FORMAT, finding->remedy);
	}
}

static int add_finding(struct json *list, const struct finding *finding)
{
	_cleanup_(json_freep) struct json *object = json_new_object();

	if (json_add_string(object, "check", finding->check) < 0 ||
	    json_add_string(object, "status", status_texts[finding->status]) < 0 ||
	    json_add_string(object, "message", finding->message) < 0 ||
	    json_add_string(object, "remedy", finding->remedy) < 0)
		return ERR_NOMEM;
	return json_append(list, TAKE_PTR(object));
}

static int append_json(struct buf *text, const struct findings *findings)
{
	_cleanup_(json_freep) struct json *root = json_new_object();
	_cleanup_(json_freep) struct json *list = json_new_array();
	int r = 0;

	for (size_t i = 0; r == 0 && i < findings->count; i++)
		r = add_finding(list, &findings->items[i]);
	if (r == 0)
		r = json_add(root, "findings", TAKE_PTR(list));
	if (r == 0)
		r = json_print(root, true, text);
	buf_append_char(text, '\n');
	return r;
}

/* Two messages in one, because their plurals do not depend on each other. */
static void say_bad(size_t errors, size_t warnings)
{
	_cleanup_(buf_done) struct buf text = {0};

	buf_append_format(&text, translate_count("%zu error", "%zu errors", errors), errors);
	buf_append_text(&text, _(", "));
	buf_append_format(&text, translate_count("%zu warning", "%zu warnings", warnings),
			  warnings);
	terminal_message(_("%s."), buf_text(&text));
}

static void say_counts(const struct findings *findings)
{
	size_t shown = findings->count;
	size_t all = 0;

	for (size_t i = 0; i < FINDING_STATUS_COUNT; i++)
		all += findings->counts[i];
	if (all > shown)
		terminal_message(
			translate_count("%zu more finding is left out: %d of one kind are shown.",
					"%zu more findings are left out: %d of one kind are shown.",
					all - shown),
			all - shown, FINDINGS_OF_A_CHECK_MAX);
	if (findings_bad(findings) == 0)
		terminal_message(_("Nothing is wrong."));
	else
		say_bad(errors(findings), findings->counts[FINDING_WARNING]);
}

int findings_report(const struct findings *findings, bool json)
{
	_cleanup_(buf_done) struct buf text = {0};
	int r = findings->error;
	int status;

	if (r == 0 && json)
		r = append_json(&text, findings);
	else if (r == 0)
		append_text(&text, findings);
	if (r < 0) {
		terminal_message(_("misskey-authctl: %s."), _(err_text(r)));
		return EXIT_STATUS_FAILED;
	}
	status = terminal_value(&text);
	if (status != EXIT_STATUS_DONE)
		return status;
	say_counts(findings);
	if (findings->counts[FINDING_UNSAFE] > 0)
		return EXIT_STATUS_UNSAFE;
	return errors(findings) > 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
}
