/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "fuzz.h"
#include "token_format.h"

#define TOKEN "aB+/=9"
#define ENV                                                                   \
	"MISSKEY_STATE=verified\nMISSKEY_SERVER=https://[::1]:8443\n"         \
	"MISSKEY_HOST=[::1]:8443\nMISSKEY_ACCOUNT=me\nMISSKEY_USER_ID=9abc\n" \
	"MISSKEY_PERMISSION=read:account,write:notes\nMISSKEY_TOKEN=" TOKEN "\n"

static bool has_braces(const char *text)
{
	return strpbrk(text, "{}");
}

/* What was understood once is understood again, and a token stands in the output as it is only in
 * quotes. */
static void format(const char *text)
{
	_cleanup_(buf_done) struct buf output = {0};
	struct env_file file = {.bytes = ENV};
	const char *found;
	bool is_good = token_format_check(text, NULL) == 0;
	int r;

	if (env_file_parse(&file, strlen(ENV), "me"))
		abort();
	r = token_format(text, &file, &output, NULL);
	if (is_good ? r == ERR_SYNTAX : r == 0)
		abort();
	if (!has_braces(text) && (r != 0 || strcmp(buf_text(&output), text) != 0))
		abort();
	found = strstr(text, TOKEN) ? NULL : strstr(buf_text(&output), TOKEN);
	if (found && (found == buf_text(&output) || !strchr("\"'", found[-1])))
		abort();
}

/* A text whose braces are all doubled is that text. */
static void format_doubled(const char *text)
{
	_cleanup_(buf_done) struct buf doubled = {0};
	_cleanup_(buf_done) struct buf output = {0};
	const struct env_file file = {0};

	for (const char *c = text; *c; c++) {
		buf_append_char(&doubled, *c);
		if (*c == '{' || *c == '}')
			buf_append_char(&doubled, *c);
	}
	if (token_format(buf_text(&doubled), &file, &output, NULL) != 0 ||
	    strcmp(buf_text(&output), text) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	if (text) {
		format(text);
		format_doubled(text);
	}
	free(text);
	return 0;
}
